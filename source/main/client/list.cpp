#include "main/client/commands.hpp"
#include "main/client/common.hpp"
#include "main/client/output.hpp"
#include "main/client/running.hpp"
#include "peer/visit.hpp"

#include <fmt/format.h>

namespace p2p::client {

namespace {

awaitable<void> print_list(std::vector<endpoint> trackers, connecting how) {
    const std::vector<set_listing> sets = co_await list_sets(std::move(trackers), std::move(how));
    for (const set_listing& one : sets) tell(one);
}

}  // namespace

exit_code list(const peer_settings& given) {
    const auto secured = secured_by(given);
    const connecting how{.limit = tracker_connect_limit, .secured = secured, .is_named = true};
    asio::io_context io;
    run(io, print_list(trackers_or_default(given.trackers), how), nullptr);
    return exit_code::ok;
}

}  // namespace p2p::client
