#include "core/transfer/manifest_sources.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace p2p;
using namespace std::chrono_literals;

namespace {

constexpr time_point start{};
constexpr byte_count MiB = 1U << 20U;

endpoint at(char host) {
    return {std::string{host}, 6001};
}

/// "abc" in, those worth asking out, in their order.
std::string asked(const manifest_sources& sources, const std::string& holders, time_point now,
                  unsigned seed = 1) {
    std::vector<endpoint> all;
    for (const char host : holders) all.push_back(at(host));
    std::mt19937_64 random{seed};
    std::string hosts;
    for (const endpoint& one : sources.worth_asking(all, now, random)) hosts += one.host;
    return hosts;
}

}  // namespace

TEST_CASE("holders of whom nothing is known are asked in any order") {
    const manifest_sources sources;
    bool a_first = false;
    bool b_first = false;
    for (unsigned seed = 1; seed < 50; ++seed)
        (asked(sources, "ab", start, seed) == "ab" ? a_first : b_first) = true;
    CHECK(a_first);
    CHECK(b_first);
}

TEST_CASE("who failed is left alone for a while, and then asked after the others") {
    manifest_sources sources;
    sources.failed(at('a'), start);
    for (unsigned seed = 1; seed < 10; ++seed) {
        CHECK(asked(sources, "ab", start + 999ms, seed) == "b");
        CHECK(asked(sources, "ab", start + 1s, seed) == "ba");
    }
}

TEST_CASE("who failed gets more time and may send more when it is asked again") {
    manifest_sources sources;
    CHECK(sources.patience(at('a')) == 500ms);
    CHECK(sources.largest(at('a')) == 4 * MiB);
    sources.failed(at('a'), start);
    CHECK(sources.patience(at('a')) == 1s);
    CHECK(sources.largest(at('a')) == 64 * MiB);
    for (int i = 0; i < 100; ++i) sources.failed(at('a'), start);
    CHECK(sources.patience(at('a')) == 20s);
    CHECK(sources.largest(at('a')) == 1024 * MiB);
    CHECK(sources.patience(at('b')) == 500ms);
}

TEST_CASE("who lied is not asked again") {
    manifest_sources sources;
    sources.lied(at('a'));
    CHECK(asked(sources, "ab", start + 24h) == "b");
}

TEST_CASE("no more than a thousand holders that failed are remembered") {
    manifest_sources sources;
    sources.lied(at('a'));
    for (std::uint16_t port = 1; port <= 1000; ++port) sources.failed({"b", port}, start);
    CHECK(asked(sources, "a", start) == "a");
}
