#include "plot.hpp"

#include "curves.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <random>
#include <sstream>

using namespace p2p;
using namespace p2p::simulation;
using namespace std::chrono_literals;

namespace {

peer_result seeder(std::uint32_t chunks) {
    peer_result peer;
    peer.name = "seeder";
    peer.part = role::seeder;
    peer.at_start = chunk_set::first(chunks);
    return peer;
}

// Complete with the last of these arrivals.
peer_result leecher(std::string name, std::vector<chunk_arrival> arrivals) {
    peer_result peer;
    peer.name = std::move(name);
    peer.completed_after = arrivals.back().after;
    peer.arrivals = std::move(arrivals);
    return peer;
}

const std::vector<chunk_arrival> early_and_late{{{2}, 1s}, {{1}, 4s}};

swarm_result small_run() {
    swarm_result run;
    run.peers = {seeder(2), leecher("one", early_and_late)};
    run.makespan = 4;
    return run;
}

swarm_options small_swarm() {
    swarm_options options;
    options.peers = 2;
    options.seeders = 1;
    options.chunks = 2;
    return options;
}

bool contains(const std::string& text, std::string_view what) {
    return text.find(what) != std::string::npos;
}

// The points of the first path of a class.
std::vector<point> path_of(const std::string& svg, const std::string& kind) {
    const std::string begin = "<path class=\"" + kind + "\" d=\"M";
    const std::size_t from = svg.find(begin);
    REQUIRE(from != std::string::npos);
    std::istringstream in{
        svg.substr(from + begin.size(), svg.find('"', from + begin.size()) - from - begin.size())};
    std::vector<point> points;
    char comma = 0;
    for (point at; in >> at.x >> comma >> at.y;) points.push_back(at);
    return points;
}

double height_at(const std::vector<point>& curve, double x) {
    std::size_t i = 1;
    while (curve[i].x < x) ++i;
    const double share = (x - curve[i - 1].x) / (curve[i].x - curve[i - 1].x);
    return std::lerp(curve[i - 1].y, curve[i].y, share);
}

}  // namespace

TEST_CASE("a leecher's curve passes through the moments at which its chunks came") {
    const auto curve = path_of(plot(small_swarm(), small_run()), "leecher");
    REQUIRE(curve.size() == 3);
    const double whole_time = curve[2].x - curve[0].x;
    const double whole_height = curve[2].y - curve[0].y;
    CHECK(whole_time > 500);
    CHECK(whole_height < -200);  // y goes down
    CHECK(curve[1].x - curve[0].x == doctest::Approx(whole_time / 4).epsilon(0.01));
    CHECK(curve[1].y - curve[0].y == doctest::Approx(whole_height / 2).epsilon(0.01));
}

TEST_CASE("a picture shows the fluid bound only where links have limits") {
    swarm_result run = small_run();
    CHECK_FALSE(contains(plot(small_swarm(), run), "fluid bound"));
    run.bound = 2;
    const std::string svg = plot(small_swarm(), run);
    CHECK(contains(svg, "2.000 times the fluid bound"));
    CHECK(contains(svg, ">fluid bound 2.00 s<"));
    CHECK(contains(svg, ">makespan 4.00 s<"));
}

TEST_CASE("a picture of a run with hostile peers has the makespan without them, too") {
    swarm_result without = small_run();
    without.makespan = 3;
    CHECK(contains(plot(small_swarm(), small_run(), &without), ">makespan without hostile peers 3.00 s<"));
}

TEST_CASE("a picture says where not all are complete, and has no makespan") {
    swarm_result run = small_run();
    run.peers.back().completed_after.reset();
    const std::string svg = plot(small_swarm(), run);
    CHECK(contains(svg, "not all are complete"));
    CHECK_FALSE(contains(svg, "makespan"));
}

TEST_CASE("the name of a peer cannot end what it stands in") {
    swarm_result run = small_run();
    run.peers.back().name = "</title>&";
    CHECK(contains(plot(small_swarm(), run), "<title>&lt;/title>&amp;: "));
}

TEST_CASE("a swarm in which nothing was to be done has a picture") {
    swarm_result run;
    run.peers = {seeder(2), seeder(2)};
    const std::string svg = plot(small_swarm(), run);
    CHECK_FALSE(contains(svg, "nan"));
    CHECK_FALSE(contains(svg, "inf"));
}

TEST_CASE("copies are counted over all chunks, at peers that keep them") {
    peer_result killed = leecher("killed", {{{1}, 1s}, {{2}, 1s}, {{3}, 1s}});
    killed.part = role::killed;
    const std::vector<peer_result> peers{seeder(3), leecher("one", {{{3}, 1s}, {{1}, 2s}, {{2}, 4s}}),
                                         killed};
    const auto copies = copies_over_time(peers, 3);
    REQUIRE(copies.size() == 4);
    CHECK(copies[0].since == 0);
    CHECK(copies[0].quartiles == std::array<std::uint32_t, 5>{1, 1, 1, 1, 1});
    CHECK(copies[1].since == 1);
    CHECK(copies[1].quartiles == std::array<std::uint32_t, 5>{1, 1, 1, 1, 2});
    CHECK(copies[2].since == 2);
    CHECK(copies[2].quartiles == std::array<std::uint32_t, 5>{1, 1, 2, 2, 2});
    CHECK(copies[3].since == 4);
    CHECK(copies[3].quartiles == std::array<std::uint32_t, 5>{2, 2, 2, 2, 2});
}

TEST_CASE("a leecher that has a part at the start makes progress from there") {
    peer_result peer = leecher("one", {{{2}, 3s}});
    peer.at_start = chunk_set::first(1);
    CHECK(progress_of(peer) == std::vector<point>{{0, 1}, {3, 2}});
}

TEST_CASE("ticks are round, and not too many") {
    CHECK(round_ticks(100, 5) == std::vector<double>{0, 20, 40, 60, 80, 100});
    CHECK(round_ticks(3.4, 10) == std::vector<double>{0, 0.5, 1, 1.5, 2, 2.5, 3});
    CHECK(round_ticks(7.4, 10).size() == 8);
    for (const double end : {0.0017, 0.3, 1.0, 9.99, 10.0, 123.0, 36'000.0}) {
        CAPTURE(end);
        const auto ticks = round_ticks(end, 10);
        CHECK(ticks.size() >= 4);
        CHECK(ticks.size() <= 11);
        CHECK(ticks.back() <= end * 1.001);
    }
}

TEST_CASE("ticks between copies are whole numbers") {
    CHECK(round_ticks(3, 4, 1) == std::vector<double>{0, 1, 2, 3});
    CHECK(round_ticks(1, 4, 1) == std::vector<double>{0, 1});
}

TEST_CASE("what lies on a line is left out of a curve, its corners are not") {
    const std::vector<point> corner{{0, 0}, {1, 1}, {2, 2}, {3, 2}, {4, 2}, {4, 9}, {5, 9}};
    CHECK(thinned(corner, 0.01) == std::vector<point>{{0, 0}, {2, 2}, {4, 2}, {4, 9}, {5, 9}});
}

TEST_CASE("a thinned curve is nowhere farther from what it was than the tolerance") {
    std::mt19937 random{1};
    std::vector<point> walk{{0, 0}};
    for (unsigned i = 0; i < 1000; ++i)
        walk.push_back(
            {walk.back().x + 0.01 + random() % 100 / 100.0, walk.back().y + random() % 100 / 50.0});
    constexpr double tolerance = 1;
    const auto fewer = thinned(walk, tolerance);
    CHECK(fewer.size() < walk.size() / 3);
    double worst = 0;
    for (const point& was : walk) worst = std::max(worst, std::abs(height_at(fewer, was.x) - was.y));
    CHECK(worst <= tolerance + 1e-6);
}
