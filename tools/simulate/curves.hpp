// What a picture of a swarm's run shows, as numbers: how far each peer was, how many copies there were of the
// chunks, where ticks of an axis belong, and which points of a curve can be left out.
#pragma once

#include "swarm.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace p2p::simulation {

struct point {
    double x = 0;
    double y = 0;
    friend bool operator==(const point&, const point&) = default;
};

/// What a peer had: chunks over seconds, from 0 on.
std::vector<point> progress_of(const peer_result& peer);

/// How many copies the chunks have from some moment on: fewest, first quartile, median, third quartile, most.
struct copies {
    double since = 0;  ///< seconds
    std::array<std::uint32_t, 5> quartiles{};
};

/// Whether what a peer has is a copy for the others: it neither spoils it nor is killed with it.
bool keeps_copies(const peer_result& peer);

/// At the start, and whenever one of the numbers changes. Copies at seeders and leechers count.
std::vector<copies> copies_over_time(std::span<const peer_result> peers, std::uint32_t chunks);

/// Multiples of 1, 2 or 5 times a power of ten, from 0 to `end` (more than 0): at most `most` steps, none
/// smaller than `least_step`.
std::vector<double> round_ticks(double end, unsigned most, double least_step = 0);

/// The first and the last point of a curve, and of the others as few as keep it within `tolerance`, up and
/// down, of what it was. x does not decrease.
std::vector<point> thinned(std::span<const point> curve, double tolerance);

}  // namespace p2p::simulation
