#include "core/base/suggestion.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <vector>

namespace p2p {

std::size_t edit_distance(std::string_view a, std::string_view b) {
    // The distances of a's beginnings (the last two and this one) from those of b.
    std::array<std::vector<std::size_t>, 3> rows;
    for (auto& row : rows) row.resize(b.size() + 1);
    auto& [before_last, last, now] = rows;
    std::iota(now.begin(), now.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::rotate(rows.begin(), rows.begin() + 1, rows.end());
        now[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            now[j] = std::min({replaced, last[j] + 1, now[j - 1] + 1});
            const bool are_swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (are_swapped) now[j] = std::min(now[j], before_last[j - 2] + 1);
        }
    }
    return now[b.size()];
}

std::optional<std::string> suggestion_for(std::string_view typed, std::span<const std::string> known) {
    const auto distance = [typed](const std::string& word) { return edit_distance(typed, word); };
    const auto nearest = std::ranges::min_element(known, {}, distance);
    if (nearest == known.end()) return std::nullopt;
    const std::size_t most = std::max<std::size_t>(1, typed.size() / 3);
    return distance(*nearest) <= most ? std::optional{*nearest} : std::nullopt;
}

}  // namespace p2p
