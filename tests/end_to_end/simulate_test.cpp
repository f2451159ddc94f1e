// The simulated swarm as a program: what it prints, and what it exits with.

#include "support/programs.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace p2p::test {

namespace {

finished_process simulate(words arguments) {
    return run(program("simulate"), std::move(arguments));
}

// The peers of one part ("leecher", "corrupt", ...).
std::vector<nlohmann::json> peers_of(const nlohmann::json& result, const std::string& part) {
    std::vector<nlohmann::json> peers;
    for (const nlohmann::json& peer : result.at("peers"))
        if (peer.at("part") == part) peers.push_back(peer);
    return peers;
}

}  // namespace

TEST_CASE("a simulated swarm completes though peers are killed and others send wrong bytes") {
    const auto swarm = simulate({"--peers", "8", "--seeders", "2", "--chunks", "48", "--kill", "2",
                                 "--corrupt", "1", "--up", "40Mbit", "--down", "40Mbit", "--json"});
    REQUIRE(swarm.exit_code == 0);
    const auto result = nlohmann::json::parse(swarm.output);
    CHECK(result.at("all_right") == true);
    CHECK(peers_of(result, "killed").size() == 2);
    CHECK(peers_of(result, "corrupt").size() == 1);
    const auto leechers = peers_of(result, "leecher");
    REQUIRE(leechers.size() == 3);
    for (const nlohmann::json& leecher : leechers) CHECK(leecher.at("chunks") == 48);
}

TEST_CASE(
    "a simulated swarm moves a published set from one seeder, though others are killed or send wrong bytes") {
    const auto swarm = simulate({"--published", "--peers", "7", "--chunks", "48", "--kill", "1", "--corrupt",
                                 "1", "--up", "40Mbit", "--down", "40Mbit", "--json"});
    REQUIRE(swarm.exit_code == 0);
    const auto result = nlohmann::json::parse(swarm.output);
    CHECK(result.at("all_right") == true);
    CHECK(peers_of(result, "seeder").size() == 1);
    const auto leechers = peers_of(result, "leecher");
    REQUIRE(leechers.size() == 4);
    for (const nlohmann::json& leecher : leechers) CHECK(leecher.at("chunks") == 48);
}

TEST_CASE("a simulated swarm without a seeder completes from what its peers have in common") {
    const auto swarm =
        simulate({"--peers", "5", "--seeders", "0", "--overlap", "2", "--chunks", "20", "--json"});
    REQUIRE(swarm.exit_code == 0);
    const auto result = nlohmann::json::parse(swarm.output);
    for (const nlohmann::json& peer : result.at("peers")) CHECK(peer.at("chunks") == 20);
}

TEST_CASE("a simulated swarm on limited links is measured against the fluid bound") {
    const auto swarm =
        simulate({"--peers", "4", "--chunks", "16", "--up", "20Mbit", "--down", "20Mbit", "--json"});
    REQUIRE(swarm.exit_code == 0);
    const auto result = nlohmann::json::parse(swarm.output);
    // Each leecher needs 16 chunks of 64 KiB at 2.5 MB/s: 0.419 s.
    CHECK(result.at("fluid_bound").get<double>() == doctest::Approx(0.419).epsilon(0.01));
    CHECK(result.at("ratio").get<double>() >= 1.0);
}

TEST_CASE("leechers get much of what they fetch from each other") {
    const auto swarm = simulate(
        {"--peers", "6", "--seeders", "2", "--chunks", "64", "--up", "20Mbit", "--down", "20Mbit", "--json"});
    REQUIRE(swarm.exit_code == 0);
    const auto result = nlohmann::json::parse(swarm.output);
    // Four leechers fetch 64 chunks each; served by the seeders alone, these would send 128 chunks each.
    constexpr int chunk_size = 64 * 1024;
    for (const nlohmann::json& seeder : peers_of(result, "seeder"))
        CHECK(seeder.at("bytes_up") < 110 * chunk_size);
}

TEST_CASE("simulate exits 1 where a peer that should be complete is not") {
    const auto swarm =
        simulate({"--peers", "3", "--up", "100kbit", "--down", "100kbit", "--time-limit", "500ms"});
    CHECK(swarm.exit_code == 1);
    CHECK(swarm.output.find("only ") != std::string::npos);
}

TEST_CASE("simulate refuses a swarm in which no chunk can be agreed") {
    const auto swarm = simulate({"--seeders", "1"});
    CHECK(swarm.exit_code == 2);
    CHECK(swarm.output.find("no chunk would be agreed") != std::string::npos);
}

}  // namespace p2p::test
