#include "curves.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

namespace p2p::simulation {

namespace {

double seconds(duration time) {
    return std::chrono::duration<double>(time).count();
}

// `chunks_with`: how many chunks there are with no copy, with one, with two, ...
std::array<std::uint32_t, 5> quartiles_of(const std::vector<std::uint32_t>& chunks_with,
                                          std::uint32_t chunks) {
    std::array<std::uint32_t, 5> quartiles{};
    std::uint32_t number = 0;
    std::uint64_t up_to_it = chunks_with[0];
    for (std::size_t i = 0; i < quartiles.size(); ++i) {
        const std::uint64_t rank = i * std::uint64_t{chunks - 1} / (quartiles.size() - 1);
        while (up_to_it <= rank) up_to_it += chunks_with[++number];
        quartiles[i] = number;
    }
    return quartiles;
}

// Of a curve that goes on from `kept`: the slopes that pass all points since then within the tolerance.
struct cone {
    point kept;
    double lowest = -std::numeric_limits<double>::infinity();
    double highest = std::numeric_limits<double>::infinity();

    // Not 0, so that what is straight above has a slope, too.
    double run_to(const point& next) const { return std::max(next.x - kept.x, 1e-9); }

    bool holds(const point& next) const {
        const double slope = (next.y - kept.y) / run_to(next);
        return lowest <= slope && slope <= highest;
    }
    void narrow(const point& next, double tolerance) {
        lowest = std::max(lowest, (next.y - tolerance - kept.y) / run_to(next));
        highest = std::min(highest, (next.y + tolerance - kept.y) / run_to(next));
    }
};

}  // namespace

std::vector<point> progress_of(const peer_result& peer) {
    double chunks = peer.at_start.size();
    std::vector<point> curve{{0, chunks}};
    for (const chunk_arrival& arrival : peer.arrivals) curve.push_back({seconds(arrival.after), ++chunks});
    return curve;
}

bool keeps_copies(const peer_result& peer) {
    return peer.part == role::seeder || peer.part == role::leecher;
}

std::vector<copies> copies_over_time(std::span<const peer_result> peers, std::uint32_t chunks) {
    std::vector<std::uint32_t> copies_of(chunks);
    std::vector<chunk_arrival> arrivals;
    for (const peer_result& peer : peers) {
        if (!keeps_copies(peer)) continue;
        for (const chunk_index chunk : peer.at_start) ++copies_of[chunk.value - 1];
        arrivals.insert(arrivals.end(), peer.arrivals.begin(), peer.arrivals.end());
    }
    std::ranges::sort(arrivals, {}, &chunk_arrival::after);

    std::vector<std::uint32_t> chunks_with(peers.size() + 1);
    for (const std::uint32_t number : copies_of) ++chunks_with[number];
    std::vector<copies> all{{0, quartiles_of(chunks_with, chunks)}};
    for (const chunk_arrival& arrival : arrivals) {
        std::uint32_t& number = copies_of[arrival.chunk.value - 1];
        --chunks_with[number];
        ++chunks_with[++number];
        const auto quartiles = quartiles_of(chunks_with, chunks);
        if (quartiles != all.back().quartiles) all.push_back({seconds(arrival.after), quartiles});
    }
    return all;
}

std::vector<double> round_ticks(double end, unsigned most, double least_step) {
    const double smallest = std::max(end / most, least_step) * (1 - 1e-9);
    const double power = std::pow(10, std::floor(std::log10(smallest)));
    double step = 10 * power;
    for (const double factor : {5, 2, 1})
        if (factor * power >= smallest) step = factor * power;
    std::vector<double> ticks;
    for (unsigned i = 0; i * step <= end * (1 + 1e-9); ++i) ticks.push_back(i * step);
    return ticks;
}

std::vector<point> thinned(std::span<const point> curve, double tolerance) {
    std::vector<point> kept{curve.front()};
    cone seen{curve.front()};
    for (std::size_t i = 1; i < curve.size(); ++i) {
        if (!seen.holds(curve[i])) {
            kept.push_back(curve[i - 1]);
            seen = {curve[i - 1]};
        }
        seen.narrow(curve[i], tolerance);
    }
    if (kept.back() != curve.back()) kept.push_back(curve.back());
    return kept;
}

}  // namespace p2p::simulation
