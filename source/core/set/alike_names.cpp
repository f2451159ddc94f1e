#include "core/set/alike_names.hpp"

#include "core/base/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

namespace p2p {

namespace {

struct folder {
    std::string_view path{};
    std::vector<std::pair<std::string, std::string_view>> names{};  // key and name
};

bool is_in(std::string_view path, std::string_view folder) {
    return folder.empty() || (path.starts_with(folder) && path.substr(folder.size()).starts_with('/'));
}

/// Goes through the paths of a set, which come folder by folder. Has in memory what is in those that are not
/// left yet.
class walk {
public:
    void visit(std::string_view path) {
        while (!is_in(path, above_.back().path)) leave();
        for (;;) {
            const std::size_t begin = above_.back().path.empty() ? 0 : above_.back().path.size() + 1;
            const std::size_t end = std::min(path.find('/', begin), path.size());
            const std::string_view name = path.substr(begin, end - begin);
            above_.back().names.emplace_back(alike_key(name), name);
            if (end == path.size()) return;
            above_.push_back({path.substr(0, end)});
        }
    }

    std::vector<alike_names> end() {
        while (!above_.empty()) leave();
        return std::move(found_);
    }

private:
    void leave() {
        add_alike(std::move(above_.back()));
        above_.pop_back();
    }

    void add_alike(folder of) {
        std::ranges::sort(of.names);
        for (auto first = of.names.begin(); first != of.names.end();) {
            const auto last = std::find_if(first, of.names.end(),
                                           [&](const auto& other) { return other.first != first->first; });
            if (last - first > 1) {
                alike_names& group = found_.emplace_back(alike_names{std::string{of.path}, {}});
                std::transform(first, last, std::back_inserter(group.names),
                               [](const auto& one) { return std::string{one.second}; });
            }
            first = last;
        }
    }

    std::vector<folder> above_{{}};
    std::vector<alike_names> found_;
};

}  // namespace

std::string alike_key(std::string_view name) {
    std::string key = folded(name);
    key.erase(key.find_last_not_of(". ") + 1);
    return key;
}

std::vector<alike_names> alike_names_in(const manifest& set) {
    walk through;
    for (std::uint32_t number = 0; number < set.entry_count(); ++number)
        through.visit(set.entry(number).path);
    return through.end();
}

}  // namespace p2p
