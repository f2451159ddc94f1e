// Which addresses of a host are tried, in which order and when: RFC 8305, "Happy Eyeballs". One that never
// answers delays the next one, it does not hide it. Has no socket and no clock.
//
// It keeps track of how many addresses were tried, how many of those attempts are under way, and which
// failure says most.
#pragma once

#include "core/base/types.hpp"

#include <cstddef>
#include <optional>
#include <system_error>
#include <vector>

namespace p2p {

class connect_race {
public:
    enum class family { ipv4, ipv6 };

    /// How long an attempt has no other beside it.
    static constexpr duration head_start = std::chrono::milliseconds{250};
    /// Whoever owns a name must not send others to any number of machines with it.
    static constexpr std::size_t most_addresses = 20;

    /// The addresses, the one first that the system prefers.
    explicit connect_race(const std::vector<family>& found);

    /// The address to try now, as a place in what was found; none: it is not time yet, or none is left.
    std::optional<std::size_t> start(time_point now);

    /// When the next address is to be tried; none: none is left.
    std::optional<time_point> next_deadline() const;

    /// An attempt has come to nothing: the next is not kept waiting.
    void failed(std::error_code why);

    /// None is under way and none is left.
    bool is_lost() const { return under_way_ == 0 && !any_left(); }

    /// Of the failures so far, the one that says most; of several like that, the last.
    const std::error_code& reason() const { return reason_; }

private:
    bool any_left() const { return tried_ < order_.size(); }

    std::vector<std::size_t> order_;
    std::size_t tried_ = 0;
    std::size_t under_way_ = 0;
    time_point try_next_ = time_point::min();
    std::error_code reason_;
};

}  // namespace p2p
