#include "core/transfer/fluid_bound.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <vector>

using namespace p2p;

namespace {

constexpr byte_count file = 1000;
constexpr fluid_peer seeder(byte_count up) {
    return {.up = up, .down = 0, .missing = 0};
}
constexpr fluid_peer leecher(byte_count up, byte_count down) {
    return {.up = up, .down = down, .missing = file};
}

}  // namespace

TEST_CASE("a slow seeder bounds the swarm: F / u_s") {
    CHECK(fluid_bound(std::vector{seeder(10), leecher(100, 100), leecher(100, 100)}, file) ==
          doctest::Approx(100));
}

TEST_CASE("the slowest download bounds the swarm: F / d") {
    CHECK(fluid_bound(std::vector{seeder(100), leecher(100, 5), leecher(100, 100)}, file) ==
          doctest::Approx(200));
}

TEST_CASE("all uplinks together bound the swarm: N F / (u_s + sum u_i)") {
    CHECK(fluid_bound(
              std::vector{seeder(100), leecher(1, 100), leecher(1, 100), leecher(1, 100), leecher(1, 100)},
              file) == doctest::Approx(4000.0 / 104));
}

TEST_CASE("several seeders share the first copy") {
    CHECK(fluid_bound(std::vector{seeder(10), seeder(30), leecher(100, 100)}, file) == doctest::Approx(25));
}

TEST_CASE("bytes that leechers have already need not leave a seeder") {
    const std::vector swarm{seeder(10), leecher(1000, 1000)};
    CHECK(fluid_bound(swarm, 200) == doctest::Approx(20));
    CHECK(fluid_bound(swarm, 0) == doctest::Approx(1));
}

TEST_CASE("an unlimited link bounds nothing") {
    CHECK(fluid_bound(std::vector{seeder(0), leecher(10, 0)}, file) == 0);
    CHECK(fluid_bound(std::vector{seeder(0), leecher(10, 10)}, file) == doctest::Approx(100));
    CHECK(fluid_bound(std::vector{seeder(10), leecher(0, 0)}, file) == doctest::Approx(100));
}

TEST_CASE("a swarm that lacks nothing is complete at once") {
    CHECK(fluid_bound({}, 0) == 0);
    CHECK(fluid_bound(std::vector{seeder(10), seeder(10)}, 0) == 0);
}

TEST_CASE("what nobody can send takes for ever") {
    CHECK(fluid_bound(std::vector{leecher(10, 10)}, file) == std::numeric_limits<double>::infinity());
}

TEST_CASE("the bound of huge swarms does not overflow") {
    constexpr auto huge = std::numeric_limits<byte_count>::max();
    const std::vector<fluid_peer> swarm(1000, fluid_peer{.up = huge, .down = huge, .missing = huge});
    CHECK(fluid_bound(swarm, 0) == doctest::Approx(1));
}
