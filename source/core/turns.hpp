// Who may have something at the same time, where only a few may: no queue, the others are to go elsewhere or
// come again. One who has a turn and does nothing with it stands in nobody's way.
#pragma once

#include "core/types.hpp"

#include <cstddef>
#include <unordered_map>

namespace p2p {

class turns {
public:
    /// A turn of which nothing was heard for `patience` no longer counts.
    turns(std::size_t most, duration patience) : most_(most), patience_(patience) {}

    /// true: it is (still, or again) this peer's turn, from now on.
    bool take(peer_id who, time_point now);

    void end(peer_id who) { heard_.erase(who); }

private:
    std::size_t most_;
    duration patience_;
    std::unordered_map<peer_id, time_point> heard_;
};

}  // namespace p2p
