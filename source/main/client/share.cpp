#include "main/client/commands.hpp"
#include "main/client/common.hpp"
#include "main/client/output.hpp"
#include "main/client/running.hpp"
#include "net/host.hpp"
#include "net/listener.hpp"
#include "net/on_pool.hpp"
#include "net/own_address.hpp"
#include "net/standard_streams.hpp"
#include "net/task_group.hpp"
#include "net/worker_pool.hpp"
#include "peer/chunk_work.hpp"
#include "peer/hash_tree.hpp"
#include "peer/peer.hpp"
#include "peer/session.hpp"
#include "storage/published_store.hpp"
#include "storage/set_state.hpp"
#include "tracker/server.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <bit>

namespace p2p::client {

namespace {

/// A tracker of one's own, that listens there: how others reach it, and the sharer, for whom addresses may
/// come and go.
own_tracker ways_to(const endpoint& listens) {
    const bool ipv4_only = listens.host == "0.0.0.0";
    if (!ipv4_only && listens.host != "::") return {{listens}, listens};
    own_tracker own{{}, {"127.0.0.1", listens.port}};
    for (const std::string& host : own_addresses())
        if (!ipv4_only || host.find(':') == std::string::npos) own.known_as.push_back({host, listens.port});
    if (own.known_as.empty()) own.known_as.push_back(own.here);
    return own;
}

void warn_of_what_is_left_out(const scanned_tree& tree) {
    constexpr std::size_t most_named = 5;
    for (std::size_t i = 0; i < std::min(most_named, tree.left_out.size()); ++i)
        spdlog::warn("{}: left out: no file, folder or link",
                     printable((tree.root / tree.left_out[i]).native()));
    if (tree.left_out.size() > most_named)
        spdlog::warn("{} more were left out", tree.left_out.size() - most_named);
}

std::unique_ptr<published_store> store_of(const std::filesystem::path& root, const hashed_tree& hashed,
                                          const link& where) {
    auto state = open_state_if_possible(root, hashed.set->id());
    if (state) {
        auto kept = state->write_manifest(*hashed.set);
        if (kept) kept = state->write_link(where);
        if (kept) kept = state->rewrite_journal("");
        if (!kept) throw session_failure(exit_code::storage, kept.error());
    }
    auto disk = set_disk::open(root, hashed.set, std::move(state));
    if (!disk) throw session_failure(exit_code::storage, disk.error());
    auto store = std::make_unique<published_store>(std::move(*disk));
    store->all_present(hashed.stamps);
    if (const auto saved = store->save_job()(); !saved)
        throw session_failure(exit_code::storage, saved.error());
    forget_outdated(root, *hashed.set);
    return store;
}

/// Of what was shared from here under that name before: links that people have go on working.
std::optional<swarm_key> kept_key(const std::filesystem::path& root, const std::string& name) {
    for (const file_set_id& id : sets_in(root))
        if (const auto before = read_link(root, id); before && before->name == name && before->key)
            return before->key;
    return std::nullopt;
}

awaitable<void> print_link(session& shared, link where) {
    co_await shared.announced();
    if (shared.stopping()) co_return;
    tell(events::link{where.name, where.to_string()});
    if (is_result_lost()) shared.stop();  // nobody has the link
}

struct sharing {
    const peer_settings& given;
    const share_options& options;
    asio::thread_pool& pool;
    peer& self;
    std::vector<endpoint> trackers;  // that this peer uses
    std::vector<endpoint> in_link;   // the same, as others know them
    std::optional<swarm_key> key;    // that goes into the link, too
    scanned_tree tree;
};

awaitable<void> share_tree(sharing& what) {
    const std::filesystem::path root = what.tree.root;
    const hashed_tree hashed =
        co_await hash_tree(what.pool, what.self.going_on(), std::move(what.tree), what.options);
    const link where{what.in_link, hashed.set->id(), std::string{hashed.set->name()}, what.key};
    const auto open = [&] { return store_of(root, hashed, where); };
    std::unique_ptr<chunk_store> store = co_await on_pool(what.pool, open);

    session_options options = what.given.session;
    options.label = where.name;
    options.trackers = what.trackers;
    options.fetch = false;
    options.needs_tracker = true;
    options.watch = events_of_sessions();
    session shared(what.self, std::move(store), {}, options);
    task_group beside(what.self.executor());
    beside.spawn(print_link(shared, where));
    const auto serve_it = [&]() -> awaitable<void> { co_await shared.run(); };
    co_await beside.cancel_after(serve_it());
}

}  // namespace

exit_code share(const peer_settings& given, const share_settings& what) {
    if (what.content.cut == chunking::content_defined && what.content.chunk_size > 0 &&
        !std::has_single_bit(what.content.chunk_size))
        return say(exit_code::usage, "--chunk-size must be a power of two with --chunking cdc");
    auto tree = scan_tree(what.path, what.excludes);
    if (!tree) return say(exit_code::storage, tree.error());
    warn_of_what_is_left_out(*tree);
    const std::string name = what.content.name.empty() ? tree->name : what.content.name;
    if (const std::string why = why_no_set_name(name); !why.empty())
        return say(exit_code::usage,
                   fmt::format("the name \"{}\" {}: choose one with --name", printable(name), why));

    std::optional<swarm_key> key;
    if (what.with_secret) key = kept_key(tree->root, name).value_or(new_swarm_key());
    const auto secured = secured_by(given, key);

    asio::io_context io;
    worker_pool pool{worker_count()};
    std::unique_ptr<tracker_server> tracker;
    std::vector<endpoint> trackers = given.trackers;
    std::vector<endpoint> in_link = given.trackers;
    std::vector<endpoint> listeners = given.trackers;  // its own by where it listens
    std::optional<own_tracker> own;
    if (what.with_tracker) {
        tracker_options options;
        options.listen = *what.with_tracker;
        options.seed = std::random_device{}();
        options.secured = secured;
        tracker = std::make_unique<tracker_server>(io.get_executor(), options);
        const endpoint listens{options.listen.host, tracker->port()};
        own = ways_to(listens);
        trackers.insert(trackers.begin(), own->known_as.front());
        in_link.insert(in_link.begin(), own->known_as.begin(), own->known_as.end());
        listeners.push_back(listens);
        warn_if_open(listens.host, secured.get());
        spdlog::info("tracker listens on {}", listens.to_string());
    }
    trackers = trackers_or_default(trackers);
    in_link = trackers_or_default(in_link);
    if (std::ranges::all_of(in_link, [](const endpoint& one) { return is_loopback(one.host); }))
        spdlog::info("the link is for this machine only: with --tracker HOST others can use it, too");
    peer_options about_self = peer_for(given, trackers_or_default(listeners), secured);
    about_self.own = std::move(own);
    peer self(io.get_executor(), pool, std::move(about_self));
    if (key)
        spdlog::info("the link has the secret in it: whoever sees it can get the files, and nobody else can");
    sharing shared{given, what.content, pool, self, trackers, in_link, key, std::move(*tree)};
    const running here{.self = self, .secured = secured, .key = key, .tracker = tracker.get()};
    exit_code code = exit_code::ok;
    try {
        code = run(io, here, share_tree(shared), given);
    } catch (const session_failure& failure) {
        if (failure.code != exit_code::network || tracker) throw;
        return say(failure.code, fmt::format("{} (--with-tracker runs one here)", failure.what()));
    }
    pool.join();
    return code;
}

}  // namespace p2p::client
