#include "storage/chunk_folder.hpp"

#include "main/client/command.hpp"
#include "main/client/console.hpp"
#include "peer/chunk_work.hpp"

#include <fmt/format.h>

namespace p2p::client {

namespace {

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
    worker_pool pool{worker_count()};
    exit_code code = exit_code::ok;
    session_options options = told.session;
    options.label = told.fileset;
    options.trackers = trackers_or_default(told.trackers);
    options.watch = told_events();
    const auto secured = secured_by(told);
    peer self(io.get_executor(), pool, peer_for(told, options.trackers, secured));
    session here(self, std::move(*folder), told.fileset, options);
    const bool takes_commands = !options.once && !told.json && console::has_input();
    const auto work = [&]() -> awaitable<void> { code = co_await here.run(); };
    const exit_code added =
        run(io, {.self = self, .secured = secured, .stay = !options.once, .takes_commands = takes_commands},
            work(), told);
    pool.join();
    if (code == exit_code::incomplete)
        return say(code, fmt::format("{}: chunks {} are still missing{}", told.chunk_folder.native(),
                                     here.missing().to_ranges(), why_missing(here)));
    if (code == exit_code::disputed)
        return say(code, fmt::format("{}: complete, but chunks {} differ from what other peers agreed on",
                                     told.chunk_folder.native(), here.status().disputed.to_ranges()));
    return code == exit_code::ok ? added : code;
}

}  // namespace p2p::client
