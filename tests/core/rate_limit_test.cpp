#include "core/base/rate_limit.hpp"

#include <doctest/doctest.h>

using namespace p2p;

TEST_CASE("a limit is a rate, or off") {
    CHECK(parse_rate_limit("20Mbit") == 2'500'000U);
    CHECK(parse_rate_limit("off") == 0U);
    CHECK(parse_rate_limit("0").error().ends_with(", or off"));
    CHECK_FALSE(parse_rate_limit("of"));
}

TEST_CASE("a limit under a kilobyte a second is remarked on") {
    CHECK(remark_on_limit(10) == "that is 10 bytes a second");
    CHECK(remark_on_limit(1) == "that is 1 byte a second");
    CHECK(remark_on_limit(1000).empty());
    CHECK(remark_on_limit(0).empty());
}
