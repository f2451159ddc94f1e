#include "main/client/command.hpp"
#include "main/client/console.hpp"
#include "main/client/display.hpp"
#include "main/client/peer_site.hpp"
#include "net/host.hpp"
#include "net/local_socket.hpp"
#include "net/process.hpp"
#include "net/terminal.hpp"
#include "storage/set_state.hpp"
#include "tracker/tracker_site.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>

namespace p2p::client {

exit_code say(exit_code code, std::string_view message) {
    print_message(fmt::format("p2pclient: {}\n", hide_keys(std::string{message})));
    tell(events::error{static_cast<int>(code), hide_keys(std::string{message})});
    return code;
}

void run(asio::io_context& io, awaitable<void> work, const command& told, const activities* going_on) {
    std::exception_ptr failure;
    std::optional<display> shown;
    if (going_on != nullptr && !told.quiet) shown.emplace(io.get_executor(), *going_on);
    asio::co_spawn(io, std::move(work), [&](std::exception_ptr error) {
        failure = std::move(error);
        shown.reset();
    });
    io.run();
    if (failure) std::rethrow_exception(failure);
}

namespace {

/// Where it can be asked while it runs.
struct doors {
    std::optional<local_listener> socket{};
    std::unique_ptr<web_site> site{};
    std::unique_ptr<web_server> pages{};
};

/// Of a peer, or of the tracker that runs with it.
std::unique_ptr<web_site> site_of(const running& what, controls& all) {
    if (what.tracker != nullptr) return std::make_unique<tracker_site>(*what.tracker, P2P_VERSION);
    return std::make_unique<peer_site>(what.self, all);
}

awaitable<void> accompany(const running& what, awaitable<void> body, const command& told, controls& all,
                          doors& open) {
    task_group beside(what.self.executor());
    beside.spawn(all.watch());
    if (what.tracker != nullptr) beside.spawn(what.tracker->run());
    if (open.pages) beside.spawn(open.pages->run());
    if (open.socket) {
        const auto refuse = [](std::string_view why) {
            return control::to_line(control::refused{static_cast<int>(exit_code::usage), std::string{why}});
        };
        const auto answer = [&all, refuse](std::string_view line) {
            const auto asked = control::read_request(line);
            return asked ? control::to_line(all.carry_out(*asked)) : refuse(asked.error());
        };
        beside.spawn(open.socket->serve(answer, refuse));
    }
    std::optional<console> prompt;
    if (what.takes_commands || (told.console && console::has_input()))
        beside.spawn(prompt.emplace(what.self.executor(), all).run());
    what.self.obey_signals();
    const auto hangup =
        catch_hangup(what.self.executor(), told.security, what.secured, [&self = what.self] { self.stop(); });
    co_await beside.during(what.self.around(std::move(body)));
}

}  // namespace

exit_code run(asio::io_context& io, const running& what, awaitable<void> body, const command& told) {
    controls all{what.self, told, what.key, what.stay};
    doors open;
    if (!told.control.empty()) open.socket.emplace(io.get_executor(), told.control);
    open.site = site_of(what, all);
    open.pages = open_pages(io.get_executor(), told.web, *open.site);
    awaitable<void> work = accompany(what, std::move(body), told, all, open);
    run(io, std::move(work), told, &what.self.going_on());
    return all.code();
}

std::shared_ptr<security> secured_by(const command& told, const std::optional<swarm_key>& key) {
    auto asked_for = open_security(told.security);
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
void fit_into_descriptors(command& told, std::size_t sets) {
    constexpr std::size_t for_the_rest = 40;
    constexpr std::size_t fewest = 2;
    const std::size_t limit = descriptor_limit();
    const std::size_t taken = for_the_rest + sets;
    const std::size_t files = sets * told.session.uploads.slots;
    std::size_t& ours = told.session.most_connections;
    std::size_t& theirs = told.peer.limits.connections.in_all;
    if (ours + theirs + std::min(theirs, files) + taken <= limit) return;
    std::size_t room = limit > taken ? limit - taken : 0;
    ours = std::min(ours, std::max(fewest, room / 3));
    room -= std::min(room, ours);
    theirs = std::min(theirs, std::max({fewest, room / 2, room - std::min(room, files)}));
    spdlog::debug("of {} descriptors, {} are for connections that this peer opens and {} for those of others",
                  limit, ours, theirs);
}

peer_options peer_for(const command& told, const std::vector<endpoint>& trackers,
                      std::shared_ptr<const security> secured) {
    peer_options options = told.peer;
    options.listen.host = told.listen.value_or(usual_listen_host(trackers, !told.peer.advertise.empty()));
    options.secured = std::move(secured);
    warn_if_open(options.listen.host, options.secured.get());
    return options;
}

std::vector<endpoint> trackers_or_default(const std::vector<endpoint>& named) {
    return named.empty() ? std::vector<endpoint>{{"127.0.0.1", usual_tracker_port}} : named;
}

session_watch told_events() {
    session_watch all;
    all.complete = [](const peer_status& s) {
        const std::chrono::duration<double> time = s.completed_after.value_or(s.elapsed);
        tell(events::complete{s.fileset, s.fetched, s.bytes_down, s.sources, s.wrong, time.count()});
    };
    all.over = [](const peer_status& s) {
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
