// Work that takes long enough to be looked at: how far it is, how fast it goes, and what one line says of it.
// Has no clock: the time of each look is the caller's to know.
#pragma once

#include "core/base/types.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace p2p {

struct activity {
    enum class kind { hashing, checking, verifying, waiting, fetching, serving, paused };
    /// Of a chunk folder nobody knows how large a chunk is that nobody has yet.
    enum class unit { bytes, chunks };

    kind what{};
    std::string name{};  ///< of the file-set
    unit counted_in = unit::bytes;
    std::uint64_t done = 0;
    std::uint64_t total = 0;
    byte_count received = 0;  ///< content from other peers, and to them: of fetching and serving only
    byte_count sent = 0;
    std::size_t peers = 0;  ///< that are connected

    /// `done` says something. While it waits for somebody who has the set, nothing is known of it.
    bool has_amount() const { return what != kind::serving && what != kind::waiting; }
    bool has_end() const { return has_amount() && what != kind::paused; }
    bool is_between_peers() const { return what == kind::fetching || what == kind::serving; }
};

/// One that stands for all: what has an end goes before what has none, then what began first; others of its
/// kind are counted in. None where nothing goes on.
std::optional<activity> combined(const std::vector<activity>& all);

/// "5.70 GiB sent (2.00 copies)"; of a chunk folder without the copies.
std::string show_sent(const activity& what);

/// "hashing", and so on: for programs.
std::string_view phase_of(activity::kind what);

/// How fast something grows, over the last few seconds.
class rate_meter {
public:
    void add(std::uint64_t so_far, time_point now);
    /// Nothing before two looks.
    std::optional<double> per_second() const;

private:
    struct look {
        time_point at;
        std::uint64_t so_far = 0;
    };
    std::deque<look> looks_;
};

/// An activity with what several looks at it have shown.
class watched_activity {
public:
    /// Another look at the same.
    void look(activity now, time_point at);

    const activity& last() const { return last_; }
    std::optional<double> rate() const;  ///< bytes in a second: done, received or, where it serves, sent
    std::optional<duration> time_left() const;  ///< at the rate of the last seconds

    /// "fetching set: 1.20 GiB of 2.85 GiB (42%), 34.1 MiB/s, 49 s left, 5 peers"
    std::string line() const;
    /// The same with a bar, in at most so many columns of a terminal: what matters least goes first.
    std::string line(std::size_t columns) const;

private:
    activity last_;
    rate_meter done_;
    rate_meter moved_;  // over the network
};

}  // namespace p2p
