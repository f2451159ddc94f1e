// Who may have something at the same time, where only a few may: no queue, the others are to go elsewhere or
// come again. One who has a turn and does nothing with it stands in nobody's way, and one who does not come
// to an end makes room for the others.
#pragma once

#include "core/base/types.hpp"

#include <cstddef>
#include <unordered_map>

namespace p2p {

class turns {
public:
    /// A turn of which nothing was heard for `patience` no longer counts; nor does one that has lasted for
    /// `longest`, and whose peer then has none for as long again.
    turns(std::size_t most, duration patience, duration longest)
        : most_(most), patience_(patience), longest_(longest) {}

    /// true: it is (still, or again) this peer's turn, from now on.
    bool take(peer_id who, time_point now);

    void end(peer_id who) { turns_.erase(who); }

private:
    std::size_t most_;
    duration patience_;
    duration longest_;
    struct turn {
        time_point heard;
        time_point since;
    };
    std::unordered_map<peer_id, turn> turns_;
    std::unordered_map<peer_id, time_point> not_before_;
};

}  // namespace p2p
