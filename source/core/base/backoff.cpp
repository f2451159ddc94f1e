#include "core/base/backoff.hpp"

#include <algorithm>

namespace p2p {

namespace {

// Doubling this often reaches any cap, and a shift by it is still defined.
constexpr unsigned most_doublings = 62;

}  // namespace

backoff::backoff(duration first, duration cap, std::uint64_t seed)
    : first_{first}, cap_{cap}, random_{seed} {}

duration backoff::next() {
    // Compared on the side that cannot overflow.
    const bool under_cap = first_.count() <= (cap_.count() >> attempt_);
    const duration longest = under_cap ? first_ * (duration::rep{1} << attempt_) : cap_;
    attempt_ = std::min(attempt_ + 1, most_doublings);
    std::uniform_int_distribution<duration::rep> wait{longest.count() / 2, longest.count()};
    return duration{wait(random_)};
}

duration backoff::within(duration longest) {
    std::uniform_int_distribution<duration::rep> wait{0, longest.count()};
    return duration{wait(random_)};
}

}  // namespace p2p
