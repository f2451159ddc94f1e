#include "core/chunks/chunk_selection.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

using namespace p2p;

namespace {

chunk_set set_of(const std::string& ranges) {
    return chunk_set::parse(ranges, max_chunk_count).value();
}

chunk_set random_set(std::mt19937& random) {
    chunk_set set;
    const std::uint32_t highest = 1 + random() % 400;
    for (auto left = random() % 200; left > 0; --left) {
        const std::uint32_t index = 1 + random() % highest;
        set.insert({index});
    }
    return set;
}

std::vector<chunk_index> members(const chunk_set& set) {
    std::vector<chunk_index> chunks;
    for (const chunk_index chunk : set) chunks.push_back(chunk);
    return chunks;
}

std::vector<chunk_index> all_from(std::uint32_t first, const chunk_selection& selection) {
    std::vector<chunk_index> seen;
    selection.visit_from({first}, [&](chunk_index chunk) {
        seen.push_back(chunk);
        return true;
    });
    return seen;
}

}  // namespace

TEST_CASE("a selection has what is in all of some sets and in none of others") {
    std::mt19937 random{1};
    for (int round = 0; round < 300; ++round) {
        CAPTURE(round);
        const chunk_set a = random_set(random);
        const chunk_set b = random_set(random);
        const chunk_set c = random_set(random);
        const chunk_set d = random_set(random);
        const chunk_set expected = (a & b) - c - d;
        const chunk_selection tested({&a, &b}, {&c, &d});
        CHECK(all_from(1, tested) == members(expected));
    }
}

TEST_CASE("a selection is walked from any place to the end, and then from the beginning up to there") {
    const chunk_set set = set_of("1-3,63-65,200");
    const std::vector<chunk_index> expected{{64}, {65}, {200}, {1}, {2}, {3}, {63}};
    CHECK(all_from(64, set) == expected);
    CHECK(all_from(0, set) == all_from(1, set));
    CHECK(all_from(1000, set) == all_from(1, set));
}

TEST_CASE("each chunk of a selection is visited once, wherever the walk begins") {
    std::mt19937 random{2};
    for (int round = 0; round < 300; ++round) {
        CAPTURE(round);
        const chunk_set set = random_set(random);
        std::vector<chunk_index> seen = all_from(random() % 500, set);
        std::ranges::sort(seen);
        CHECK(seen == members(set));
    }
}

TEST_CASE("a walk ends when its visitor has seen enough") {
    const chunk_set set = set_of("1-100");
    int seen = 0;
    chunk_selection{set}.visit_from({50}, [&](chunk_index) { return ++seen < 3; });
    CHECK(seen == 3);
}

TEST_CASE("a selection is narrowed by one more set") {
    const chunk_set set = set_of("1-5");
    const chunk_set sent = set_of("2-4,100");
    CHECK(all_from(1, chunk_selection{set}.without(sent)) == std::vector<chunk_index>{{1}, {5}});
}

TEST_CASE("a selection knows whether it has more than so many without counting all") {
    const chunk_set set = set_of("1-3,500");
    CHECK(chunk_selection{set}.has_more_than(0));
    CHECK(chunk_selection{set}.has_more_than(3));
    CHECK_FALSE(chunk_selection{set}.has_more_than(4));
    CHECK_FALSE(chunk_selection{chunk_set{}}.has_more_than(0));
}
