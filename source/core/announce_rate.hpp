// How fast one peer may announce and ask: a token bucket that takes eight bytes for each connection, for a
// tracker has thousands of them. Its unit is a chunk: what a line costs is the caller's to say.
#pragma once

#include "core/types.hpp"

#include <algorithm>
#include <cstdint>

namespace p2p {

/// One chunk takes a tracker about a microsecond: nobody can have more than a fiftieth of its processor for
/// long. After a pause everything that a peer may have (set_limits) can be announced at once, and once more.
struct announce_rate {
    std::uint64_t per_second = 20'000;
    std::uint64_t burst = 2'400'000;
};

class announce_meter {
public:
    /// false: more was announced than the rate allows.
    bool take(std::uint64_t chunks, const announce_rate& rate, time_point now) {
        const auto time_for = [&rate](std::uint64_t n) {
            return std::chrono::duration_cast<duration>(
                std::chrono::duration<double>(static_cast<double>(n) / static_cast<double>(rate.per_second)));
        };
        paid_up_to_ = std::max(paid_up_to_, now - time_for(rate.burst)) + time_for(chunks);
        return paid_up_to_ <= now;
    }

private:
    time_point paid_up_to_ = time_point::min();  // every chunk so far is paid for at this instant
};

}  // namespace p2p
