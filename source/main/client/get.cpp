#include "main/client/command.hpp"
#include "peer/chunk_work.hpp"

#include <iostream>

namespace p2p::client {

namespace {

/// What a mistyped folder has would be missed silently.
void check_reuse(const std::vector<std::filesystem::path>& folders) {
    for (const auto& folder : folders) (void)known_sets_in(folder, "--reuse ");
}

/// "-": what is on standard input, where no list of processes shows it.
std::string read_target(const command& told) {
    if (told.target != "-") return told.target;
    std::string line;
    std::getline(std::cin, line);
    constexpr std::string_view blanks = " \t\r";
    line.erase(0, line.find_first_not_of(blanks));
    line.erase(line.find_last_not_of(blanks) + 1);
    if (line.empty()) throw session_failure(exit_code::usage, "no link came on standard input");
    return line;
}

/// A link, an id, or a name.
fetch_order parse_target(const command& told) {
    const std::string target = read_target(told);
    fetch_order what;
    if (const auto parsed = parse_link(target)) {
        what.from = *parsed;
        if (!told.trackers.empty()) what.from.trackers = told.trackers;
        return what;
    } else if (target.find("://") != std::string::npos) {
        throw session_failure(exit_code::usage, parsed.error());
    } else if (target != hide_keys(target)) {
        throw session_failure(exit_code::usage, "a link begins with p2p://");
    }
    what.from.trackers = trackers_or_default(told.trackers);
    if (const auto id = sha256_digest::from_hex(target))
        what.from.id = *id;
    else
        what.by_name = target;
    return what;
}

}  // namespace

exit_code get(const command& told) {
    asio::io_context io;
    worker_pool pool{worker_count()};
    check_reuse(told.reuse);
    fetch_order what = parse_target(told);
    if (!what.from.key) what.from.key = key_at_hand(what.from, told.destination);
    what.destination = told.destination;
    what.reuse = told.reuse;
    what.stay = told.stay;
    what.session = told.session;
    what.session.watch = told_events();
    what.on_found = tell;
    const std::optional<swarm_key> key = what.from.key;
    const auto secured = secured_by(told, key);
    peer self(io.get_executor(), pool, peer_for(told, what.from.trackers, secured));
    const running here{self, secured, told.security.names_files() ? std::nullopt : key, told.stay};
    const exit_code code = run(io, here, fetch_set(self, std::move(what)), told);
    pool.join();
    return code;
}

}  // namespace p2p::client
