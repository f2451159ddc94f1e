// How far the senders to one peer may be ahead of what it has read, all of them together: enough to keep its
// link full, and hardly more. What is further ahead waits in queues on the way, in which every request and
// every piece of news then waits as well. Senders cannot know it, as each sees only what it sends itself; the
// receiver sees all of them (as in rLEDBAT, a receiver's congestion control for TCP).
#pragma once

#include "core/base/types.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace p2p {

class receive_window {
public:
    /// What is kept about one sender, by whoever reads from it.
    struct sender {
        std::uint64_t heard_in = 0;
    };

    /// So many bytes came from a sender.
    void came(sender& from, byte_count bytes, time_point now);

    /// The way to a sender and back.
    struct path {
        duration round_trip{};    ///< at best; 0 where it is not known
        std::size_t segment = 0;  ///< largest, of TCP, in bytes
    };
    /// What one sender may be ahead, in bytes. Nothing: as much as TCP finds right, as where senders are few,
    /// or the link is fast.
    std::optional<std::size_t> of_one(const path& way) const;

private:
    void begin_interval(time_point now);

    std::array<double, 8> rates_{};  // bytes per second, of the last intervals in any order
    std::uint64_t interval_ = 0;
    time_point began_{};
    byte_count bytes_ = 0;  // in this interval, as are the senders
    unsigned senders_ = 0;
    unsigned senders_before_ = 0;  // in the last one
};

}  // namespace p2p
