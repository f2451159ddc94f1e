#include "main/client/running.hpp"

#include "main/client/console.hpp"
#include "main/client/display.hpp"
#include "main/client/peer_site.hpp"
#include "net/local_socket.hpp"
#include "net/task_group.hpp"
#include "tracker/tracker_site.hpp"
#include "web/server.hpp"

namespace p2p::client {

void run(asio::io_context& io, awaitable<void> work, const activities* shown) {
    std::exception_ptr failure;
    std::optional<display> there;
    if (shown != nullptr) there.emplace(io.get_executor(), *shown);
    asio::co_spawn(io, std::move(work), [&](std::exception_ptr error) {
        failure = std::move(error);
        there.reset();
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

awaitable<void> accompany(const running& what, awaitable<void> body, const peer_settings& given,
                          controls& all, doors& open) {
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
    if (what.takes_commands || (given.console && console::has_input()))
        beside.spawn(prompt.emplace(what.self.executor(), all).run());
    what.self.obey_signals();
    const auto hangup = catch_hangup(what.self.executor(), given.security, what.secured,
                                     [&self = what.self] { self.stop(); });
    co_await beside.cancel_after(what.self.run(std::move(body)));
}

}  // namespace

exit_code run(asio::io_context& io, const running& what, awaitable<void> body, const peer_settings& given) {
    controls all{what.self, given.session, what.key, what.stay};
    doors open;
    if (!given.control.empty()) open.socket.emplace(io.get_executor(), given.control);
    open.site = site_of(what, all);
    open.pages = open_pages(io.get_executor(), given.web, *open.site);
    awaitable<void> work = accompany(what, std::move(body), given, all, open);
    run(io, std::move(work), given.output.quiet ? nullptr : &what.self.going_on());
    return all.code();
}

}  // namespace p2p::client
