#include "report.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>

namespace p2p::bench {

namespace {

nlohmann::ordered_json to_json(const report& one) {
    nlohmann::ordered_json json{{"title", one.title}, {"figures", nlohmann::ordered_json::array()}};
    for (const figure& f : one.figures)
        json["figures"].push_back({{"name", f.name}, {"value", f.value}, {"unit", f.unit}});
    return json;
}

// Large numbers are counts, small ones ratios or seconds.
std::string show(double value) {
    constexpr double large = 1000;
    return value >= large ? fmt::format("{:.0f}", value) : fmt::format("{:.3f}", value);
}

void print_table(const report& one) {
    fmt::print("{}\n", one.title);
    for (const figure& f : one.figures) fmt::print("  {:<52} {:>12} {}\n", f.name, show(f.value), f.unit);
}

}  // namespace

void print(const std::vector<report>& reports, bool as_json) {
    if (!as_json) {
        for (const report& one : reports) print_table(one);
        return;
    }
    auto all = nlohmann::ordered_json::array();
    for (const report& one : reports) all.push_back(to_json(one));
    fmt::print("{}\n", all.dump(2));
}

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    std::ranges::sort(values);
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace p2p::bench
