// Which of several chunks: the one with the least of something, ties broken at random.
#pragma once

#include "core/chunks/chunk_selection.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <random>

namespace p2p {

/// Most candidates that one choice looks at. Where there are more, it looks at a random stretch of them, so
/// that a choice costs the same in a set of a million chunks as in one of a thousand, which is what a share
/// has by default.
inline constexpr unsigned most_candidates = 1024;

/// The candidate with the least `cost(chunk)`; nothing where there is no candidate.
template <class Cost, class Random>
std::optional<chunk_index> pick_least(const chunk_selection& candidates, Cost cost, Random& random) {
    std::array<chunk_index, most_candidates> best;  // all of the least cost
    unsigned ties = 0;
    std::uint64_t least = 0;
    unsigned looks = 0;
    const chunk_index start{static_cast<std::uint32_t>(random() % candidates.limit())};
    candidates.visit_from(start, [&](chunk_index chunk) {
        const std::uint64_t here = cost(chunk);
        if (ties == 0 || here < least) {
            least = here;
            ties = 0;
        }
        if (here == least) best[ties++] = chunk;
        return ++looks < most_candidates;
    });
    if (ties == 0) return std::nullopt;
    return best[random() % ties];
}

}  // namespace p2p
