#include "core/base/slot_set.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <vector>

using namespace p2p;

namespace {

slot_set set_of(std::initializer_list<slot_set::slot> slots) {
    slot_set set;
    for (const auto one : slots) set.insert(one);
    return set;
}

std::vector<slot_set::slot> list(const slot_set& set) {
    std::vector<slot_set::slot> slots;
    set.for_each([&slots](slot_set::slot one) { slots.push_back(one); });
    return slots;
}

}  // namespace

TEST_CASE("a slot is in the set from its insertion to its removal") {
    slot_set set;
    CHECK(set.insert(0));
    CHECK(set.insert(200));
    CHECK(!set.insert(200));
    CHECK(set.contains(200));
    CHECK(!set.contains(199));
    CHECK(!set.contains(100'000));
    CHECK(set.size() == 2);
    CHECK(set.erase(200));
    CHECK(!set.erase(200));
    CHECK(list(set) == std::vector<slot_set::slot>{0});
}

TEST_CASE("sets of slots of different lengths are joined and taken from each other") {
    slot_set set = set_of({1, 63});
    set |= set_of({2, 300});
    CHECK(list(set) == std::vector<slot_set::slot>{1, 2, 63, 300});
    CHECK(set.size() == 4);
    set -= set_of({2, 63, 5'000});
    CHECK(list(set) == std::vector<slot_set::slot>{1, 300});
    CHECK(set.size() == 2);
}

TEST_CASE("drawing takes different slots out, as many as are wanted or all there are") {
    std::mt19937_64 random{1};
    for (const slot_set::slot stride : {1U, 5U, 100U}) {  // crowded and scattered
        CAPTURE(stride);
        slot_set set;
        for (slot_set::slot i = 0; i < 40; ++i) set.insert(i * stride);
        const slot_set all = set;
        const auto drawn = set.draw(30, random);
        CHECK(std::set(drawn.begin(), drawn.end()).size() == 30);
        CHECK(std::ranges::all_of(drawn, [&](auto one) { return all.contains(one) && !set.contains(one); }));
        CHECK(set.size() == 10);
        CHECK(set.draw(30, random).size() == 10);
        CHECK(set.empty());
        CHECK(set.draw(30, random).empty());
    }
}

TEST_CASE("each slot is drawn about as often as any other") {
    std::mt19937_64 random{1};
    constexpr int draws = 4000;
    for (const slot_set::slot stride : {1U, 100U}) {
        CAPTURE(stride);
        std::map<slot_set::slot, int> times;
        for (int i = 0; i < draws; ++i) {
            slot_set set = set_of({0, stride, 2 * stride, 3 * stride});
            for (const auto one : set.draw(2, random)) ++times[one];
        }
        CHECK(times.size() == 4);
        for (const auto& [one, count] : times) CHECK(std::abs(count - draws / 2) < draws / 10);
    }
}
