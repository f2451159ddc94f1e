#include "main/client/commands.hpp"
#include "main/client/common.hpp"
#include "main/client/running.hpp"
#include "net/on_pool.hpp"
#include "net/task_group.hpp"
#include "net/worker_pool.hpp"
#include "peer/chunk_work.hpp"
#include "peer/prepare.hpp"
#include "peer/session.hpp"
#include "storage/set_state.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace p2p::client {

namespace {

struct known_set {
    std::filesystem::path root;
    file_set_id id;
    std::vector<endpoint> trackers;
    std::optional<swarm_key> key;
};

struct serving {
    const peer_settings& given;
    asio::thread_pool& pool;
    peer& self;
    std::vector<known_set> sets;
    exit_code code = exit_code::ok;
};

known_set remembered(const peer_settings& given, const std::filesystem::path& root, const file_set_id& id) {
    const auto where = read_link(root, id);
    if (!where) throw session_failure(exit_code::storage, where.error());
    return {root, id, given.trackers.empty() ? where->trackers : given.trackers, where->key};
}

/// A folder that has none does not keep the others from being served.
std::vector<known_set> find_sets(const peer_settings& given, const set_folders& folders, exit_code& code) {
    std::vector<known_set> sets;
    for (const std::filesystem::path& root : folders) {
        try {
            for (const file_set_id& id : known_sets_in(root)) sets.push_back(remembered(given, root, id));
        } catch (const session_failure& failure) {
            code = note_failure(code, failure);
        }
    }
    return sets;
}

/// One port has one secret.
std::shared_ptr<security> secured_for(const peer_settings& given, const std::vector<known_set>& sets) {
    const std::optional<swarm_key> key = sets.empty() ? std::nullopt : sets.front().key;
    auto secured = secured_by(given, key);
    for (const known_set& one : sets)
        if (one.key != key && !given.security.names_files())
            throw session_failure(
                exit_code::usage,
                fmt::format("{} and {} do not have the same secret: serve them with a command each",
                            printable(sets.front().root.native()), printable(one.root.native())));
    return secured;
}

std::unique_ptr<published_store> open_set(const std::filesystem::path& root, const file_set_id& id) {
    auto set = read_manifest(root, id);
    if (!set) throw session_failure(exit_code::storage, set.error());
    auto state = open_state_if_possible(root, id);
    auto disk = set_disk::open(root, *set, std::move(state));
    if (!disk) throw session_failure(exit_code::storage, disk.error());
    return std::make_unique<published_store>(std::move(*disk));
}

awaitable<void> serve_set(serving& what, known_set one) {
    const auto open = [&] { return open_set(one.root, one.id); };
    std::unique_ptr<published_store> store = co_await on_pool(what.pool, open);
    co_await prepare(what.pool, what.self.going_on(), *store, true, {});
    const std::string label = printable(store->published()->name());
    const std::uint32_t absent = store->missing().size();
    if (store->present().empty() && absent > 0)
        throw session_failure(exit_code::incomplete,
                              fmt::format("{}: nothing of {} is there", printable(one.root.native()), label));
    if (absent > 0)
        spdlog::warn("{}: {} of {} chunks are not there or have changed: they are not served", label, absent,
                     store->count());

    session_options options = what.given.session;
    options.label = label;
    options.trackers = one.trackers;
    options.fetch = false;
    options.watch = events_of_sessions();
    session served(what.self, std::move(store), {}, options);
    co_await served.run();
}

// One that fails does not end the others.
awaitable<void> serve_guarded(serving& what, known_set one) {
    try {
        co_await serve_set(what, std::move(one));
    } catch (const session_failure& failure) {
        what.code = note_failure(what.code, failure);
    }
}

awaitable<void> serve_all(serving& what) {
    task_group sets(what.self.executor());
    for (const known_set& one : what.sets) sets.spawn(serve_guarded(what, one));
    co_await sets.join();
}

}  // namespace

exit_code serve(const peer_settings& given, const set_folders& folders) {
    asio::io_context io;
    worker_pool pool{worker_count()};
    exit_code code = exit_code::ok;
    std::vector<known_set> sets = find_sets(given, folders, code);
    if (sets.empty()) return code;
    peer_settings fitted = given;
    fit_into_descriptors(fitted, sets.size());
    std::vector<endpoint> trackers;
    for (const known_set& one : sets)
        trackers.insert(trackers.end(), one.trackers.begin(), one.trackers.end());
    const auto secured = secured_for(given, sets);
    peer self(io.get_executor(), pool, peer_for(fitted, trackers, secured));
    serving what{fitted, pool, self, std::move(sets), code};
    const running here{self, secured, given.security.names_files() ? std::nullopt : what.sets.front().key};
    const exit_code added = run(io, here, serve_all(what), fitted);
    pool.join();
    return what.code == exit_code::ok ? added : what.code;
}

}  // namespace p2p::client
