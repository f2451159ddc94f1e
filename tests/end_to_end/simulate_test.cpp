// The simulated swarm as a program: what it prints, and what it exits with.

#include "support/programs.hpp"
#include "support/temp_folder.hpp"

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

// A small swarm of which a quarter is hostile: whatever that does, the others complete with right bytes.
void withstand(const std::string& adversary, const words& more = {}) {
    words arguments{"--peers", "6",           "--chunks",        "24",           "--up",
                    "40Mbit",  "--down",      "40Mbit",          "--time-limit", "2min",
                    "--json",  "--adversary", adversary + ":25%"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto swarm = simulate(std::move(arguments));
    CAPTURE(swarm.output);
    REQUIRE(swarm.exit_code == 0);
    const auto result = nlohmann::json::parse(swarm.output);
    CHECK(result.at("all_right") == true);
    CHECK(result.at("adversary").at("kind") == adversary);
    CHECK(result.at("adversary").at("hostile_peers") == 2);
    CHECK(result.at("adversary").at("makespan_without").get<double>() > 0);
    for (const nlohmann::json& leecher : peers_of(result, "leecher")) CHECK(leecher.at("chunks") == 24);
}

const words published{"--published"};

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

TEST_CASE("a swarm withstands peers that send wrong bytes") {
    withstand("wrong-bytes");
    withstand("wrong-bytes", published);
}

TEST_CASE("a swarm withstands peers that claim everything and refuse it") {
    withstand("false-haves");
    withstand("false-haves", published);
}

TEST_CASE("a swarm withstands peers that take requests and are silent") {
    withstand("silent");
}

TEST_CASE("a swarm withstands peers that send a byte a second") {
    withstand("slow");
}

TEST_CASE("a swarm withstands floods of news that is none") {
    withstand("flood");
    withstand("flood", published);
}

TEST_CASE("a swarm withstands requests for what is not there, and nonsense") {
    withstand("bad-requests");
    withstand("bad-requests", published);
}

TEST_CASE("a swarm withstands manifests that mean harm") {
    withstand("manifest-bomb", published);
}

TEST_CASE("a swarm withstands peers that go by the addresses of others") {
    withstand("stolen-address");
}

TEST_CASE("a swarm withstands a host that votes many times, where each host has one vote") {
    withstand("many-votes");
}

TEST_CASE("a swarm withstands liars who report everybody") {
    withstand("lying-reports");
    withstand("lying-reports", published);
}

TEST_CASE("a picture of a swarm is XML that has a curve for each leecher") {
    const temp_folder folder;
    const auto file = folder.path() / "swarm.svg";
    const words swarm{"--peers", "5", "--chunks", "24", "--up", "40Mbit", "--down", "40Mbit"};
    for (const words& more : {words{}, words{"--published", "--seeders", "2"}}) {
        words arguments{swarm};
        arguments.insert(arguments.end(), more.begin(), more.end());
        arguments.insert(arguments.end(), {"--plot", file});
        REQUIRE(simulate(std::move(arguments)).exit_code == 0);
        constexpr std::string_view count_curves = R"(
import sys, xml.etree.ElementTree as xml
svg = "{http://www.w3.org/2000/svg}"
picture = xml.parse(sys.argv[1]).getroot()
curves = [path for path in picture.iter(svg + "path") if path.get("class") == "leecher"]
print(picture.tag == svg + "svg", [path.find(svg + "title").text.split(" after")[0] for path in curves])
)";
        const auto parsed = run("/usr/bin/python3", {"-c", std::string{count_curves}, file});
        CHECK(parsed.output == "True ['peer3: 24 chunks', 'peer4: 24 chunks', 'peer5: 24 chunks']\n");
    }
}

TEST_CASE("a picture that has no place is named before the swarm runs") {
    const auto refused = simulate({"--plot", "/nowhere/swarm.svg"});
    CHECK(refused.exit_code == 2);
    CHECK(refused.output == "simulate: /nowhere/swarm.svg: No such file or directory\n");
    const auto full = simulate({"--peers", "3", "--chunks", "4", "--plot", "/dev/full"});
    CHECK(full.exit_code == 1);
    CHECK(contains(full.output, "every byte of every peer is right"));
    CHECK(contains(full.output, "simulate: /dev/full: No space left on device\n"));
}

TEST_CASE("simulate names the adversaries that there are") {
    for (const std::string wrong : {"aliens", "flood:0", "flood:90%", "flood:x"}) {
        CAPTURE(wrong);
        const auto refused = simulate({"--adversary", wrong});
        CHECK(refused.exit_code == 2);
        CHECK(contains(refused.output, wrong == "aliens" ? "lying-reports" : "share of the peers"));
    }
    CHECK(simulate({"--adversary", "manifest-bomb"}).exit_code == 2);
    CHECK(simulate({"--adversary", "many-votes", "--published"}).exit_code == 2);
}

}  // namespace p2p::test
