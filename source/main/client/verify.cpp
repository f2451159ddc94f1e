#include "main/client/commands.hpp"
#include "main/client/common.hpp"
#include "main/client/output.hpp"
#include "main/client/running.hpp"
#include "net/on_pool.hpp"
#include "net/worker_pool.hpp"
#include "peer/chunk_work.hpp"
#include "peer/prepare.hpp"
#include "storage/set_state.hpp"
#include "storage/set_verify.hpp"

#include <fmt/format.h>

namespace p2p::client {

namespace {

exit_code worse(exit_code a, exit_code b) {
    return a == exit_code::ok ? b : a;
}

awaitable<exit_code> verify_set(asio::thread_pool& pool, activities& shown_in, std::filesystem::path root,
                                file_set_id id) {
    auto set = read_manifest(root, id);
    if (!set) throw session_failure(exit_code::storage, set.error());
    // While a peer uses the set, or where nothing can be written, it is verified all the same.
    auto state = set_state::open(root, id);
    auto disk = set_disk::open(root, *set, state ? std::optional{std::move(*state)} : std::nullopt);
    if (!disk) throw session_failure(exit_code::storage, disk.error());

    const chunk_set wrong = co_await find_wrong(pool, shown_in, *disk);
    const auto compare = [&] {
        auto lines = differences(**disk, wrong);
        if ((*disk)->has_state()) (void)record_wrong(**disk, wrong);
        return lines;
    };
    const std::vector<std::string> lines = co_await on_pool(pool, compare);
    for (const std::string& line : lines) tell(events::differs{line});
    const std::string name = printable((*set)->name());
    tell(events::verified{std::string{(*set)->name()}, (*set)->chunk_count(), wrong.size(), lines.size()});
    if (lines.empty() && wrong.empty()) co_return exit_code::ok;
    co_return say(exit_code::differs,
                  fmt::format("{}: {} of {} chunks are wrong or missing; `get` repairs them", name,
                              wrong.size(), (*set)->chunk_count()));
}

awaitable<void> verify_all(const set_folders& folders, asio::thread_pool& pool, activities& shown_in,
                           exit_code& code) {
    for (const std::filesystem::path& root : folders) {
        const std::vector<file_set_id> ids = known_sets_in(root);
        for (const file_set_id& id : ids) {
            const exit_code one = co_await verify_set(pool, shown_in, root, id);
            code = worse(code, one);
        }
    }
}

}  // namespace

exit_code verify(const peer_settings& given, const set_folders& folders) {
    asio::io_context io;
    worker_pool pool{worker_count()};
    exit_code code = exit_code::ok;
    activities going_on;
    run(io, verify_all(folders, pool, going_on, code), given.output.quiet ? nullptr : &going_on);
    pool.join();
    return code;
}

}  // namespace p2p::client
