// Options of both programs: how much those who connect to them may take.
#pragma once

#include "core/base/units.hpp"
#include "core/hosts/connection_counter.hpp"

#include <cstddef>

namespace CLI {
class App;
}

namespace p2p {

/// For counts that no figure bounds.
inline constexpr int any_number = 1'000'000'000;

/// Where what is asked for goes; what is there is the default that --help shows.
struct visitor_limits {
    connection_limits& connections;
    duration& hello;
    duration& silence;
    std::size_t& line;
    std::size_t& buffered;
};

void add_visitor_limits(CLI::App& app, const visitor_limits& limits);

}  // namespace p2p
