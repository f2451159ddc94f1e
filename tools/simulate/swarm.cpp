#include "swarm.hpp"

#include "content.hpp"
#include "core/transfer/fluid_bound.hpp"
#include "corrupt_store.hpp"
#include "net/event.hpp"
#include "net/process.hpp"
#include "net/task_group.hpp"
#include "peer/hash_tree.hpp"
#include "peer/manifest_fetch.hpp"
#include "peer/prepare.hpp"
#include "peer/session.hpp"
#include "storage/chunk_folder.hpp"
#include "storage/scan.hpp"
#include "support/temporary_folder.hpp"
#include "tracker/server.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <random>
#include <stdexcept>
#include <sys/resource.h>

namespace p2p::simulation {

namespace {

// How often the simulation looks who is complete; the times themselves are the peers' own.
constexpr duration look_every = std::chrono::milliseconds{20};

struct simulated_peer {
    std::string name;
    role part = role::leecher;
    std::filesystem::path folder;
    chunk_set at_start;
    std::uint32_t die_at = 0;  // killed: with so many chunks
    std::unique_ptr<peer> program;
    std::unique_ptr<const early_member> member;
    std::unique_ptr<session> runs;
    std::unique_ptr<task_group> life;
    duration before_session{};  // published: until it had the manifest
    std::vector<chunk_arrival> arrivals;
    std::string problem;
};

class swarm {
public:
    explicit swarm(const swarm_options& options);
    awaitable<void> run();
    swarm_result result() const;

    asio::io_context& io() { return io_; }
    asio::thread_pool& pool() { return pool_; }

private:
    void cast();
    void spread();
    void start(simulated_peer& peer);
    unsigned hostile_members() const;
    battlefield field_for(unsigned number) const;
    awaitable<void> attack();
    session_options told() const;
    static void record(simulated_peer& peer, session_watch& watch);
    std::unique_ptr<chunk_store> open_folder_of(const simulated_peer& peer) const;
    awaitable<void> live(simulated_peer& peer);
    awaitable<void> live_published(simulated_peer& peer);
    awaitable<void> live_with(simulated_peer& peer, std::unique_ptr<chunk_store> store);
    awaitable<std::unique_ptr<published_store>> publish(simulated_peer& peer);
    awaitable<std::unique_ptr<published_store>> fetch_beginning(simulated_peer& peer);
    void make_folder(const simulated_peer& peer) const;
    std::uint32_t chunks_of(const simulated_peer& peer) const;
    std::string check(const simulated_peer& peer) const;
    awaitable<void> watch();
    bool all_complete() const;
    double bound() const;

    swarm_options options_;
    std::mt19937_64 random_;
    content content_;
    temporary_folder folder_;
    asio::io_context io_;
    asio::thread_pool pool_;
    activities going_on_;  // of nobody in particular: what is shown is the end
    tracker_server tracker_;
    std::vector<simulated_peer> peers_;
    std::optional<file_set_id> published_;
    std::vector<std::unique_ptr<hostile_peer>> hostile_;
};

// Each peer is a host of its own: 127.FIRST.0.1 and on.
std::string loopback_host(unsigned first, unsigned number) {
    constexpr unsigned hosts_in_last_byte = 250;
    return fmt::format("127.{}.{}.{}", first, number / hosts_in_last_byte, number % hosts_in_last_byte + 1);
}

unsigned of_kind_wrong_bytes(const swarm_options& options) {
    const bool wrong = options.adversary && options.adversary->kind == adversary_kind::wrong_bytes;
    return wrong ? hostile_peers(*options.adversary, options.peers) : 0;
}

tracker_options tracker_for(const swarm_options& options) {
    tracker_options tracker;
    tracker.connections.per_host = tracker.connections.in_all;  // all are on this machine
    tracker.listen = {"127.0.0.1", 0};
    tracker.agreement = options.agreement;
    tracker.seed = options.seed;
    return tracker;
}

swarm::swarm(const swarm_options& options)
    : options_(options),
      random_(options.seed),
      content_(options.chunks, options.chunk_size, options.seed),
      tracker_(io_.get_executor(), tracker_for(options)),
      peers_(options.peers + of_kind_wrong_bytes(options)) {
    cast();
    spread();
    for (const simulated_peer& peer : peers_) make_folder(peer);
}

void swarm::make_folder(const simulated_peer& peer) const {
    if (!options_.published)
        content_.make_folder(peer.folder, peer.at_start);
    else if (!peer.at_start.empty())
        content_.make_tree(peer.folder);
}

// The first peers are seeders, then come the corrupt ones; any of the others may be killed. Those that the
// adversary adds come last, so that the others are the same without them.
void swarm::cast() {
    for (unsigned i = 0; i < peers_.size(); ++i) {
        simulated_peer& peer = peers_[i];
        peer.name = fmt::format("peer{}", i + 1);
        peer.folder = folder_.path() / peer.name;
        if (i < options_.seeders) peer.part = role::seeder;
        const bool among_them = i >= options_.seeders && i < options_.seeders + options_.corrupt;
        if (among_them || i >= options_.peers) peer.part = role::corrupt;
    }
    std::vector<simulated_peer*> leechers;
    for (simulated_peer& peer : peers_)
        if (peer.part == role::leecher) leechers.push_back(&peer);
    std::shuffle(leechers.begin(), leechers.end(), random_);
    for (unsigned i = 0; i < options_.kill; ++i) {
        leechers[i]->part = role::killed;
        leechers[i]->die_at =
            options_.chunks / 5 + static_cast<std::uint32_t>(random_() % (options_.chunks * 3 / 5 + 1));
    }
}

// Peers that will be killed start with nothing, so that no chunk dies with them.
void swarm::spread() {
    std::vector<simulated_peer*> leechers;
    for (simulated_peer& peer : peers_) {
        if (peer.part == role::seeder || peer.part == role::corrupt)
            peer.at_start = chunk_set::first(options_.chunks);
        if (peer.part == role::leecher) leechers.push_back(&peer);
    }
    for (std::uint32_t chunk = 1; chunk <= options_.chunks; ++chunk) {
        std::shuffle(leechers.begin(), leechers.end(), random_);
        for (unsigned i = 0; i < options_.overlap; ++i) leechers[i]->at_start.insert(chunk_index{chunk});
    }
}

std::unique_ptr<chunk_store> swarm::open_folder_of(const simulated_peer& peer) const {
    auto opened = chunk_folder::open(peer.folder);
    if (!opened) throw std::runtime_error(opened.error());
    if (peer.part == role::corrupt) return make_corrupt(std::move(*opened));
    return std::move(*opened);
}

session_options swarm::told() const {
    session_options told;
    told.label = "default";
    told.trackers = {{"127.0.0.1", tracker_.port()}};
    told.scheduling = options_.scheduling;
    told.uploads = options_.uploads;
    told.most_connections = options_.connections;
    return told;
}

void swarm::start(simulated_peer& peer) {
    peer_options program;
    program.limits.connections.per_host = program.limits.connections.in_all;  // all are on this machine
    program.name = peer.name;
    program.listen = {loopback_host(1, static_cast<unsigned>(&peer - peers_.data())), 0};
    program.limit_up = options_.up;
    program.limit_down = options_.down;
    program.seed = random_();
    peer.program = std::make_unique<p2p::peer>(io_.get_executor(), pool_, program);
    peer.life = std::make_unique<task_group>(io_.get_executor());
    peer.life->spawn(peer.program->run(options_.published ? live_published(peer) : live(peer)));
}

awaitable<void> swarm::live(simulated_peer& peer) {
    auto store = open_folder_of(peer);
    co_await live_with(peer, std::move(store));
}

awaitable<void> swarm::live_with(simulated_peer& peer, std::unique_ptr<chunk_store> store) {
    session_options options = told();
    if (options_.record_arrivals) record(peer, options.watch);
    peer.runs = std::make_unique<session>(*peer.program, std::move(store), "default", std::move(options));
    try {
        co_await peer.runs->run();
    } catch (const session_failure& failure) {
        peer.problem = failure.what();
    }
}

void swarm::record(simulated_peer& peer, session_watch& watch) {
    const time_point began = std::chrono::steady_clock::now() - peer.before_session;
    watch.new_chunk = [&peer, began](chunk_index chunk) {
        peer.arrivals.push_back({chunk, std::chrono::steady_clock::now() - began});
    };
}

// As `share` and `get` do it.
awaitable<void> swarm::live_published(simulated_peer& peer) {
    std::unique_ptr<published_store> store;
    try {
        if (peer.part == role::seeder || peer.part == role::corrupt)
            store = co_await publish(peer);
        else
            store = co_await fetch_beginning(peer);
    } catch (const session_failure& failure) {
        peer.problem = failure.what();
        co_return;
    }
    std::unique_ptr<chunk_store> any = std::move(store);
    if (peer.part == role::corrupt) any = make_corrupt(std::move(any));
    co_await live_with(peer, std::move(any));
}

awaitable<std::unique_ptr<published_store>> swarm::publish(simulated_peer& peer) {
    auto tree = scan_tree(peer.folder, {});
    if (!tree) throw session_failure(exit_code::storage, tree.error());
    share_options how;
    how.name = "default";
    how.chunk_size = options_.chunk_size;
    const hashed_tree hashed = co_await hash_tree(pool_, going_on_, std::move(*tree), how);
    auto disk = set_disk::open(peer.folder, hashed.set, std::nullopt);
    if (!disk) throw session_failure(exit_code::storage, disk.error());
    auto store = std::make_unique<published_store>(std::move(*disk));
    store->all_present(hashed.stamps);
    published_ = hashed.set->id();
    co_return store;
}

awaitable<std::unique_ptr<published_store>> swarm::fetch_beginning(simulated_peer& peer) {
    while (!published_) co_await sleep_for(look_every);
    const time_point began = std::chrono::steady_clock::now();
    const std::vector<endpoint> trackers = told().trackers;
    found_manifest found = co_await fetch_manifest(*peer.program, trackers, *published_, options_.time_limit);
    const std::shared_ptr<const manifest> set = found.set;
    peer.member = std::move(found.member);
    std::filesystem::create_directories(peer.folder);
    auto state = set_state::open(peer.folder, set->id());
    if (!state) throw session_failure(exit_code::storage, state.error().message);
    auto disk = set_disk::open(peer.folder, set, std::move(*state));
    if (!disk) throw session_failure(exit_code::storage, disk.error());
    auto store = std::make_unique<published_store>(std::move(*disk));
    const std::vector<std::filesystem::path> nowhere_else;
    (void)co_await prepare(pool_, going_on_, *store, false, nowhere_else);
    peer.before_session = std::chrono::steady_clock::now() - began;
    co_return store;
}

awaitable<void> swarm::run() {
    task_group tracker(io_.get_executor());
    tracker.spawn(tracker_.run());
    for (simulated_peer& peer : peers_) start(peer);
    task_group hostile(io_.get_executor());
    hostile.spawn(attack());
    co_await watch();
    hostile.cancel();
    co_await hostile.join();
    for (simulated_peer& peer : peers_)
        if (peer.runs) peer.runs->stop();
    for (simulated_peer& peer : peers_) co_await peer.life->join();
    tracker.cancel();
    co_await tracker.join();
}

// As soon as there is a set to attack.
awaitable<void> swarm::attack() {
    while (options_.published && !published_) co_await sleep_for(look_every);
    task_group all(io_.get_executor());
    for (unsigned i = 0; i < hostile_members(); ++i) {
        hostile_.push_back(make_hostile(options_.adversary->kind, io_.get_executor(), field_for(i)));
        all.spawn(hostile_.back()->run());
    }
    co_await all.join_after(sleep_until(time_point::max()));
}

unsigned swarm::hostile_members() const {
    if (!options_.adversary || options_.adversary->kind == adversary_kind::wrong_bytes) return 0;
    return hostile_peers(*options_.adversary, options_.peers);
}

// Those that vote many times do it from one host.
battlefield swarm::field_for(unsigned number) const {
    const bool one_host = options_.adversary->kind == adversary_kind::many_votes;
    battlefield field;
    field.tracker = {"127.0.0.1", tracker_.port()};
    field.set =
        options_.published ? published_set(*published_) : file_set_key{"default", options_.chunks, {}};
    field.count = options_.chunks;
    field.chunk_size = options_.chunk_size;
    field.host = loopback_host(2, one_host ? 0 : number);
    field.up = options_.up;
    field.down = options_.down;
    field.seed = options_.seed + number;
    return field;
}

awaitable<void> swarm::watch() {
    const time_point until = std::chrono::steady_clock::now() + options_.time_limit;
    while (!all_complete() && std::chrono::steady_clock::now() < until) {
        co_await sleep_for(look_every);
        for (simulated_peer& peer : peers_) {
            if (peer.part == role::killed && chunks_of(peer) >= peer.die_at) peer.life->cancel();
        }
    }
}

std::uint32_t swarm::chunks_of(const simulated_peer& peer) const {
    return peer.runs ? options_.chunks - peer.runs->missing().size() : 0;
}

// A published set is complete when its files are in their places, too.
bool swarm::all_complete() const {
    return std::ranges::all_of(peers_, [](const simulated_peer& peer) {
        return peer.part == role::killed ? peer.life->size() == 0
                                         : (peer.runs && peer.runs->settled()) || !peer.problem.empty();
    });
}

double swarm::bound() const {
    if (options_.up == 0 && options_.down == 0) return 0;
    std::vector<fluid_peer> fluid;
    chunk_set with_leechers;
    for (const simulated_peer& peer : peers_) {
        if (peer.part == role::corrupt || peer.part == role::killed) continue;
        const byte_count missing = (options_.chunks - peer.at_start.size()) * options_.chunk_size;
        fluid.push_back({options_.up, options_.down, missing});
        if (peer.part == role::leecher) with_leechers |= peer.at_start;
    }
    return fluid_bound(fluid, (options_.chunks - with_leechers.size()) * options_.chunk_size);
}

std::string swarm::check(const simulated_peer& peer) const {
    if (!options_.published) return content_.check_folder(peer.folder, peer.part != role::killed);
    return peer.part == role::killed ? "" : content_.check_tree(peer.folder);
}

swarm_result swarm::result() const {
    swarm_result all;
    all.bound = bound();
    all.all_right = true;
    for (const simulated_peer& peer : peers_) {
        const peer_status status = peer.runs ? peer.runs->status() : peer_status{};
        peer_result one{peer.name,         peer.part,       status.present.size(),
                        status.fetched,    status.wrong,    status.sources,
                        status.bytes_down, status.bytes_up, status.completed_after,
                        peer.problem,      peer.at_start,   peer.arrivals};
        if (one.completed_after) *one.completed_after += peer.before_session;
        if (one.problem.empty()) one.problem = check(peer);
        if (!one.problem.empty()) all.all_right = false;
        if (peer.part == role::leecher && one.completed_after)
            all.makespan =
                std::max(all.makespan, std::chrono::duration<double>(*one.completed_after).count());
        all.peers.push_back(std::move(one));
    }
    return all;
}

// Both ends of every connection are in this process. A swarm that runs out of descriptors would only crawl.
void require_open_files(const swarm_options& options) {
    constexpr std::uint64_t of_each_peer = 16;  // chunks on their way, folders, the tracker's connection
    const unsigned hostile = options.adversary ? hostile_peers(*options.adversary, options.peers) : 0;
    const unsigned peers = options.peers + hostile;
    const std::uint64_t opened = std::min(options.connections, (peers - 1) / 2 + 1);
    const std::uint64_t needed = peers * (of_each_peer + 2 * opened);
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) return;
    throw std::runtime_error(
        fmt::format("such a swarm may have {} files open, and this process is allowed {}: "
                    "choose fewer --connections, or a larger `ulimit -n`",
                    needed, limit.rlim_cur));
}

}  // namespace

swarm_options without_adversary(swarm_options options) {
    options.adversary.reset();
    return options;
}

std::string why_impossible(const swarm_options& o) {
    const unsigned special = o.seeders + o.corrupt;
    if (special > o.peers) return "more seeders and corrupt peers than peers";
    const unsigned leechers = o.peers - special;
    if (o.kill > leechers) return "more peers to kill than leechers";
    if (o.overlap > leechers - o.kill) return "more copies of each chunk (--overlap) than leechers that stay";
    if (o.seeders + o.overlap == 0)
        return "nobody has the chunks: --seeders or --overlap must be more than 0";
    if (o.published && o.seeders == 0) return "a published set needs a seeder";
    if (o.published && o.overlap > 0)
        return "of a published set, leechers have nothing at the start (--overlap)";
    if (o.adversary)
        if (const std::string why = why_impossible(o.adversary->kind, o.published); !why.empty()) return why;
    if (!o.published && o.seeders + o.overlap + o.corrupt < o.agreement.quorum)
        return fmt::format("no chunk would be agreed: {} copies at the start, and the quorum is {}",
                           o.seeders + o.overlap + o.corrupt, o.agreement.quorum);
    return {};
}

swarm_result run_swarm(const swarm_options& options) {
    require_open_files(options);
    swarm all(options);
    std::exception_ptr failure;
    asio::co_spawn(all.io(), all.run(), [&failure](std::exception_ptr error) { failure = error; });
    all.io().run();
    all.pool().join();
    if (failure) std::rethrow_exception(failure);
    return all.result();
}

}  // namespace p2p::simulation
