#include "core/turns.hpp"

namespace p2p {

bool turns::take(peer_id who, time_point now) {
    std::erase_if(heard_, [&](const auto& turn) { return turn.second + patience_ < now; });
    if (heard_.size() >= most_ && !heard_.contains(who)) return false;
    heard_[who] = now;
    return true;
}

}  // namespace p2p
