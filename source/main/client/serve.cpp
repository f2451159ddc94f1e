#include "main/client/command.hpp"
#include "net/on_pool.hpp"
#include "peer/chunk_work.hpp"
#include "peer/prepare.hpp"
#include "storage/set_state.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace p2p::client {

namespace {

struct serving {
    const command& told;
    asio::thread_pool& pool;
    peer& self;
    std::vector<session*> sessions;
    exit_code code = exit_code::ok;
    bool stopped = false;
};

void note_failure(serving& what, const session_failure& failure) {
    if (what.code == exit_code::ok) what.code = failure.code;
    spdlog::error("{}", failure.what());
}

std::unique_ptr<published_store> open_set(const std::filesystem::path& root, const file_set_id& id,
                                          link& where) {
    auto set = read_manifest(root, id);
    if (!set) throw session_failure(exit_code::storage, set.error());
    auto state = open_state_if_possible(root, id);
    if (state)
        if (const auto known = state->read_link()) where = *known;
    auto disk = set_disk::open(root, *set, std::move(state));
    if (!disk) throw session_failure(exit_code::storage, disk.error());
    return std::make_unique<published_store>(std::move(*disk));
}

awaitable<void> serve_set(serving& what, std::filesystem::path root, file_set_id id) {
    link where{{}, id, {}};
    const auto open = [&] { return open_set(root, id, where); };
    std::unique_ptr<published_store> store = co_await on_pool(what.pool, open);
    co_await prepare(what.pool, *store, true, {});
    const std::string label = printable(store->published()->name());
    const std::uint32_t absent = store->missing().size();
    if (store->present().empty() && absent > 0)
        throw session_failure(exit_code::incomplete,
                              fmt::format("{}: nothing of {} is there", printable(root.native()), label));
    if (absent > 0)
        spdlog::warn("{}: {} of {} chunks are not there or have changed: they are not served", label, absent,
                     store->count());

    session_options options = what.told.session;
    options.label = label;
    options.trackers = what.told.trackers.empty() ? trackers_or_default(where.trackers) : what.told.trackers;
    options.fetch = false;
    session served(what.self, std::move(store), {}, options);
    what.sessions.push_back(&served);
    struct farewell {
        serving& all;
        session* mine;
        ~farewell() { std::erase(all.sessions, mine); }
    } const at_the_end{what, &served};
    if (what.stopped) served.stop();
    co_await served.run();
}

// One that fails does not end the others.
awaitable<void> serve_guarded(serving& what, std::filesystem::path root, file_set_id id) {
    try {
        co_await serve_set(what, std::move(root), id);
    } catch (const session_failure& failure) {
        note_failure(what, failure);
    }
}

awaitable<void> serve_all(serving& what) {
    what.self.on_stop_signal([&what] {
        what.stopped = true;
        for (session* one : what.sessions) one->stop();
    });
    task_group sets(what.self.executor());
    for (const std::filesystem::path& root : what.told.folders) {
        try {
            for (const file_set_id& id : known_sets_in(root)) sets.spawn(serve_guarded(what, root, id));
        } catch (const session_failure& failure) {
            note_failure(what, failure);
        }
    }
    co_await sets.join();
    what.self.on_stop_signal({});
}

}  // namespace

exit_code serve(const command& told) {
    asio::io_context io;
    asio::thread_pool pool{worker_count()};
    peer self(io.get_executor(), pool, told.peer);
    serving what{told, pool, self, {}};
    run(io, self.around(serve_all(what)));
    pool.join();
    return what.code;
}

}  // namespace p2p::client
