#include "core/token_bucket.hpp"

#include <algorithm>
#include <stdexcept>

namespace p2p {

namespace {

// Nobody waits longer, and sums of time points stay far from overflow, however much is taken.
constexpr duration longest_debt = std::chrono::hours{24 * 365};

duration time_for(byte_count bytes, byte_count rate) {
    const std::chrono::duration<double> time{static_cast<double>(bytes) / static_cast<double>(rate)};
    return time < longest_debt ? std::chrono::round<duration>(time) : longest_debt;
}

}  // namespace

token_bucket::token_bucket(byte_count rate, byte_count burst) : rate_{rate} {
    if (rate == 0) throw std::invalid_argument{"a rate limit of 0"};
    burst_ = time_for(burst, rate);
}

time_point token_bucket::take(byte_count bytes, time_point now) {
    // A pause earns a burst and no more.
    const time_point since = std::max(paid_up_to_, now - burst_);
    paid_up_to_ = std::min(since + time_for(bytes, rate_), now + longest_debt);
    return std::max(now, paid_up_to_);
}

}  // namespace p2p
