#include "main/visitor_limits.hpp"

#include "main/options.hpp"
#include "protocol/messages.hpp"

#include <string>

namespace p2p {

void add_visitor_limits(CLI::App& app, const visitor_limits& limits) {
    constexpr byte_count gib = byte_count{1} << 30U;
    const auto time = [&app](const std::string& name, duration& value, const std::string& usual,
                             const std::string& help) {
        add_duration(app, name, value, help)->default_str(usual)->group("Limits");
    };
    add_count(app, "--max-connections", limits.connections.in_all, 1, any_number,
              "Connections from others, in all")
        ->group("Limits");
    add_count(app, "--max-connections-per-host", limits.connections.per_host, 1, any_number,
              "Connections from one address (of IPv6, from one /64)")
        ->group("Limits");
    time("--hello-limit", limits.hello, "10s", "Time that a new connection has until it has said hello");
    time("--silence-limit", limits.silence, "30s",
         "A peer that says nothing for so long is given up; each says something every 10s");
    add_size(app, "--max-line", limits.line, least_line_limit, gib, "Length of a line from a peer")
        ->group("Limits");
    add_size(app, "--max-buffered", limits.buffered, max_line_length, gib,
             "What waits to be sent on one connection, beside chunks")
        ->group("Limits");
}

}  // namespace p2p
