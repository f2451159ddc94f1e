#include "core/base/rare_line.hpp"

#include <doctest/doctest.h>

using namespace p2p;
using namespace std::chrono_literals;

TEST_CASE("what happens again and again is told at first, and then once in a while, with its number") {
    constexpr time_point start{};
    rare_line line;
    CHECK(line.happened(start) == 0);
    CHECK_FALSE(line.happened(start + 1s));
    CHECK_FALSE(line.happened(start + 9s));
    CHECK(line.happened(start + 10s) == 2);
    CHECK_FALSE(line.happened(start + 11s));
    CHECK(line.happened(start + 1h) == 1);
    CHECK(line.happened(start + 2h) == 0);
}
