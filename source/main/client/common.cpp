#include "main/client/common.hpp"

#include "main/client/output.hpp"
#include "net/host.hpp"
#include "net/process.hpp"
#include "net/standard_streams.hpp"
#include "net/terminal.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace p2p::client {

exit_code say(exit_code code, std::string_view message) {
    print_message(fmt::format("p2pclient: {}\n", hide_keys(std::string{message})));
    tell(events::error{static_cast<int>(code), hide_keys(std::string{message})});
    return code;
}

std::shared_ptr<security> secured_by(const peer_settings& given, const std::optional<swarm_key>& key) {
    auto asked_for = open_security(given.security);
    if (asked_for || !key) return asked_for;
    return std::make_shared<security>(std::vector{*key});
}

namespace {

/// Where the trackers see this peer: on this machine only, if they are all there.
std::string usual_listen_host(const std::vector<endpoint>& trackers, bool advertises) {
    const auto is_here = [](const endpoint& one) { return is_loopback(one.host); };
    const auto is_ipv6 = [](const endpoint& one) { return one.host.find(':') != std::string::npos; };
    if (advertises || !std::ranges::all_of(trackers, is_here)) return "::";
    return std::ranges::all_of(trackers, is_ipv6) ? "::1" : "127.0.0.1";
}

}  // namespace

// Files that are read and written, trackers and the rest need some too: without them a peer with many
// connections would take its own disk for broken. Each set has one open for as long as it is served, and a
// file for each upload, of which a connection has one at a time.
void fit_into_descriptors(peer_settings& given, std::size_t sets) {
    constexpr std::size_t for_the_rest = 40;
    constexpr std::size_t fewest = 2;
    const std::size_t limit = descriptor_limit();
    const std::size_t taken = for_the_rest + sets;
    if (sets > 1 && taken + 2 * fewest > limit)
        throw session_failure(
            exit_code::usage,
            fmt::format(
                "{} file-sets need {} open files, and this process may have {} (ulimit -n): allow more, "
                "or serve fewer with one command",
                sets, taken + 2 * fewest, limit));
    const std::size_t files = sets * given.session.uploads.slots;
    std::size_t& ours = given.session.most_connections;
    std::size_t& theirs = given.peer.limits.connections.in_all;
    if (ours + theirs + std::min(theirs, files) + taken <= limit) return;
    std::size_t room = limit > taken ? limit - taken : 0;
    ours = std::min(ours, std::max(fewest, room / 3));
    room -= std::min(room, ours);
    theirs = std::min(theirs, std::max({fewest, room / 2, room - std::min(room, files)}));
    spdlog::debug("of {} descriptors, {} are for connections that this peer opens and {} for those of others",
                  limit, ours, theirs);
}

peer_options peer_for(const peer_settings& given, const std::vector<endpoint>& trackers,
                      std::shared_ptr<const security> secured) {
    peer_options options = given.peer;
    options.listen.host = given.listen.value_or(usual_listen_host(trackers, !given.peer.advertise.empty()));
    options.secured = std::move(secured);
    warn_if_open(options.listen.host, options.secured.get());
    return options;
}

std::vector<endpoint> trackers_or_default(const std::vector<endpoint>& named) {
    return named.empty() ? std::vector<endpoint>{{"127.0.0.1", usual_tracker_port}} : named;
}

session_watch events_of_sessions() {
    session_watch all;
    all.complete = [](const peer_status& s) {
        const std::chrono::duration<double> time = s.completed_after.value_or(s.elapsed);
        tell(events::complete{s.fileset, s.fetched, s.bytes_down, s.sources, s.wrong, time.count()});
    };
    all.ended = [](const peer_status& s) {
        if (s.bytes_up > 0) tell(events::sent{s.fileset, s.bytes_up, s.receivers});
    };
    all.wrong_chunk = [](const std::string& fileset, chunk_index chunk, const std::string& peer) {
        tell(events::wrong_chunk{fileset, chunk.value, peer});
    };
    all.tracker = [](const std::string& fileset, const endpoint& where, bool is_connected) {
        tell(events::tracker{fileset, where.to_string(), is_connected});
    };
    return all;
}

exit_code note_failure(exit_code code, const session_failure& failure) {
    spdlog::error("{}", hide_keys(failure.what()));
    tell(events::error{static_cast<int>(failure.code), hide_keys(failure.what())});
    return code == exit_code::ok ? failure.code : code;
}

std::optional<set_state> open_state_if_possible(const std::filesystem::path& root, const file_set_id& id) {
    auto state = set_state::open(root, id);
    if (state) return std::move(*state);
    if (state.error().in_use) throw session_failure(exit_code::storage, state.error().message);
    spdlog::warn(
        "{}: what is known about the files cannot be kept, `serve` would have to read them all again",
        state.error().message);
    return std::nullopt;
}

std::vector<file_set_id> known_sets_in(const std::filesystem::path& folder, std::string_view option) {
    std::vector<file_set_id> ids = sets_in(folder);
    if (!ids.empty()) return ids;
    throw session_failure(exit_code::storage,
                          fmt::format("{}{}: nothing was shared from here or fetched to here", option,
                                      printable(folder.native())));
}

}  // namespace p2p::client
