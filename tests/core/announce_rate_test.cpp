#include "core/announce_rate.hpp"

#include <doctest/doctest.h>

using namespace p2p;
using namespace std::chrono_literals;

namespace {

constexpr announce_rate rate{.per_second = 10, .burst = 100};
const time_point start = time_point{} + 24h;

}  // namespace

TEST_CASE("a burst may be announced at once, and then what the rate allows") {
    announce_meter one;
    CHECK(one.take(60, rate, start));
    CHECK(one.take(40, rate, start));
    CHECK_FALSE(one.take(1, rate, start));
    announce_meter other;
    CHECK(other.take(100, rate, start));
    CHECK(other.take(10, rate, start + 1s));
    CHECK(other.take(20, rate, start + 3s));
    CHECK_FALSE(other.take(1, rate, start + 3s));
}

TEST_CASE("a long pause earns a burst and no more") {
    announce_meter one;
    CHECK(one.take(100, rate, start));
    CHECK(one.take(100, rate, start + 1h));
    CHECK_FALSE(one.take(1, rate, start + 1h));
}

TEST_CASE("more than a burst is never right") {
    announce_meter one;
    CHECK_FALSE(one.take(101, rate, start));
}
