#include "core/base/backoff.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <set>

using namespace p2p;
using namespace std::chrono_literals;

TEST_CASE("each wait is between half of the doubled time and all of it, up to the cap") {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        CAPTURE(seed);
        backoff waits{100ms, 1s, seed};
        for (const duration longest : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms, 1000ms}) {
            const duration wait = waits.next();
            CHECK(wait >= longest / 2);
            CHECK(wait <= longest);
        }
    }
}

TEST_CASE("after a success the wait is short again") {
    backoff waits{100ms, 1h, 1};
    for (int i = 0; i < 10; ++i) waits.next();
    waits.reset();
    CHECK(waits.next() <= 100ms);
    CHECK(waits.next() >= 100ms);
}

TEST_CASE("different seeds wait differently, the same seed alike") {
    std::set<duration> first_waits;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        first_waits.insert(backoff{1s, 1min, seed}.next());
        CHECK(backoff{1s, 1min, seed}.next() == backoff{1s, 1min, seed}.next());
    }
    CHECK(first_waits.size() > 10);
}

TEST_CASE("trying for ever does not overflow") {
    constexpr duration longest{std::numeric_limits<duration::rep>::max()};
    backoff waits{1ns, longest, 1};
    backoff capped{1s, 1min, 1};
    for (int i = 0; i < 200; ++i) {
        CHECK(waits.next() >= 0ns);
        CHECK(capped.next() <= 1min);
    }
    CHECK(waits.next() >= longest / 4);
}

TEST_CASE("a first wait over the cap is cut to it") {
    CHECK(backoff{1h, 1s, 1}.next() <= 1s);
}
