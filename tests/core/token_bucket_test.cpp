#include "core/base/token_bucket.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <stdexcept>

using namespace p2p;
using namespace std::chrono_literals;

namespace {

constexpr time_point start{};

}  // namespace

TEST_CASE("a burst goes at once") {
    token_bucket bucket{1000, 500};
    CHECK(bucket.take(200, start) == start);
    CHECK(bucket.take(300, start) == start);
    CHECK(bucket.take(1, start) == start + 1ms);
}

TEST_CASE("without a burst every byte is waited for") {
    token_bucket bucket{1000, 0};
    CHECK(bucket.take(100, start) == start + 100ms);
    CHECK(bucket.take(100, start) == start + 200ms);
}

TEST_CASE("who takes more than the burst waits for the rest of it") {
    token_bucket bucket{1000, 500};
    CHECK(bucket.take(10'500, start) == start + 10s);
}

TEST_CASE("takers queue up behind each other") {
    token_bucket bucket{1000, 1000};
    CHECK(bucket.take(3000, start) == start + 2s);
    CHECK(bucket.take(1000, start + 1s) == start + 3s);
    CHECK(bucket.take(0, start + 1s) == start + 3s);
}

TEST_CASE("a pause earns a burst, and a longer pause no more than that") {
    token_bucket bucket{1000, 500};
    bucket.take(500, start);
    CHECK(bucket.take(200, start + 200ms) == start + 200ms);
    CHECK(bucket.take(600, start + 1h) == start + 1h + 100ms);
}

TEST_CASE("over a long time the rate is kept to the byte") {
    token_bucket bucket{1'000'000, 0};
    time_point now = start;
    for (int i = 0; i < 1000; ++i) now = bucket.take(16'384, now);
    CHECK(now == start + 16'384ms);
}

TEST_CASE("time that goes backwards does not let anyone go before now") {
    token_bucket bucket{1000, 1000};
    bucket.take(500, start + 10s);
    CHECK(bucket.take(100, start) >= start);
}

TEST_CASE("who waits goes on by the new rate, when there is one") {
    token_bucket bucket{10, 0};
    CHECK(bucket.take(1000, start) == start + 100s);
    const byte_count first = bucket.last_place();
    bucket.take(1000, start);
    const byte_count second = bucket.last_place();
    CHECK(bucket.ready(first, start + 50s) == start + 100s);
    CHECK(bucket.ready(second, start + 50s) == start + 200s);

    bucket.set_rate(1000, 0, start + 50s);  // 500 and 1500 bytes are not paid for yet
    CHECK(bucket.ready(first, start + 50s) == start + 50s + 500ms);
    CHECK(bucket.ready(second, start + 50s) == start + 50s + 1500ms);
    CHECK(bucket.take(1000, start + 50s) == start + 50s + 2500ms);

    bucket.set_rate(10, 0, start + 50s);
    CHECK(bucket.ready(second, start + 50s) == start + 200s);
}

TEST_CASE("whose bytes are paid for waits no more, whoever has taken since") {
    token_bucket bucket{1000, 500};
    bucket.take(1000, start);
    const byte_count place = bucket.last_place();
    bucket.take(1000, start + 1h);
    CHECK(bucket.ready(place, start + 1h) == start + 1h);
    bucket.set_rate(1, 1, start + 1h);
    CHECK(bucket.ready(place, start + 1h) == start + 1h);
}

TEST_CASE("a rate that was idle gives no debt to the next one") {
    token_bucket bucket{1000, 500};
    bucket.set_rate(10, 5, start);
    CHECK(bucket.take(0, start) == start);
    CHECK(bucket.take(10, start) <= start + 1s);
}

TEST_CASE("no amount overflows") {
    constexpr auto huge = std::numeric_limits<byte_count>::max();
    token_bucket slow{1, huge};
    token_bucket fast{huge, 1};
    for (int i = 0; i < 1000; ++i) {
        CHECK(slow.take(huge, start) <= start + 24h * 366);
        CHECK(fast.take(1 << 20, start) == start);
    }
    slow.set_rate(huge, 1, start);
    slow.set_rate(1, huge, start);
    CHECK(slow.take(huge, start) <= start + 24h * 366);
}

TEST_CASE("a rate of 0 is a bug that throws") {
    CHECK_THROWS_AS((token_bucket{0, 10}), std::invalid_argument);
}
