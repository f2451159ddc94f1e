#include "core/hosts/receive_window.hpp"

#include <algorithm>
#include <utility>

namespace p2p {

namespace {

constexpr duration interval = std::chrono::milliseconds{125};

// What may wait in queues on the way. As windows hold twice what fits on the way, and the rate is the best of
// the last second, they grow until the round trip takes twice as long as it would with so much in the queues.
constexpr duration queued = std::chrono::milliseconds{15};

// For all senders; below this, what one of them may send in a round trip would not be worth its headers.
constexpr double least_window = 128 * 1024;

// With less, TCP would wait for an acknowledgement with every segment, or for a timer. (Over loopback, where
// a segment is as large as what is not worth keeping, nobody is kept back.)
constexpr std::size_t least_segments = 4;

// Two senders are never kept back.
constexpr double not_worth_keeping = 64 * 1024;

}  // namespace

void receive_window::came(sender& from, byte_count bytes, time_point now) {
    if (now >= began_ + interval) begin_interval(now);
    bytes_ += bytes;
    if (std::exchange(from.heard_in, interval_) != interval_) ++senders_;
}

void receive_window::begin_interval(time_point now) {
    const double took = std::chrono::duration<double>(now - began_).count();
    if (now >= began_ + rates_.size() * interval) rates_.fill(0);
    rates_.at(interval_ % rates_.size()) = static_cast<double>(bytes_) / took;
    senders_before_ = std::exchange(senders_, 0);
    bytes_ = 0;
    began_ = now;
    ++interval_;
}

std::optional<std::size_t> receive_window::of_one(const path& way) const {
    const unsigned senders = std::max(senders_, senders_before_);
    const double rate = *std::ranges::max_element(rates_);
    const double on_the_way = rate * std::chrono::duration<double>(way.round_trip + queued).count();
    const double share = std::max(2 * on_the_way, least_window) / std::max(senders, 1U);
    const double each = std::max(share, static_cast<double>(least_segments * way.segment));
    if (each >= not_worth_keeping) return std::nullopt;
    return static_cast<std::size_t>(each);
}

}  // namespace p2p
