#include "core/chunks/chunk_set.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

using namespace p2p;

namespace {

chunk_set set_of(const std::string& ranges) {
    return chunk_set::parse(ranges, max_chunk_count).value();
}

std::string error_of(const std::string& ranges, std::uint32_t max_index = 100) {
    const auto parsed = chunk_set::parse(ranges, max_index);
    return parsed ? "" : parsed.error();
}

std::vector<std::uint32_t> members(const chunk_set& set) {
    std::vector<std::uint32_t> indices;
    for (const chunk_index chunk : set) indices.push_back(chunk.value);
    return indices;
}

std::vector<std::uint32_t> members(const std::set<std::uint32_t>& set) {
    return {set.begin(), set.end()};
}

/// A chunk set and what it should be, changed side by side.
struct pair_of_sets {
    chunk_set tested;
    std::set<std::uint32_t> model;

    void insert(std::uint32_t index) { CHECK(tested.insert({index}) == model.insert(index).second); }
    void erase(std::uint32_t index) { CHECK(tested.erase({index}) == (model.erase(index) == 1)); }
    void insert_range(std::uint32_t from, std::uint32_t to) {
        tested.insert_range({from}, {to});
        for (std::uint32_t i = from; i <= to; ++i) model.insert(i);
    }
    void check() const {
        REQUIRE(members(tested) == members(model));
        REQUIRE(tested.size() == model.size());
        REQUIRE(tested.empty() == model.empty());
        REQUIRE(set_of(tested.to_ranges()) == tested);
    }
};

/// Few and many members, at word borders and between them.
pair_of_sets random_pair(std::mt19937& random) {
    pair_of_sets made;
    const std::uint32_t highest = 1 + random() % 400;
    for (auto steps = random() % 40; steps > 0; --steps) {
        const std::uint32_t from = 1 + random() % highest;
        switch (random() % 3) {
            case 0: made.insert(from); break;
            case 1: made.erase(from); break;
            default: made.insert_range(from, from + random() % 90);
        }
    }
    return made;
}

template <class Combine>
std::set<std::uint32_t> combined(const pair_of_sets& a, const pair_of_sets& b, Combine combine) {
    std::set<std::uint32_t> result;
    combine(a.model.begin(), a.model.end(), b.model.begin(), b.model.end(),
            std::inserter(result, result.end()));
    return result;
}

}  // namespace

TEST_CASE("a chunk set does what a set of numbers does, whatever the order of events") {
    std::mt19937 random{1};
    for (int round = 0; round < 500; ++round) {
        CAPTURE(round);
        random_pair(random).check();
    }
}

TEST_CASE("chunk sets combine as sets of numbers do") {
    std::mt19937 random{2};
    const auto both = [](auto... i) { std::set_intersection(i...); };
    const auto either = [](auto... i) { std::set_union(i...); };
    const auto only_first = [](auto... i) { std::set_difference(i...); };
    for (int round = 0; round < 500; ++round) {
        CAPTURE(round);
        const auto a = random_pair(random);
        const auto b = random_pair(random);
        pair_of_sets{a.tested & b.tested, combined(a, b, both)}.check();
        pair_of_sets{a.tested | b.tested, combined(a, b, either)}.check();
        pair_of_sets{a.tested - b.tested, combined(a, b, only_first)}.check();
        CHECK((a.tested == b.tested) == (a.model == b.model));
        CHECK(a.tested.is_subset_of(b.tested) ==
              std::includes(b.model.begin(), b.model.end(), a.model.begin(), a.model.end()));
        CHECK((a.tested & b.tested).is_subset_of(b.tested));
    }
}

TEST_CASE("next and take agree with a walk through the members") {
    std::mt19937 random{3};
    for (int round = 0; round < 200; ++round) {
        CAPTURE(round);
        const auto set = random_pair(random);
        const std::uint32_t from = random() % 600;
        const auto expected = set.model.lower_bound(from);
        const auto found = set.tested.next({from});
        REQUIRE(found.has_value() == (expected != set.model.end()));
        if (found) CHECK(found->value == *expected);

        const auto all = members(set.model);
        const std::size_t count = random() % 200;
        const std::vector<std::uint32_t> first(all.begin(), all.begin() + std::min(count, all.size()));
        CHECK(members(set.tested.take(static_cast<std::uint32_t>(count))) == first);
        CHECK(set.tested.take(static_cast<std::uint32_t>(count)) ==
              set_of(set.tested.take(static_cast<std::uint32_t>(count)).to_ranges()));
    }
}

TEST_CASE("sets with the same members are equal, however they came about") {
    chunk_set shrunk = set_of("1-3,500");
    shrunk.erase({500});
    CHECK(shrunk == set_of("1-3"));
    CHECK((set_of("1-3,500") & set_of("1-3,499")) == set_of("1-3"));
    CHECK((set_of("1-3,500") - set_of("200-600")) == set_of("1-3"));
    CHECK(set_of("1-500").take(3) == set_of("1-3"));
    shrunk.clear();
    CHECK(shrunk == chunk_set{});
}

TEST_CASE("a set may be combined with itself") {
    chunk_set set = set_of("1-3,70-200");
    const chunk_set same = set;
    set |= same;
    set &= same;
    CHECK(set.size() == 134);
    set -= same;
    CHECK(set.empty());
}

TEST_CASE("the first chunks of a file-set are all that it has") {
    CHECK(chunk_set::first(0).empty());
    CHECK(chunk_set::first(1).to_ranges() == "1");
    CHECK(chunk_set::first(64).to_ranges() == "1-64");
    CHECK(chunk_set::first(max_chunk_count).size() == max_chunk_count);
}

TEST_CASE("what is no chunk is in no set") {
    const chunk_set set = chunk_set::first(200);
    CHECK_FALSE(set.contains({0}));
    CHECK_FALSE(set.contains({201}));
    CHECK_FALSE(set.contains({UINT32_MAX}));
    CHECK_FALSE(set.next({201}));
    CHECK_FALSE(set.next({UINT32_MAX}));
}

TEST_CASE("inserting what is no chunk is a bug that throws") {
    chunk_set set;
    CHECK_THROWS_AS(set.insert({0}), std::out_of_range);
    CHECK_THROWS_AS(set.insert({max_chunk_count + 1}), std::out_of_range);
    CHECK_THROWS_AS(set.insert_range({0}, {3}), std::out_of_range);
    CHECK_THROWS_AS(set.insert_range({1}, {max_chunk_count + 1}), std::out_of_range);
    CHECK(set.empty());
}

TEST_CASE("a range that ends before it begins adds nothing") {
    chunk_set set;
    set.insert_range({5}, {4});
    CHECK(set.empty());
}

TEST_CASE("range strings are read and written alike") {
    for (const std::string text :
         {"", "1", "1-2", "1-100,105", "64", "63-64", "63-65,127-128", "1,3,5,7", "16777216"}) {
        CAPTURE(text);
        CHECK(set_of(text).to_ranges() == text);
    }
}

TEST_CASE("neighbouring ranges are written as one") {
    CHECK(set_of("1-3,4,5-5").to_ranges() == "1-5");
    CHECK(set_of("60-64,65-70").to_ranges() == "60-70");
}

TEST_CASE("a range string that is not exactly right is refused") {
    for (const std::string text : {",",
                                   "1,",
                                   ",1",
                                   "1,,2",
                                   "a",
                                   "1a",
                                   "a1",
                                   "1 ",
                                   " 1",
                                   "1, 2",
                                   "+1",
                                   "-1",
                                   "1-",
                                   "-",
                                   "1--2",
                                   "1-2-",
                                   "1-2-3",
                                   "1-+2",
                                   "1- 2",
                                   "0",
                                   "0-5",
                                   "1,0",
                                   "5-4",
                                   "1-3,3",
                                   "1,1",
                                   "5,4",
                                   "1-5,2",
                                   "101",
                                   "1-101",
                                   "0x1",
                                   "1.5",
                                   "1;2",
                                   "1\n",
                                   "1\t",
                                   "1-5,",
                                   "4294967296",
                                   "4294967297",
                                   "18446744073709551617",
                                   "99999999999999999999999999",
                                   "1-4294967297"}) {
        CAPTURE(text);
        CHECK(error_of(text) != "");
    }
    CHECK(error_of(std::string("1\0", 2)) != "");
}

TEST_CASE("the highest index is taken, and the one after it refused") {
    CHECK(error_of("100", 100) == "");
    CHECK(error_of("101", 100) == "chunk index 101 is over 100");
    CHECK(error_of("1", 0) == "chunk index 1 is over 0");
    CHECK(error_of("16777217", UINT32_MAX) == "chunk index 16777217 is over 16777216");
}

TEST_CASE("an error in a range string says what is wrong with it") {
    CHECK(error_of("1,x") == "\"x\" is no chunk index");
    CHECK(error_of("1,") == "\"\" is no chunk index");
    CHECK(error_of("0") == "chunk indices start at 1");
    CHECK(error_of("9-3") == "\"9-3\" runs backwards");
    CHECK(error_of("1-5,5-7") == "\"5-7\" does not come after 5");
}

TEST_CASE("an error in a range string is short and printable, whatever the text") {
    CHECK(error_of(std::string(100'000, 'x')).size() < 100);
    CHECK(error_of(std::string(100'000, '9')).size() < 100);
    CHECK(error_of("\x1b[2J") == "\"?[2J\" is no chunk index");
}

TEST_CASE("ranges are cut into strings that each fit") {
    const chunk_set set = set_of("1-3,5,7-9,11,100-200");
    CHECK(set.to_ranges(1000) == std::vector<std::string>{"1-3,5,7-9,11,100-200"});
    CHECK(set.to_ranges(9) == std::vector<std::string>{"1-3,5,7-9", "11", "100-200"});
    CHECK(set.to_ranges(8) == std::vector<std::string>{"1-3,5", "7-9,11", "100-200"});
    CHECK(chunk_set{}.to_ranges(8).empty());
}

TEST_CASE("a single range is never cut") {
    CHECK(set_of("1000-2000,3000").to_ranges(1) == std::vector<std::string>{"1000-2000", "3000"});
}

TEST_CASE("each member is found by how many are smaller") {
    std::mt19937 random{5};
    for (const std::uint32_t highest : {1U, 63U, 64U, 1000U, 100'000U}) {
        CAPTURE(highest);
        chunk_set set;
        for (std::uint32_t i = 0; i < highest; i += 1 + random() % 3) set.insert({i + 1});
        std::uint32_t before = 0;
        for (const chunk_index chunk : set)
            if (before++ % 97 == 0) CHECK(set.nth(before - 1) == chunk);
        CHECK(set.nth(set.size() - 1) == set.last());
        CHECK_THROWS_AS(set.nth(set.size()), std::out_of_range);
    }
    CHECK_THROWS_AS(chunk_set{}.nth(0), std::out_of_range);
}

TEST_CASE("sets with every bit of many words are counted right") {
    const chunk_set all = chunk_set::first(100'000);
    CHECK((all | chunk_set{}).size() == 100'000);
    CHECK((all & all).size() == 100'000);
    CHECK((all - chunk_set::first(99'999)).size() == 1);
    CHECK((all - all).empty());
}
