#include "core/set/case_collision.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace p2p {

namespace {

std::string lower(std::string_view text) {
    std::string folded{text};
    for (char& c : folded)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return folded;
}

/// The path and every folder above it.
void add_with_parents(std::vector<std::pair<std::string, std::string>>& all, std::string_view path) {
    for (;;) {
        all.emplace_back(lower(path), path);
        const auto slash = path.rfind('/');
        if (slash == std::string_view::npos) return;
        path = path.substr(0, slash);
        if (all.size() > 1 && all[all.size() - 2].second == path) return;
    }
}

}  // namespace

std::optional<std::pair<std::string, std::string>> case_collision(const manifest& set) {
    std::vector<std::pair<std::string, std::string>> all;
    for (std::uint32_t number = 0; number < set.entry_count(); ++number)
        add_with_parents(all, set.entry(number).path);
    std::ranges::sort(all);
    const auto differs_in_case = [](const auto& a, const auto& b) {
        return a.first == b.first && a.second != b.second;
    };
    const auto at = std::ranges::adjacent_find(all, differs_in_case);
    if (at == all.end()) return std::nullopt;
    return std::pair{at->second, (at + 1)->second};
}

}  // namespace p2p
