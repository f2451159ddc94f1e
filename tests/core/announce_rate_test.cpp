#include "core/tracking/announce_rate.hpp"

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

TEST_CASE("who comes again owes what it owed") {
    announce_debts debts;
    announce_meter first = debts.take("here");
    REQUIRE(first.take(100, rate, start));
    debts.leave("here", first, rate, start);
    announce_meter again = debts.take("here");
    CHECK_FALSE(again.take(1, rate, start));
    announce_meter elsewhere = debts.take("elsewhere");
    CHECK(elsewhere.take(100, rate, start));
}

TEST_CASE("what is paid is remembered of nobody") {
    announce_debts debts;
    announce_meter one = debts.take("here");
    REQUIRE(one.take(50, rate, start));
    debts.leave("here", one, rate, start);
    REQUIRE(debts.size() == 1);
    debts.leave("elsewhere", announce_meter{}, rate, start + 11s);
    CHECK(debts.size() == 0);
}

TEST_CASE("of several who left the same place the one that owes most counts") {
    announce_debts debts;
    announce_meter little;
    announce_meter much;
    REQUIRE(little.take(10, rate, start));
    REQUIRE(much.take(90, rate, start));
    debts.leave("here", much, rate, start);
    debts.leave("here", little, rate, start);
    announce_meter next = debts.take("here");
    CHECK(next.take(10, rate, start));
    CHECK_FALSE(next.take(1, rate, start));
}
