#include "core/chunks/pick.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>
#include <string>

using namespace p2p;

namespace {

chunk_set set_of(const std::string& ranges) {
    return chunk_set::parse(ranges, max_chunk_count).value();
}

std::uint64_t index_of(chunk_index chunk) {
    return chunk.value;
}

std::uint64_t nothing(chunk_index) {
    return 0;
}

}  // namespace

TEST_CASE("there is no choice among nothing") {
    std::mt19937_64 random{1};
    CHECK_FALSE(pick_least(chunk_set{}, nothing, random));
}

TEST_CASE("the only candidate is picked") {
    std::mt19937_64 random{1};
    CHECK(pick_least(set_of("7"), index_of, random) == chunk_index{7});
}

TEST_CASE("the candidate of the least cost is picked wherever it is") {
    std::mt19937_64 random{1};
    for (std::uint32_t cheap = 1; cheap <= 10; ++cheap) {
        const auto cost = [cheap](chunk_index chunk) -> std::uint64_t {
            return chunk.value == cheap ? 1 : 2;
        };
        CHECK(pick_least(set_of("1-10"), cost, random) == chunk_index{cheap});
    }
}

TEST_CASE("candidates of equal cost are picked equally often") {
    std::mt19937_64 random{1};
    const auto cost = [](chunk_index chunk) -> std::uint64_t { return chunk.value == 3 ? 5 : 1; };
    std::map<std::uint32_t, int> picked;
    for (int i = 0; i < 4000; ++i) ++picked[pick_least(set_of("1-5"), cost, random)->value];
    CHECK(picked.size() == 4);
    for (const auto& [chunk, times] : picked) {
        CAPTURE(chunk);
        CHECK(times > 850);
        CHECK(times < 1150);
    }
}

TEST_CASE("among very many candidates only a stretch is looked at") {
    std::mt19937_64 random{1};
    const chunk_set candidates = chunk_set::first(10 * most_candidates);
    unsigned looks = 0;
    const auto cost = [&looks](chunk_index) -> std::uint64_t { return ++looks; };
    CHECK(pick_least(candidates, cost, random));
    CHECK(looks == most_candidates);
}

TEST_CASE("the stretch begins anywhere and goes round the end") {
    std::mt19937_64 random{1};
    const std::uint32_t count = most_candidates + 10;
    std::set<std::uint32_t> picked;
    for (int i = 0; i < 300; ++i) {
        const auto chunk = pick_least(chunk_set::first(count), nothing, random);
        REQUIRE(chunk);
        REQUIRE(chunk->value >= 1);
        REQUIRE(chunk->value <= count);
        picked.insert(chunk->value * 4 / (count + 1));
    }
    CHECK(picked == std::set<std::uint32_t>{0, 1, 2, 3});
}

TEST_CASE("each candidate is looked at once where there are few") {
    std::mt19937_64 random{1};
    std::multiset<std::uint32_t> seen;
    const auto cost = [&seen](chunk_index chunk) -> std::uint64_t {
        seen.insert(chunk.value);
        return 0;
    };
    CHECK(pick_least(set_of("2-4,100"), cost, random));
    CHECK(seen == std::multiset<std::uint32_t>{2, 3, 4, 100});
}
