#include "core/base/token_bucket.hpp"

#include <algorithm>
#include <stdexcept>

namespace p2p {

namespace {

// Nobody waits longer, and sums of time points stay far from overflow, however much is taken.
constexpr duration longest_debt = std::chrono::hours{24 * 365};

duration at_most_longest(std::chrono::duration<double> time) {
    return time < longest_debt ? std::chrono::round<duration>(time) : longest_debt;
}

duration time_for(byte_count bytes, byte_count rate) {
    return at_most_longest(
        std::chrono::duration<double>{static_cast<double>(bytes) / static_cast<double>(rate)});
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
    taken_ += bytes;
    return ready(taken_, now);
}

time_point token_bucket::ready(byte_count place, time_point now) const {
    if (paid_up_to_ <= now) return now;
    return std::max(now, paid_up_to_ - time_for(taken_ - place, rate_));
}

void token_bucket::set_rate(byte_count rate, byte_count burst, time_point now) {
    const std::chrono::duration<double> owed = paid_up_to_ > now ? paid_up_to_ - now : duration{};
    const double slower = static_cast<double>(rate_) / static_cast<double>(rate);
    token_bucket changed{rate, burst};
    changed.taken_ = taken_;
    changed.paid_up_to_ = now + at_most_longest(owed * slower);
    *this = changed;
}

}  // namespace p2p
