#include "main/client/commands.hpp"
#include "main/client/common.hpp"
#include "main/client/output.hpp"
#include "main/client/running.hpp"
#include "net/worker_pool.hpp"
#include "peer/chunk_work.hpp"
#include "peer/fetch_set.hpp"

#include <iostream>

namespace p2p::client {

namespace {

/// What a mistyped folder has would be missed silently.
void check_reuse(const std::vector<std::filesystem::path>& folders) {
    for (const auto& folder : folders) (void)known_sets_in(folder, "--reuse ");
}

/// "-": what is on standard input, where no list of processes shows it.
std::string read_target(const get_settings& what) {
    if (what.target != "-") return what.target;
    std::string line;
    std::getline(std::cin, line);
    constexpr std::string_view blanks = " \t\r";
    line.erase(0, line.find_first_not_of(blanks));
    line.erase(line.find_last_not_of(blanks) + 1);
    if (line.empty()) throw session_failure(exit_code::usage, "no link came on standard input");
    return line;
}

/// A link, an id, or a name.
fetch_order parse_target(const peer_settings& given, const get_settings& what) {
    const std::string target = read_target(what);
    fetch_order order;
    if (const auto parsed = parse_link(target)) {
        order.from = *parsed;
        if (!given.trackers.empty()) order.from.trackers = given.trackers;
        return order;
    } else if (target.find("://") != std::string::npos) {
        throw session_failure(exit_code::usage, parsed.error());
    } else if (target != hide_keys(target)) {
        throw session_failure(exit_code::usage, "a link begins with p2p://");
    }
    order.from.trackers = trackers_or_default(given.trackers);
    if (const auto id = sha256_digest::from_hex(target))
        order.from.id = *id;
    else
        order.by_name = target;
    return order;
}

}  // namespace

exit_code get(const peer_settings& given, const get_settings& what) {
    asio::io_context io;
    worker_pool pool{worker_count()};
    check_reuse(what.reuse);
    fetch_order order = parse_target(given, what);
    if (!order.from.key) order.from.key = key_at_hand(order.from, what.destination);
    order.destination = what.destination;
    order.reuse = what.reuse;
    order.stay = what.stay;
    order.session = given.session;
    order.session.watch = events_of_sessions();
    order.on_found = tell;
    const std::optional<swarm_key> key = order.from.key;
    const auto secured = secured_by(given, key);
    peer self(io.get_executor(), pool, peer_for(given, order.from.trackers, secured));
    const running here{self, secured, given.security.names_files() ? std::nullopt : key, what.stay};
    const exit_code code = run(io, here, fetch_set(self, std::move(order)), given);
    pool.join();
    return code;
}

}  // namespace p2p::client
