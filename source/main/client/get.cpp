#include "main/client/command.hpp"
#include "net/on_pool.hpp"
#include "peer/chunk_work.hpp"
#include "peer/manifest_fetch.hpp"
#include "peer/prepare.hpp"
#include "peer/visit.hpp"
#include "storage/set_state.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iostream>
#include <sys/statvfs.h>

namespace p2p::client {

namespace {

constexpr duration usual_patience = std::chrono::seconds{30};

struct getting {
    const command& told;
    asio::thread_pool& pool;
    peer& self;
    link from;             // its id is not known yet, where a name was given
    std::string look_for;  // that name
    std::filesystem::path destination;
    exit_code code = exit_code::ok;
};

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

/// What an earlier `get` into the same place left.
struct set_at_hand {
    std::shared_ptr<const manifest> set;
    std::filesystem::path place;
};

std::vector<std::filesystem::path> places_at_hand(const command& told, const link& from) {
    if (!told.destination.empty()) return {told.destination};
    std::vector<std::filesystem::path> places{"."};
    if (!from.name.empty()) places.emplace_back(from.name);
    return places;
}

set_at_hand manifest_at_hand(const command& told, const link& from) {
    for (const auto& place : places_at_hand(told, from))
        if (auto set = read_manifest(place, from.id)) return {std::move(*set), place};
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
    if (kept) kept = check_case(*state, *set);
    if (!kept) fail_storage(kept.error());
    auto disk = set_disk::open(root, set, std::move(*state));
    if (!disk) fail_storage(disk.error());
    return std::make_unique<published_store>(std::move(*disk));
}

std::string show_found(const prepared& before, const published_store& store) {
    std::string text =
        fmt::format("{} of {} were there", show_size(before.found), show_size(store.published()->size()));
    if (before.copied > 0) text += fmt::format(", {} were copied on this machine", show_size(before.copied));
    return text + fmt::format(", {} are to be fetched", show_size(store.missing_bytes()));
}

std::string show_fetched(const peer_status& s) {
    if (s.fetched == 0) return {};
    const double seconds = std::chrono::duration<double>(s.completed_after.value_or(s.elapsed)).count();
    std::string text =
        fmt::format(": {} fetched from {} in {} ({})", show_size(s.bytes_down), show_count(s.sources, "peer"),
                    show_duration(s.completed_after.value_or(s.elapsed)),
                    show_rate(static_cast<double>(s.bytes_down) / std::max(seconds, 1e-3)));
    if (s.wrong > 0) text += fmt::format(", {} dropped", show_count(s.wrong, "wrong chunk"));
    return text;
}

awaitable<void> get_set(getting& what) {
    if (!what.look_for.empty())
        what.from.id = co_await find_by_name(what.from.trackers, what.self.to_tracker(), what.look_for);
    const set_at_hand known = manifest_at_hand(what.told, what.from);
    found_manifest found{known.set, {}};
    if (!found.set)
        found = co_await fetch_manifest(what.self, what.from.trackers, what.from.id,
                                        what.told.session.give_up_after.value_or(usual_patience));
    const std::shared_ptr<const manifest> set = found.set;
    what.from.name = set->name();
    what.destination = what.told.destination.empty() ? usual_destination(*set) : what.told.destination;
    const bool at_hand = known.set && known.place == what.destination;
    const auto open = [&] { return open_destination(what.destination, set, what.from, at_hand); };
    std::unique_ptr<published_store> store = co_await on_pool(what.pool, open);

    const prepared before = co_await prepare(what.pool, what.self.going_on(), *store, false, what.told.reuse);
    check_room(what.destination, store->missing_bytes());
    const std::string label = printable(set->name());
    spdlog::info("{}: {}", label, show_found(before, *store));
    tell(events::found{std::string{set->name()}, before.found, before.copied, store->missing_bytes()});
    const bool all_there = store->missing().empty();
    if (all_there) tell(events::complete{.fileset = std::string{set->name()}});
    const auto job = store->save_job();
    const auto saved = co_await on_pool(what.pool, job);
    if (!saved) fail_storage(saved.error());

    std::string fetched;
    if (!all_there || what.told.stay || what.told.session.seed_for > duration{}) {
        session_options options = what.told.session;
        options.label = label;
        options.trackers = what.from.trackers;
        options.acquaintances = found.holders;
        options.once = !what.told.stay;
        options.on_complete = tell_complete;
        session fetching(what.self, std::move(store), {}, options);
        what.code = co_await run_until_stopped(what.self, fetching);
        if (!fetching.complete()) {
            what.code =
                say(exit_code::incomplete, fmt::format("{}: {} of {} chunks are still missing", label,
                                                       fetching.missing().size(), set->chunk_count()));
            co_return;
        }
        fetched = show_fetched(fetching.status());
    }
    const auto forget = [&] { forget_outdated(what.destination, *set); };
    co_await on_pool(what.pool, forget);
    spdlog::info("{}: complete in {}{}", label, printable(what.destination.native()), fetched);
}

/// What a mistyped folder has would be missed silently.
void check_reuse(const std::vector<std::filesystem::path>& folders) {
    for (const auto& folder : folders) (void)known_sets_in(folder, "--reuse ");
}

struct wanted_set {
    link from;             // its id is not known yet, where a name was given
    std::string look_for;  // that name
};

/// "-": what is on standard input, where no list of processes shows it.
std::string read_target(const command& told) {
    if (told.target != "-") return told.target;
    std::string line;
    std::getline(std::cin, line);
    constexpr std::string_view blanks = " \t\r";
    line.erase(0, line.find_first_not_of(blanks));
    line.erase(line.find_last_not_of(blanks) + 1);
    if (line.empty()) throw session_failure(exit_code::usage, "no link came on standard input");
    return line;
}

/// The secret of an earlier `get` of the same set into the same place: a link without it means the same set.
std::optional<swarm_key> key_at_hand(const command& told, const link& from) {
    for (const auto& place : places_at_hand(told, from))
        if (const auto kept = read_link(place, from.id); kept && kept->key) return kept->key;
    return std::nullopt;
}

/// A link, an id, or a name.
wanted_set parse_target(const command& told) {
    const std::string target = read_target(told);
    wanted_set what;
    if (const auto parsed = parse_link(target)) {
        what.from = *parsed;
        if (!told.trackers.empty()) what.from.trackers = told.trackers;
        return what;
    } else if (target.find("://") != std::string::npos) {
        throw session_failure(exit_code::usage, parsed.error());
    } else if (target != hide_keys(target)) {
        throw session_failure(exit_code::usage, "a link begins with p2p://");
    }
    what.from.trackers = trackers_or_default(told.trackers);
    if (const auto id = sha256_digest::from_hex(target))
        what.from.id = *id;
    else
        what.look_for = target;
    return what;
}

}  // namespace

exit_code get(const command& told) {
    asio::io_context io;
    asio::thread_pool pool{worker_count()};
    check_reuse(told.reuse);
    wanted_set target = parse_target(told);
    if (!target.from.key) target.from.key = key_at_hand(told, target.from);
    const auto secured = secured_by(told, target.from.key);
    peer self(io.get_executor(), pool, peer_for(told, target.from.trackers, secured));
    getting what{told, pool, self, std::move(target.from), std::move(target.look_for), {}};
    run(io, self.around(get_set(what)), told, &self.going_on(), secured);
    pool.join();
    return what.code;
}

}  // namespace p2p::client
