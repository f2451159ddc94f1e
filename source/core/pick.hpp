// Which of several chunks: the one with the least of something, ties broken at random.
#pragma once

#include "core/chunk_set.hpp"

#include <cstdint>
#include <optional>
#include <random>

namespace p2p {

/// Most candidates that one choice looks at. Where there are more, it looks at a random stretch of them, so
/// that a choice costs the same in a set of a million chunks as in one of a few thousand.
inline constexpr unsigned most_candidates = 4096;

/// The candidate with the least `cost(chunk)`; nothing where there is no candidate.
template <class Cost, class Random>
std::optional<chunk_index> pick_least(const chunk_set& candidates, Cost cost, Random& random) {
    if (candidates.empty()) return std::nullopt;
    const unsigned looks = std::min<unsigned>(candidates.size(), most_candidates);
    chunk_index from{1};
    if (candidates.size() > most_candidates)
        from.value += static_cast<std::uint32_t>(random() % candidates.last()->value);

    std::optional<chunk_index> best;
    std::uint64_t least = 0;
    unsigned ties = 0;
    for (unsigned look = 0; look < looks; ++look) {
        auto at = candidates.next(from);
        if (!at) at = candidates.next(chunk_index{1});
        from = chunk_index{at->value + 1};
        const std::uint64_t here = cost(*at);
        if (best && here > least) continue;
        ties = best && here == least ? ties + 1 : 1;
        if (ties == 1 || random() % ties == 0) best = at;
        least = here;
    }
    return best;
}

}  // namespace p2p
