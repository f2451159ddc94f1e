// How long to wait before trying again: doubling, with jitter, up to a cap.
#pragma once

#include "core/base/types.hpp"

#include <cstdint>
#include <random>

namespace p2p {

class backoff {
public:
    backoff(duration first, duration cap, std::uint64_t seed);

    /// The next wait: uniform in [d/2, d], where d is first, 2 first, 4 first, ... up to the cap.
    duration next();

    /// Uniform in [0, longest]: so that those whom one event wakes do not all come at once.
    duration within(duration longest);

    /// It worked: the next wait is short again.
    void reset() { attempt_ = 0; }

private:
    duration first_;
    duration cap_;
    std::mt19937_64 random_;
    unsigned attempt_ = 0;
};

}  // namespace p2p
