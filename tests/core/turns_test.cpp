#include "core/transfer/turns.hpp"

#include <doctest/doctest.h>

using namespace p2p;
using namespace std::chrono_literals;

namespace {

constexpr peer_id alice{1};
constexpr peer_id bob{2};
constexpr peer_id carol{3};
const time_point start{};

}  // namespace

TEST_CASE("as many have a turn as there are") {
    turns two(2, 1s, 10s);
    CHECK(two.take(alice, start));
    CHECK(two.take(bob, start));
    CHECK_FALSE(two.take(carol, start));
}

TEST_CASE("who has a turn keeps it") {
    turns one(1, 1s, 10s);
    REQUIRE(one.take(alice, start));
    CHECK(one.take(alice, start));
}

TEST_CASE("a turn that ends is free") {
    turns one(1, 1s, 10s);
    REQUIRE(one.take(alice, start));
    one.end(alice);
    CHECK(one.take(bob, start));
}

TEST_CASE("who had no turn ends none") {
    turns one(1, 1s, 10s);
    REQUIRE(one.take(alice, start));
    one.end(bob);
    CHECK_FALSE(one.take(bob, start));
}

TEST_CASE("a turn is free when nothing was heard of it for longer than the patience") {
    turns one(1, 1s, 10s);
    REQUIRE(one.take(alice, start));
    CHECK_FALSE(one.take(bob, start + 1s));
    CHECK(one.take(bob, start + 1001ms));
    CHECK_FALSE(one.take(alice, start + 1001ms));
}

TEST_CASE("who is heard of keeps its turn") {
    turns one(1, 1s, 10s);
    REQUIRE(one.take(alice, start));
    REQUIRE(one.take(alice, start + 1s));
    CHECK_FALSE(one.take(bob, start + 2s));
}
TEST_CASE("a turn that does not come to an end is taken from whoever has it, and for a while") {
    turns one(1, 1s, 2s);
    for (const auto at : {0s, 1s, 2s}) REQUIRE(one.take(alice, start + at));
    CHECK_FALSE(one.take(alice, start + 3s));
    CHECK(one.take(bob, start + 3s));
    one.end(bob);
    CHECK_FALSE(one.take(alice, start + 4s));
    CHECK(one.take(alice, start + 6s));
}
