#include "main/client/command.hpp"
#include "main/client/display.hpp"
#include "net/terminal.hpp"
#include "storage/set_state.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>

namespace p2p::client {

exit_code say(exit_code code, std::string_view message) {
    print_above_status_line([&] { fmt::print(stderr, "p2pclient: {}\n", hide_keys(std::string{message})); });
    tell(events::error{static_cast<int>(code), hide_keys(std::string{message})});
    return code;
}

void run(asio::io_context& io, awaitable<void> work, const command& told, const activities* going_on,
         std::shared_ptr<security> secured) {
    std::exception_ptr failure;
    auto reload = reload_on_hangup(io.get_executor(), told.security, std::move(secured));
    std::optional<display> shown;
    if (going_on != nullptr && !told.quiet) shown.emplace(io.get_executor(), *going_on);
    asio::co_spawn(io, std::move(work), [&](std::exception_ptr error) {
        failure = std::move(error);
        reload.reset();
        shown.reset();
    });
    io.run();
    if (failure) std::rethrow_exception(failure);
}

std::shared_ptr<security> secured_by(const command& told, const std::optional<swarm_key>& key) {
    auto asked_for = open_security(told.security);
    if (asked_for || !key) return asked_for;
    return std::make_shared<security>(std::vector{*key});
}

namespace {

/// Where the trackers see this peer: on this machine only, if they are all there.
std::string usual_listen_host(const std::vector<endpoint>& trackers, bool advertises) {
    const auto is_ipv6 = [](const endpoint& one) { return one.host.find(':') != std::string::npos; };
    const auto is_here = [](const endpoint& one) { return is_loopback(one.host); };
    const bool all_here = !advertises && std::ranges::all_of(trackers, is_here);
    if (std::ranges::none_of(trackers, is_ipv6)) return all_here ? "127.0.0.1" : "0.0.0.0";
    return all_here && std::ranges::all_of(trackers, is_ipv6) ? "::1" : "::";
}

}  // namespace

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

void tell_complete(const peer_status& s) {
    const std::chrono::duration<double> time = s.completed_after.value_or(s.elapsed);
    tell(events::complete{s.fileset, s.fetched, s.bytes_down, s.sources, s.wrong, time.count()});
}

awaitable<exit_code> run_until_stopped(peer& self, session& one) {
    struct farewell {
        peer& self;
        ~farewell() { self.on_stop_signal({}); }
    } const at_the_end{self};
    self.on_stop_signal([&one] { one.stop(); });
    const exit_code code = co_await one.run();
    const peer_status is = one.status();
    if (is.bytes_up > 0) tell(events::sent{is.fileset, is.bytes_up, is.receivers});
    co_return code;
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
