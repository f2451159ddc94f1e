#include "storage/chunk_folder.hpp"

#include "main/client/command.hpp"
#include "peer/chunk_work.hpp"
#include "peer/console.hpp"

#include <fmt/format.h>

namespace p2p::client {

namespace {

// Runs the session to its end, and its console no longer than that.
awaitable<void> run_session(peer& self, session& here, bool interactive, exit_code& code) {
    task_group beside(self.executor());
    std::unique_ptr<console> prompt;
    if (interactive) {
        console_actions actions;
        actions.status = [&here] { return here.status(); };
        actions.quit = [&self] { self.stop(); };
        prompt = std::make_unique<console>(self.executor(), std::move(actions));
        prompt->take_log();
        beside.spawn(prompt->read_commands());
        beside.spawn(prompt->show_status());
    }
    std::exception_ptr failure;
    try {
        code = co_await run_until_stopped(self, here);
    } catch (...) {
        failure = std::current_exception();
    }
    beside.cancel();
    co_await beside.join();
    if (failure) std::rethrow_exception(failure);
}

// Often it is not the network: a chunk of which there is only one copy is never handed out.
std::string why_missing(const session& here) {
    const chunk_set open = here.not_agreed();
    return open.empty()
               ? ""
               : fmt::format("; too few peers have announced the same of chunks {}", open.to_ranges());
}

}  // namespace

exit_code run_chunk_folder(const command& told) {
    auto folder = chunk_folder::open(told.chunk_folder);
    if (!folder) return say(exit_code::storage, folder.error());

    asio::io_context io;
    asio::thread_pool pool{worker_count()};
    exit_code code = exit_code::ok;
    session_options options = told.session;
    options.label = told.fileset;
    options.trackers = trackers_or_default(told.trackers);
    options.on_complete = tell_complete;
    const auto secured = secured_by(told);
    peer self(io.get_executor(), pool, peer_for(told, options.trackers, secured));
    session here(self, std::move(*folder), told.fileset, options);
    const bool interactive = !options.once && !told.json && console::has_input();
    // The console shows how far it is.
    const activities* const shown = interactive ? nullptr : &self.going_on();
    run(io, self.around(run_session(self, here, interactive, code)), told, shown, secured);
    pool.join();
    if (code == exit_code::incomplete)
        return say(code, fmt::format("{}: chunks {} are still missing{}", told.chunk_folder.native(),
                                     here.missing().to_ranges(), why_missing(here)));
    if (code == exit_code::disputed)
        return say(code, fmt::format("{}: complete, but chunks {} differ from what other peers agreed on",
                                     told.chunk_folder.native(), here.status().disputed.to_ranges()));
    return code;
}

}  // namespace p2p::client
