// What a measurement found: figures with a name and a unit, printed as a table or as JSON.
#pragma once

#include <string>
#include <vector>

namespace p2p::bench {

struct figure {
    std::string name;
    double value = 0;
    std::string unit;  ///< empty: a ratio or a count
};

struct report {
    std::string title;  ///< what was measured, with its parameters
    std::vector<figure> figures;

    void add(std::string name, double value, std::string unit = {}) {
        figures.push_back({std::move(name), value, std::move(unit)});
    }
};

/// On standard output. As JSON: an array of {"title": …, "figures": [{"name": …, "value": …, "unit": …}, …]}.
void print(const std::vector<report>& reports, bool as_json);

/// The middle one of them (the mean of the two in the middle); of none, 0.
double median(std::vector<double> values);

}  // namespace p2p::bench
