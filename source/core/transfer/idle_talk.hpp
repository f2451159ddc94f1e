// How much a connected peer may say that brings nothing: news that is none, requests for what is not there.
// Honest peers do some of it, when things cross; whoever does nothing else is a burden.
#pragma once

#include "core/base/token_bucket.hpp"

namespace p2p {

class idle_talk {
public:
    /// Lines that bring nothing, at once and then in each second.
    static constexpr unsigned at_once = 100;
    static constexpr unsigned each_second = 2;

    /// A chunk that is sent once more counts as so many lines.
    static constexpr unsigned lines_of_a_chunk = 10;

    /// So many more of them came. true: that is too much.
    bool is_too_much(unsigned lines, time_point now) { return bucket_.take(lines, now) > now; }

private:
    token_bucket bucket_{each_second, at_once};
};

}  // namespace p2p
