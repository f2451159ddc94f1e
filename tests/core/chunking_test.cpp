#include "core/chunks/chunking.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <initializer_list>
#include <iterator>
#include <numeric>
#include <random>
#include <set>
#include <stdexcept>
#include <vector>

using namespace p2p;

namespace {

constexpr byte_count kib = 1024;
constexpr byte_count mib = 1024 * kib;

using content = std::vector<std::byte>;
using sizes = std::vector<std::uint32_t>;

/// Of a generator that any language has in two lines, for whoever wants to check the golden cuts.
content pseudo_random(std::size_t size, std::uint32_t seed = 1) {
    content bytes(size);
    for (std::byte& byte : bytes) {
        seed = seed * 1664525U + 1013904223U;
        byte = static_cast<std::byte>(seed >> 24U);
    }
    return bytes;
}

sizes cuts_of(const content& bytes, byte_count average) {
    content_cutter cutter{average};
    cutter.update(bytes);
    return cutter.finish();
}

std::uint64_t splitmix64(std::uint64_t number) {
    std::uint64_t z = (number + 1) * 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
}

/// The hash of the 64 bytes before a place, without anything rolling.
std::uint64_t gear_before(const content& bytes, std::size_t place) {
    std::uint64_t hash = 0;
    for (std::size_t age = 0; age < 64; ++age)
        hash += splitmix64(std::to_integer<std::uint64_t>(bytes[place - 1 - age])) << age;
    return hash;
}

/// What the header says, word by word.
bool is_cut(const content& bytes, std::size_t from, std::size_t place, byte_count average) {
    const byte_count size = place - from;
    const int bits = std::countr_zero(average) + (size < average ? 2 : -2);
    if (size < average / 4) return false;
    return size == 4 * average || gear_before(bytes, place) >> (64 - bits) == 0;
}

sizes naive_cuts_of(const content& bytes, byte_count average) {
    sizes cuts;
    std::size_t from = 0;
    for (std::size_t place = 1; place <= bytes.size(); ++place) {
        if (place != bytes.size() && !is_cut(bytes, from, place, average)) continue;
        cuts.push_back(static_cast<std::uint32_t>(place - from));
        from = place;
    }
    return cuts;
}

/// Where the chunks end, counted from the end of the content: what comes behind a change keeps these.
std::set<byte_count> places_from_end(const sizes& cuts) {
    std::set<byte_count> places;
    byte_count rest = std::accumulate(cuts.begin(), cuts.end(), byte_count{0});
    for (const std::uint32_t size : cuts) places.insert(rest -= size);
    return places;
}

std::size_t in_first_only(const std::set<byte_count>& a, const std::set<byte_count>& b) {
    std::vector<byte_count> only;
    std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(only));
    return only.size();
}

}  // namespace

// --- at fixed distances

TEST_CASE("fixed cuts are all of one size but the last") {
    CHECK(fixed_cuts(0, 10).empty());
    CHECK(fixed_cuts(1, 10) == sizes{1});
    CHECK(fixed_cuts(10, 10) == sizes{10});
    CHECK(fixed_cuts(11, 10) == sizes{10, 1});
    CHECK(fixed_cuts(29, 10) == sizes{10, 10, 9});
    CHECK(fixed_cuts(30, 10) == sizes{10, 10, 10});
    CHECK(fixed_cuts(8 * 1024 * mib, 0xFFFFFFFF) == sizes{0xFFFFFFFF, 0xFFFFFFFF, 2});
}

TEST_CASE("a chunk size that no chunk can have is a bug of the caller") {
    CHECK_THROWS_AS(fixed_cuts(10, 0), std::invalid_argument);
    CHECK_THROWS_AS(fixed_cuts(10, byte_count{1} << 32U), std::invalid_argument);
}

TEST_CASE("the usual chunk size makes about a thousand chunks, within bounds") {
    struct example {
        byte_count content;
        byte_count chunk_size;
    };
    for (const auto& [content, chunk_size] : std::initializer_list<example>{{0, 64 * kib},
                                                                            {1, 64 * kib},
                                                                            {1024 * 64 * kib, 64 * kib},
                                                                            {1024 * 64 * kib + 1, 128 * kib},
                                                                            {100 * mib, 128 * kib},
                                                                            {1024 * mib, mib},
                                                                            {1024 * mib + 1, 2 * mib},
                                                                            {1024 * 16 * mib, 16 * mib},
                                                                            {1024 * 16 * mib + 1, 16 * mib},
                                                                            {mib * mib, 16 * mib},
                                                                            {UINT64_MAX, 16 * mib}}) {
        CAPTURE(content);
        CHECK(usual_chunk_size(content) == chunk_size);
    }
}

// --- where the content says so

TEST_CASE("the same content is cut here as on every machine") {
    const sizes golden{1063, 1197, 1103, 1078, 1077, 1032, 841,  1247, 1430, 1331, 1184, 1277, 1146, 1598,
                       1080, 1137, 2114, 539,  1477, 1119, 1215, 1062, 1429, 1591, 1152, 1832, 417};
    CHECK(cuts_of(pseudo_random(32 * kib), kib) == golden);
}

TEST_CASE("cuts are those of a rolling hash, computed without rolling") {
    for (const std::uint32_t seed : {1U, 2U, 3U}) {
        CAPTURE(seed);
        const content bytes = pseudo_random(256 * kib, seed);
        CHECK(cuts_of(bytes, kib) == naive_cuts_of(bytes, kib));
        CHECK(cuts_of(bytes, 8 * kib) == naive_cuts_of(bytes, 8 * kib));
    }
}

TEST_CASE("cuts do not depend on the pieces in which the content comes") {
    const content bytes = pseudo_random(256 * kib);
    const sizes expected = cuts_of(bytes, kib);
    for (std::uint32_t seed = 0; seed < 30; ++seed) {
        CAPTURE(seed);
        std::mt19937 random{seed};
        const std::uint32_t longest = std::array{1U, 70U, 300U, 5000U, 100'000U}[seed % 5];
        content_cutter cutter{kib};
        std::span<const std::byte> rest{bytes};
        while (!rest.empty()) {
            const auto piece = std::min<std::size_t>(random() % (longest + 1), rest.size());
            cutter.update(rest.first(piece));
            rest = rest.subspan(piece);
        }
        CHECK(cutter.finish() == expected);
    }
}

TEST_CASE("chunks add up to the content, keep to their bounds and are about as large as asked for") {
    const content bytes = pseudo_random(16 * mib);
    for (const byte_count average : {kib, 4 * kib, 64 * kib, 256 * kib}) {
        CAPTURE(average);
        const sizes cuts = cuts_of(bytes, average);
        CHECK(std::accumulate(cuts.begin(), cuts.end(), byte_count{0}) == bytes.size());
        CHECK(*std::max_element(cuts.begin(), cuts.end()) <= 4 * average);
        CHECK(*std::min_element(cuts.begin(), cuts.end() - 1) >= average / 4);
        CHECK(bytes.size() / cuts.size() > average * 3 / 4);
        CHECK(bytes.size() / cuts.size() < average * 3 / 2);
    }
}

TEST_CASE("an insertion moves only the cuts near it") {
    const content before = pseudo_random(16 * mib);
    const auto places = places_from_end(cuts_of(before, 16 * kib));
    REQUIRE(places.size() > 700);
    for (const std::size_t length : {1U, 100U, 30'000U}) {
        CAPTURE(length);
        content after = before;
        const content inserted = pseudo_random(length, 7);
        after.insert(after.begin() + 100'000, inserted.begin(), inserted.end());
        const auto moved = places_from_end(cuts_of(after, 16 * kib));
        // Of nearly a thousand.
        CHECK(in_first_only(places, moved) <= 8);
        CHECK(in_first_only(moved, places) <= 8 + length / (16 * kib));
    }
}

TEST_CASE("content that never says where to cut is cut at the largest size") {
    CHECK(cuts_of(content(10'000), kib) == sizes{4096, 4096, 1808});
    CHECK(cuts_of(content(8192), kib) == sizes{4096, 4096});
}

TEST_CASE("little content is one chunk, and none at all is no chunk") {
    CHECK(cuts_of({}, kib).empty());
    CHECK(cuts_of(content(1), kib) == sizes{1});
    CHECK(cuts_of(pseudo_random(255), kib) == sizes{255});
}

TEST_CASE("an average that is no power of two, or out of bounds, is a bug of the caller") {
    for (const byte_count average : {byte_count{0}, byte_count{1}, byte_count{512}, byte_count{1023},
                                     byte_count{1025}, 3 * kib, 2 * max_average_chunk_size}) {
        CAPTURE(average);
        CHECK_THROWS_AS(content_cutter{average}, std::invalid_argument);
    }
    CHECK_NOTHROW(content_cutter{least_chunk_size});
    CHECK_NOTHROW(content_cutter{max_average_chunk_size});
}
