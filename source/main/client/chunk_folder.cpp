#include "storage/chunk_folder.hpp"

#include "main/client/commands.hpp"
#include "main/client/common.hpp"
#include "main/client/console.hpp"
#include "main/client/running.hpp"
#include "net/worker_pool.hpp"
#include "peer/chunk_work.hpp"
#include "peer/peer.hpp"
#include "peer/session.hpp"

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

exit_code run_chunk_folder(const peer_settings& given, const chunk_folder_settings& what) {
    auto folder = chunk_folder::open(what.folder);
    if (!folder) return say(exit_code::storage, folder.error());

    asio::io_context io;
    worker_pool pool{worker_count()};
    exit_code code = exit_code::ok;
    session_options options = given.session;
    options.label = what.fileset;
    options.trackers = trackers_or_default(given.trackers);
    options.watch = events_of_sessions();
    const auto secured = secured_by(given);
    peer self(io.get_executor(), pool, peer_for(given, options.trackers, secured));
    session here(self, std::move(*folder), what.fileset, options);
    const bool takes_commands = !options.once && !given.output.json && console::has_input();
    const auto work = [&]() -> awaitable<void> { code = co_await here.run(); };
    const exit_code added =
        run(io, {.self = self, .secured = secured, .stay = !options.once, .takes_commands = takes_commands},
            work(), given);
    pool.join();
    if (code == exit_code::incomplete)
        return say(code, fmt::format("{}: chunks {} are still missing{}", what.folder.native(),
                                     here.missing().to_ranges(), why_missing(here)));
    if (code == exit_code::disputed)
        return say(code, fmt::format("{}: complete, but chunks {} differ from what other peers agreed on",
                                     what.folder.native(), here.status().disputed.to_ranges()));
    return code == exit_code::ok ? added : code;
}

}  // namespace p2p::client
