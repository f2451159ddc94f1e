#include "core/transfer/turns.hpp"

namespace p2p {

bool turns::take(peer_id who, time_point now) {
    for (const auto& [one, its] : turns_)
        if (its.since + longest_ < now) not_before_[one] = now + longest_;
    std::erase_if(turns_, [&](const auto& entry) {
        return entry.second.heard + patience_ < now || entry.second.since + longest_ < now;
    });
    std::erase_if(not_before_, [&](const auto& wait) { return wait.second < now; });
    if (not_before_.contains(who)) return false;
    const auto known = turns_.find(who);
    if (known == turns_.end() && turns_.size() >= most_) return false;
    turns_[who] = {now, known == turns_.end() ? now : known->second.since};
    return true;
}

}  // namespace p2p
