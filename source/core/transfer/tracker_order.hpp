// Which of its trackers a peer uses for a file-set: the first that answers, in the order in which they were
// named. Those before it are tried again and again meanwhile, so that all peers come back to the first.
// Has no socket and no clock.
//
// It keeps track of how many trackers, from the first on, are in use: the last of them is asked, and told,
// those before it do not answer at present.
#pragma once

#include "core/base/types.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace p2p {

class tracker_order {
public:
    /// How long one that does not answer is waited for before the next one is tried as well.
    tracker_order(std::size_t trackers, duration patience) : welcome_(trackers), patience_(patience) {}

    /// These trackers are to be connected to, from the first on, and no others.
    std::size_t in_use() const { return in_use_; }

    void begin(time_point now);
    /// A tracker answers: those after it are not needed.
    void answered(std::size_t which);
    /// It cannot be reached. Where it never could, there is nothing to wait for.
    void failed(std::size_t which, time_point now);
    /// It answered, and is gone. It may just be started again, so it has as long as at first.
    void lost(std::size_t which, time_point now);

    /// When the next tracker is to be tried; none: not unless something happens.
    std::optional<time_point> next_deadline() const { return try_next_; }
    void expire(time_point now);

private:
    bool is_last(std::size_t which) const { return which + 1 == in_use_; }
    void wait_from(time_point now);

    std::vector<bool> welcome_;  // at least once
    duration patience_;
    std::size_t in_use_ = 0;
    std::optional<time_point> try_next_;
};

}  // namespace p2p
