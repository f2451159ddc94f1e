#include "peer/fetch_set.hpp"

#include "net/on_pool.hpp"
#include "peer/manifest_fetch.hpp"
#include "peer/prepare.hpp"
#include "peer/session.hpp"
#include "peer/visit.hpp"
#include "storage/published_store.hpp"
#include "storage/set_state.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <sys/statvfs.h>

namespace p2p {

namespace {

constexpr duration usual_patience = std::chrono::seconds{30};

void fail_storage(const std::string& why) {
    throw session_failure(exit_code::storage, why);
}

bool is_single_file(const manifest& set) {
    return set.entry_count() == 1 && set.entry(0).is_file() && set.entry(0).path == set.name();
}

/// A file goes where the user is, a folder's content into a folder of its name there.
std::filesystem::path usual_destination(const manifest& set) {
    return is_single_file(set) ? std::filesystem::path{"."} : std::filesystem::path{set.name()};
}

/// Until the manifest says how the set is called.
std::string name_for_now(const link& from) {
    constexpr std::size_t first_digits = 8;
    return from.name.empty() ? from.id.to_hex().substr(0, first_digits) : from.name;
}

/// What an earlier run into the same place left.
struct set_at_hand {
    std::shared_ptr<const manifest> set;
    std::filesystem::path folder;
};

set_at_hand manifest_at_hand(const fetch_order& what) {
    for (const auto& folder : usual_folders(what.from, what.destination))
        if (auto set = read_manifest(folder, what.from.id)) return {std::move(*set), folder};
    return {};
}

void check_room(const std::filesystem::path& where, byte_count needed) {
    struct statvfs room {};
    if (::statvfs(where.c_str(), &room) != 0) return;
    const byte_count free = byte_count{room.f_bavail} * room.f_frsize;
    if (free < needed)
        fail_storage(fmt::format("{}: {} are needed, only {} are free", printable(where.native()),
                                 show_size(needed), show_size(free)));
}

std::unique_ptr<published_store> open_destination(const std::filesystem::path& root,
                                                  const std::shared_ptr<const manifest>& set,
                                                  const link& from, bool at_hand) {
    std::error_code error;
    std::filesystem::create_directories(root, error);
    if (error) fail_storage(fmt::format("{}: {}", printable(root.native()), error.message()));
    auto state = set_state::open(root, set->id());
    if (!state) fail_storage(state.error().message);
    auto kept = state->write_link(from);
    if (kept && !at_hand) kept = state->write_manifest(*set);
    if (kept) kept = check_names(*state, *set);
    if (!kept) fail_storage(kept.error());
    auto disk = set_disk::open(root, set, std::move(*state));
    if (!disk) fail_storage(disk.error());
    return std::make_unique<published_store>(std::move(*disk));
}

std::string show_found(const events::found& before, byte_count size) {
    std::string text = fmt::format("{} of {} were there", show_size(before.in_place), show_size(size));
    if (before.copied > 0) text += fmt::format(", {} were copied on this machine", show_size(before.copied));
    return text + fmt::format(", {} are to be fetched", show_size(before.missing));
}

std::string show_fetched(const peer_status& s) {
    if (s.fetched == 0) return {};
    const duration time = s.completed_after.value_or(s.elapsed);
    const double seconds = std::max(std::chrono::duration<double>(time).count(), 1e-3);
    std::string text =
        fmt::format(": {} fetched from {} in {} ({})", show_size(s.bytes_down), show_count(s.sources, "peer"),
                    show_duration(time), show_rate(static_cast<double>(s.bytes_down) / seconds));
    if (s.wrong > 0) text += fmt::format(", {} dropped", show_count(s.wrong, "wrong chunk"));
    return text;
}

struct opened_set {
    std::unique_ptr<published_store> store;
    std::vector<endpoint> holders;
    std::unique_ptr<const early_member> member;
};

/// The manifest, from here or from others, and what is there of its content.
awaitable<opened_set> open_set(peer& self, fetch_order& what) {
    if (!what.by_name.empty())
        what.from.id = co_await find_by_name(what.from.trackers, self.to_tracker(), what.by_name);
    what.by_name.clear();
    const set_at_hand known = manifest_at_hand(what);
    found_manifest found{known.set, {}, {}};
    if (!found.set) {
        const duration patience = what.session.give_up_after.value_or(usual_patience);
        const activity waiting{.what = activity::kind::waiting, .name = name_for_now(what.from)};
        const activities::entry shown(self.going_on(), [&waiting] { return waiting; });
        found = co_await fetch_manifest(self, what.from.trackers, what.from.id, patience, what.is_unwanted);
    }
    what.from.name = found.set->name();
    if (what.destination.empty()) what.destination = usual_destination(*found.set);
    const bool at_hand = known.set && known.folder == what.destination;
    const auto open = [&] { return open_destination(what.destination, found.set, what.from, at_hand); };
    opened_set opened;
    opened.store = co_await on_pool(self.pool(), open);
    opened.holders = std::move(found.holders);
    opened.member = std::move(found.member);
    co_return opened;
}

awaitable<void> find_what_is_there(peer& self, const fetch_order& what, published_store& store) {
    const prepared ready = co_await prepare(self.pool(), self.going_on(), store, false, what.reuse);
    const events::found before{what.from.name, ready.found, ready.copied, store.missing_bytes()};
    check_room(what.destination, before.missing);
    spdlog::info("{}: {}", what.session.label, show_found(before, store.published()->size()));
    if (what.on_found) what.on_found(before);
    const auto job = store.save_job();
    const auto saved = co_await on_pool(self.pool(), job);
    if (!saved) fail_storage(saved.error());
}

/// How a session ended.
struct fetched_set {
    std::string summary;           ///< what one line of the log says of it
    bool content_changed = false;  ///< what is there is to be looked for again
};

awaitable<fetched_set> fetch_missing(peer& self, const fetch_order& what, opened_set opened) {
    const std::uint32_t count = opened.store->count();
    session_options options = what.session;
    options.trackers = what.from.trackers;
    options.acquaintances = std::move(opened.holders);
    options.once = !what.stay;
    session fetching(self, std::move(opened.store), {}, options);
    co_await fetching.run();
    const bool changed = fetching.content_changed();
    if (!changed && !fetching.complete())
        throw session_failure(exit_code::incomplete,
                              fmt::format("{}: {} of {} chunks are still missing: the same command goes on",
                                          options.label, fetching.missing().size(), count));
    fetched_set done{show_fetched(fetching.status()), changed};
    co_return done;
}

}  // namespace

awaitable<void> fetch_set(peer& self, fetch_order what) {
    opened_set opened = co_await open_set(self, what);
    const std::shared_ptr<const manifest> set = opened.store->published();
    what.session.label = printable(set->name());
    co_await find_what_is_there(self, what, *opened.store);
    const bool all_there = opened.store->missing().empty();
    if (all_there && what.session.watch.complete) {
        peer_status complete;
        complete.fileset = what.session.label;
        complete.count = set->chunk_count();
        what.session.watch.complete(complete);
    }
    fetched_set fetched;
    if (!all_there || what.stay || what.session.seed_for > duration{})
        fetched = co_await fetch_missing(self, what, std::move(opened));
    while (fetched.content_changed) {
        opened_set again = co_await open_set(self, what);
        co_await find_what_is_there(self, what, *again.store);
        fetched = co_await fetch_missing(self, what, std::move(again));
    }
    const auto forget = [&] { forget_outdated(what.destination, *set); };
    co_await on_pool(self.pool(), forget);
    spdlog::info("{}: complete in {}{}", what.session.label, printable(what.destination.native()),
                 fetched.summary);
}

std::vector<std::filesystem::path> usual_folders(const link& from, const std::filesystem::path& destination) {
    if (!destination.empty()) return {destination};
    std::vector<std::filesystem::path> places{"."};
    if (!from.name.empty()) places.emplace_back(from.name);
    return places;
}

std::optional<swarm_key> key_at_hand(const link& from, const std::filesystem::path& destination) {
    for (const auto& folder : usual_folders(from, destination))
        if (const auto kept = read_link(folder, from.id); kept && kept->key) return kept->key;
    return std::nullopt;
}

}  // namespace p2p
