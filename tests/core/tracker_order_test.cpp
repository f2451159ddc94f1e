#include "core/transfer/tracker_order.hpp"

#include <doctest/doctest.h>

using namespace p2p;
using namespace std::chrono_literals;

namespace {

constexpr time_point start{};

tracker_order begun(std::size_t trackers) {
    tracker_order order{trackers, 3s};
    order.begin(start);
    return order;
}

}  // namespace

TEST_CASE("the first tracker is tried alone at first") {
    CHECK(begun(3).in_use() == 1);
    CHECK(begun(0).in_use() == 0);
}

TEST_CASE("a tracker that does not answer in time has the next one tried too") {
    tracker_order order = begun(3);
    CHECK(order.next_deadline() == start + 3s);
    order.expire(start + 2999ms);
    CHECK(order.in_use() == 1);
    order.expire(start + 3s);
    CHECK(order.in_use() == 2);
    CHECK(order.next_deadline() == start + 6s);
    order.expire(start + 6s);
    CHECK(order.in_use() == 3);
    CHECK_FALSE(order.next_deadline());
}

TEST_CASE("a tracker that cannot be reached has the next one tried at once") {
    tracker_order order = begun(2);
    order.failed(0, start + 1s);
    CHECK(order.in_use() == 2);
    order.failed(1, start + 1s);
    order.failed(0, start + 1s);
    CHECK(order.in_use() == 2);
    CHECK_FALSE(order.next_deadline());
}

TEST_CASE("one that answers is the last that is used, whichever it is") {
    tracker_order order = begun(3);
    order.failed(0, start);
    order.failed(1, start);
    CHECK(order.in_use() == 3);
    order.answered(1);
    CHECK(order.in_use() == 2);
    CHECK_FALSE(order.next_deadline());
    order.answered(2);  // on its way when it was left
    CHECK(order.in_use() == 2);
    order.answered(0);
    CHECK(order.in_use() == 1);
}

TEST_CASE("a tracker that is lost has time to come back, however often it refuses meanwhile") {
    tracker_order order = begun(2);
    order.answered(0);
    order.lost(0, start + 10s);
    order.failed(0, start + 11s);
    CHECK(order.in_use() == 1);
    CHECK(order.next_deadline() == start + 13s);
    SUBCASE("and does") {
        order.answered(0);
        CHECK_FALSE(order.next_deadline());
        CHECK(order.in_use() == 1);
    }
    SUBCASE("and does not") {
        order.expire(start + 13s);
        CHECK(order.in_use() == 2);
        order.lost(0, start + 14s);
        CHECK(order.in_use() == 2);
    }
}
