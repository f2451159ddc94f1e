#include "peer/session.hpp"

#include "core/hosts/site.hpp"
#include "core/set/manifest.hpp"
#include "net/fault.hpp"
#include "net/on_pool.hpp"
#include "net/service_manager.hpp"
#include "peer/chunk_work.hpp"
#include "peer/connection.hpp"
#include "peer/tracker_link.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace p2p {

namespace {

constexpr duration grace = std::chrono::seconds{5};

// How long a tracker that does not answer is waited for before the next one is used. A tracker that is
// started again is back before that, and so are its peers.
constexpr duration tracker_patience = std::chrono::seconds{4};

// A manifest goes to so few at a time that the first of them soon give it to the others; of those that come
// at once, each would otherwise take its own from the only one who has it.
constexpr std::size_t manifests_at_a_time = 2;
constexpr duration manifest_turn_patience = std::chrono::seconds{2};

// How slow whoever gets a manifest may be, in bytes a second, beside what it takes anyhow.
constexpr byte_count slowest_manifest = 128 * 1024;
constexpr duration shortest_manifest_turn = std::chrono::seconds{5};

// How often somebody who is without a tracker looks whether peers that it knows can be tried again.
constexpr duration look_for_others = std::chrono::seconds{1};

// Somebody may change a file again and again: what is there is not looked for anew all the time.
constexpr duration between_looks = std::chrono::seconds{10};

// The list of a large set takes long to write: it is left alone for so many times as long. What arrives
// meanwhile is found again after a crash (chunk_store::leftovers).
constexpr int save_pause = 20;

time_point now() {
    return std::chrono::steady_clock::now();
}

duration longest_manifest_turn(const chunk_store& store) {
    const auto published = store.published();
    const byte_count size = published ? published->text().size() : 0;
    return shortest_manifest_turn + std::chrono::seconds{size / slowest_manifest};
}

session_options without_repeated_trackers(session_options options) {
    std::set<endpoint> known;
    std::erase_if(options.trackers, [&known](const endpoint& one) { return !known.insert(one).second; });
    return options;
}

file_set_key key_of(const chunk_store& store, std::string name) {
    if (const auto published = store.published()) return published_set(published->id());
    return {std::move(name), store.count(), std::nullopt};
}

inventory inventory_for(const chunk_store& store) {
    const auto published = store.published();
    if (!published) return {};
    return inventory{[published](chunk_index chunk) {
        const published_chunk right = published->chunk(chunk);
        return chunk_claim{chunk, right.hash, right.size};
    }};
}

}  // namespace

session::session(peer& owner, std::unique_ptr<chunk_store> store, std::string fileset,
                 session_options options)
    : owner_(owner),
      store_(std::move(store)),
      options_(without_repeated_trackers(std::move(options))),
      set_(key_of(*store_, std::move(fileset))),
      inventory_(inventory_for(*store_)),
      scheduler_(store_->count(), store_->present(), options_.scheduling, owner.instance() + 1),
      uploads_(options_.uploads, owner.instance() + 2),
      manifest_turns_(manifests_at_a_time, manifest_turn_patience, longest_manifest_turn(*store_)),
      peers_({.most_connections = options_.most_connections}, owner.instance()),
      leftovers_(store_->leftovers()),
      order_(options_.trackers.size(), tracker_patience),
      tasks_(owner.executor()),
      trackers_changed_(owner.executor()),
      something_to_ask_(owner.executor()),
      something_to_tell_(owner.executor()),
      something_to_save_(owner.executor()),
      state_changed_(owner.executor()),
      announced_(owner.executor()) {
    owner_.enter(*this);
}

session::~session() {
    owner_.leave(*this);
}

awaitable<exit_code> session::run() {
    started_ = last_arrival_ = now();
    if (owner_.stopping()) stop();
    if (complete()) completed_ = started_;
    const activities::entry shown{owner_.going_on(), [this] { return going_on(); }};
    spawn(live());
    co_await tasks_.join_after(live_until_over());

    if (unsaved_) {
        const auto job = store_->save_job();
        const auto saved = co_await on_pool(pool(), job);
        if (!saved && !failure_) failure_.emplace(exit_code::storage, saved.error());
        if (saved) say_if_complete();
    }
    if (bytes_up_ > 0)
        spdlog::info("{}: {} to {} in {}", printable(options_.label), show_sent(going_on()),
                     show_count(receivers_.size(), "peer"), show_duration(now() - started_));
    if (options_.watch.ended && !ended_for_changes_) options_.watch.ended(status());
    if (failure_) throw *failure_;
    co_return result();
}

awaitable<void> session::live_until_over() {
    // Also where it is cancelled: nobody must speak to this session any more.
    struct farewell {
        session& self;
        ~farewell() { self.leave_trackers(); }
    } const at_the_end{*this};
    co_await wait_until_over();
    const bool was_asked_to = std::exchange(stopping_, true) && !failure_;
    ended_for_changes_ = looks_again_at_ && !was_asked_to && !failure_;
    leave_trackers();
    if (is_busy(was_asked_to) && !no_grace_)
        spdlog::info("{}: finishing transfers in progress (at most {}); press Ctrl-C again to stop now",
                     printable(options_.label), show_duration(grace));
    co_await let_transfers_end(was_asked_to);
    tasks_.cancel();
}

void session::leave_trackers() {
    go_offline();
    announced_.open();
}

// --- with others and without

void session::go_online() {
    owner_.add(set_, *this);
    tell_service_manager("READY=1");
    order_.begin(now());
    use_trackers();
}

void session::go_offline() {
    owner_.remove(set_, *this);
    for (tracker_link* link : std::exchange(links_, {})) link->remove(*this);
}

void session::pause() {
    if (stopping_ || std::exchange(paused_, true)) return;
    go_offline();
    carry_out(scheduler_.wind_down());
    leaves_by_ = now() + grace;
    state_changed_.set();
    spdlog::info("{}: paused", printable(options_.label));
}

void session::resume() {
    if (stopping_ || !std::exchange(paused_, false)) return;
    leaves_by_.reset();
    last_arrival_ = now();
    if (hashed_) go_online();
    something_to_ask_.set();
    state_changed_.set();
    spdlog::info("{}: goes on", printable(options_.label));
}

// A paused peer leaves the others once what is on its way has come, or time is up.
void session::leave_peers_if_due() {
    if (!leaves_by_ || (is_busy(true) && now() < *leaves_by_)) return;
    leaves_by_.reset();
    for (const auto& [id, with] : connections_) with->finish();
}

void session::stop() {
    no_grace_ = stopping_;
    stopping_ = true;
    state_changed_.set();
}

void session::fail(exit_code code, const std::string& message) {
    if (!failure_) failure_.emplace(code, message);
    state_changed_.set();
}

void session::spawn(awaitable<void> task) {
    tasks_.spawn(guarded(std::move(task)));
}

// A task that fails takes the session down in good order, not the program.
awaitable<void> session::guarded(awaitable<void> task) {
    try {
        co_await std::move(task);
    } catch (const session_failure& failure) {
        fail(failure.code, failure.what());
    } catch (const std::exception& failure) {
        if (is_cancellation(std::current_exception())) throw;
        fail(exit_code::failure, failure.what());
    }
}

awaitable<void> session::live() {
    if (store_->published()) {
        const chunk_set& present = store_->present();
        for (const chunk_index chunk : present) {
            const chunk_claim claim = inventory_.claim(chunk);
            inventory_.own(claim);
            bytes_here_ += claim.size;
        }
    } else {
        co_await hash_present();
    }
    hashed_ = true;
    state_changed_.set();
    spdlog::info("{}: has {} of {} chunks, serves at port {}", printable(options_.label),
                 store_->present().size(), store_->count(), owner_.port());
    if (store_->published() && options_.fetch) want(missing() - store_->repeats());
    if (!paused_) go_online();
    for (const endpoint& where : options_.acquaintances)
        if (options_.fetch && !paused_ && !complete() && peers_.try_now(where, now())) spawn(connect(where));
    spawn(tracker_loop());
    spawn(reunion_loop());
    spawn(ask_loop());
    spawn(news_loop());
    spawn(save_loop());
}

void session::want(const chunk_set& chunks) {
    for (const chunk_index chunk : chunks) scheduler_.agreed(chunk);
}

awaitable<void> session::hash_present() {
    const chunk_set present = store_->present();
    chunk_work<hashed_chunk> work{present, {}, {}};
    work.job = [this](chunk_index chunk) { return store_->hash_job(chunk); };
    work.done = [this](chunk_index, const hashed_chunk& hashed) {
        store_->note(hashed);
        inventory_.own(hashed.claim);
        bytes_here_ += hashed.claim.size;
    };
    co_await for_each_chunk(pool(), work);
}

awaitable<void> session::wait_until_over() {
    for (auto at = over_at(); !at || now() < *at; at = over_at()) {
        leave_peers_if_due();
        constexpr time_point never = time_point::max();
        co_await state_changed_.wait_until(std::min(at.value_or(never), leaves_by_.value_or(never)));
    }
}

std::optional<time_point> session::over_at() const {
    if (stopping_ || failure_) return time_point::min();
    if (looks_again_at_ && !paused_) return looks_again_at_;
    if (!options_.once) return std::nullopt;
    if (complete()) {
        if (!hashed_ || !inventory_.all_answered()) return std::nullopt;
        return *completed_ + options_.seed_for;
    }
    if (options_.give_up_after && !paused_) return last_arrival_ + *options_.give_up_after;
    return std::nullopt;
}

exit_code session::result() const {
    if (options_.once && !complete()) return exit_code::incomplete;
    if (options_.once && !inventory_.disputed().empty()) return exit_code::disputed;
    return exit_code::ok;
}

bool session::is_busy(bool downloads_too) const {
    return uploads_.serving() > 0 || (downloads_too && scheduler_.is_receiving());
}

awaitable<void> session::let_transfers_end(bool downloads_too) {
    const time_point until = now() + grace;
    carry_out(scheduler_.wind_down());
    while (is_busy(downloads_too) && now() < until && !no_grace_) co_await state_changed_.wait_until(until);
}

awaitable<void> session::ask_loop() {
    for (;;) {
        std::optional<time_point> next;
        if (is_online()) {
            carry_out(scheduler_.next_orders(now()));
            next = scheduler_.next_deadline();
        }
        co_await something_to_ask_.wait_until(next.value_or(time_point::max()));
    }
}

void session::carry_out(const std::vector<order>& orders) {
    for (const order& what : orders) {
        const auto to = connections_.find(what.peer);
        if (to == connections_.end()) continue;
        if (what.what == order::kind::request)
            to->second->ask(what.chunk);
        else
            to->second->cancel(what.chunk);
    }
}

// News is collected for a moment: one line about ten chunks costs a tenth of ten lines about one.
awaitable<void> session::news_loop() {
    for (;;) {
        co_await something_to_tell_.wait();
        co_await sleep_for(options_.have_delay);
        const chunk_set offers = inventory_.new_offers();
        for (const auto& [id, to] : connections_) to->tell(offers);
    }
}

awaitable<void> session::save_loop() {
    for (;;) {
        co_await something_to_save_.wait();
        // The next co_await of a cancelled coroutine throws before it begins, and what the job has taken
        // would be lost: run() saves it then.
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) co_return;
        unsaved_ = false;
        saving_ = true;
        const time_point began = now();
        const auto job = store_->save_job();
        const auto saved = co_await on_pool(pool(), job);
        saving_ = false;
        if (!saved) throw session_failure(exit_code::storage, saved.error());
        if (!unsaved_) say_if_complete();
        if (!store_->saves_only_news()) co_await sleep_for((now() - began) * save_pause);
    }
}

// --- the tracker

void session::standing_changed(const from_tracker::announced& news) {
    const chunk_set before = inventory_.disputed();
    inventory_.stands(news.agreed, news.pending, news.disputed);
    if (const chunk_set fresh = inventory_.disputed() - before; !fresh.empty())
        spdlog::warn(
            "{}: chunks {} of this folder differ from what other peers agreed on and are not served; "
            "to fetch them, take their lines out of local_chunks.txt",
            printable(options_.label), fresh.to_ranges());
    if (!news.other_counts.empty() && !std::exchange(warned_of_counts_, true))
        spdlog::warn(
            "other folders that are called {} have {} chunks, this one has {}: they are different sets",
            printable(options_.label), fmt::join(news.other_counts, " or "), store_->count());
    if (!news.pending.empty() && !std::exchange(told_of_pending_, true))
        spdlog::info(
            "{}: some chunks are not handed out before another peer announces the same "
            "(see the tracker's --quorum)",
            printable(options_.label));
    something_to_tell_.set();
    state_changed_.set();
    announced_.open();
}

void session::located(const std::vector<chunk_claim>& agreed, const std::vector<holder>& holders,
                      peer_id own_id) {
    std::vector<chunk_claim> maybe_here;
    for (const chunk_claim& claim : agreed) {
        if (store_->published()) break;  // the manifest says what is right
        inventory_.agree(claim);
        if (is_too_large(claim)) continue;
        if (leftovers_.erase(claim.chunk))
            maybe_here.push_back(claim);
        else
            scheduler_.agreed(claim.chunk);
    }
    if (!maybe_here.empty()) spawn(recover(std::move(maybe_here)));
    in_need_.clear();
    for (const holder& peer : holders) {
        const endpoint where{peer.host, peer.port};
        if (!is_online() || peer.peer == own_id) continue;
        if (!fetches())
            in_need_.insert(where);
        else if (peers_.try_now(where, now()))
            spawn(connect(where));
    }
    serve_others();
    something_to_ask_.set();
}

// They may be unable to connect to this peer.
void session::serve_others() {
    for (const endpoint& where : in_need_)
        if (peers_.try_to_serve(where, now())) spawn(connect(where));
}

bool session::is_too_large(const chunk_claim& claim) {
    const byte_count most = owner_.options().limits.chunk;
    if (claim.size <= most) return false;
    if (!std::exchange(told_of_large_, true))
        spdlog::warn("{}: chunk {} has {}, more than {}: such chunks are not fetched (see --max-chunk)",
                     printable(options_.label), claim.chunk.value, show_size(claim.size), show_size(most));
    return true;
}

// Chunks that an earlier run had stored but not listed yet need not be fetched again.
awaitable<void> session::recover(std::vector<chunk_claim> claims) {
    for (const chunk_claim& claim : claims) {
        const auto job = store_->recover_job(claim);
        const auto found = co_await on_pool(pool(), job);
        if (found && *found) {
            carry_out(scheduler_.found(claim.chunk));
            own(**found);
        } else {
            scheduler_.agreed(claim.chunk);
        }
    }
    something_to_ask_.set();
}

// Those that are in use, and no others.
void session::use_trackers() {
    if (!is_online()) return;
    while (links_.size() > order_.in_use()) {
        tracker_link* const last = links_.back();
        links_.pop_back();
        last->remove(*this);
    }
    while (links_.size() < order_.in_use()) {
        tracker_link& next = owner_.link_to(options_.trackers[links_.size()]);
        links_.push_back(&next);
        next.add(*this);
    }
    trackers_changed_.set();
}

awaitable<void> session::tracker_loop() {
    for (;;) {
        co_await trackers_changed_.wait_until(order_.next_deadline().value_or(time_point::max()));
        const std::size_t before = order_.in_use();
        order_.expire(now());
        if (order_.in_use() != before) use_trackers();
    }
}

// Where no tracker says who is there, or nobody who is there helps, those whom this peer knows are looked
// for: a tracker does not name those who sent this peer wrong bytes, and they may be all there are.
awaitable<void> session::reunion_loop() {
    for (;;) {
        co_await sleep_for(look_for_others);
        const bool is_alone = std::ranges::none_of(links_, [](auto* link) { return link->welcomed(); });
        if (!is_online()) continue;
        if (!fetches()) serve_others();
        if (!fetches() || (!is_alone && !scheduler_.is_idle())) continue;
        while (const auto where = peers_.try_acquaintance(now())) spawn(connect(*where));
    }
}

std::optional<std::size_t> session::rank_of(const tracker_link& which) const {
    const auto at = std::ranges::find(links_, &which);
    if (at == links_.end()) return std::nullopt;
    return static_cast<std::size_t>(at - links_.begin());
}

void session::tracker_answered(const tracker_link& which) {
    const auto rank = rank_of(which);
    if (!rank) return;
    unreachable_.erase(which.tracker());
    no_tracker_.reset();
    order_.answered(*rank);
    use_trackers();
    if (std::exchange(answering_, which.tracker()) == which.tracker()) return;
    if (options_.watch.tracker) options_.watch.tracker(options_.label, which.tracker(), true);
    if (options_.trackers.size() > 1)
        spdlog::info("{}: uses the tracker at {}", printable(options_.label), which.tracker().to_string());
}

void session::tracker_failed(const tracker_link& which) {
    if (const auto rank = rank_of(which)) order_.failed(*rank, now());
    use_trackers();
}

void session::tracker_lost(const tracker_link& which) {
    if (answering_ == which.tracker()) {
        answering_.reset();
        if (options_.watch.tracker) options_.watch.tracker(options_.label, which.tracker(), false);
    }
    if (const auto rank = rank_of(which)) order_.lost(*rank, now());
    use_trackers();
}

void session::tracker_unreachable(const tracker_link& which, const std::string& why) {
    unreachable_.insert(which.tracker());
    if (unreachable_.size() < options_.trackers.size()) return;
    no_tracker_ = why;
    if (options_.needs_tracker) return fail(exit_code::network, why);
    if (options_.once && complete()) return stop();
    end_if_alone();
}

void session::end_if_alone() {
    if (no_tracker_ && options_.once && !complete() && is_online() && connections_.empty())
        fail(exit_code::network, *no_tracker_);
}

// --- connections

awaitable<void> session::connect(endpoint where) {
    try {
        std::unique_ptr<stream> line = co_await open_stream(where, owner_.to_peer());
        co_await converse(std::move(line), std::nullopt, where, std::nullopt);
    } catch (const std::system_error& failure) {
        if (is_cancellation(std::current_exception())) throw;
        spdlog::debug("cannot connect to the peer at {}: {}", printable(where.to_string()),
                      failure.code().message());
    } catch (...) {
        log_fault(printable(where.to_string()), std::current_exception());
    }
    peers_.tried(where, now());
}

void session::take(std::unique_ptr<stream> line, std::string host, peer_to_peer::hello hello,
                   connection_counter::ticket ticket) {
    const endpoint where{std::move(host), hello.transfer_port};
    spawn(converse(std::move(line), std::move(hello), where, std::move(ticket)));
}

awaitable<void> session::converse(std::unique_ptr<stream> line, std::optional<peer_to_peer::hello> hello,
                                  endpoint where,
                                  std::optional<connection_counter::ticket> /* kept until it ends */) {
    const std::string whose = printable(where.to_string());
    try {
        connection with(*this, std::move(line), std::move(hello), std::move(where),
                        peer_id{++last_connection_});
        co_await with.run();
    } catch (...) {
        if (is_cancellation(std::current_exception())) throw;
        log_fault(whose, std::current_exception());
    }
}

std::string session::joined(connection& with, std::uint64_t instance, const endpoint& where) {
    if (stopping_) return "this peer is about to leave";
    if (paused_) return "this peer is paused";
    const admission verdict = peers_.admit(with.id(), instance, where, with.opened(), now());
    if (!verdict.refused.empty()) return verdict.refused;
    if (verdict.replaces) {
        connection& old = *connections_.at(*verdict.replaces);
        connection_ended(old);
        old.finish();
    }
    connections_[with.id()] = &with;
    scheduler_.peer_joined(with.id(), now());
    return {};
}

void session::connection_ended(connection& with) {
    if (connections_.erase(with.id()) == 0) return;
    scheduler_.peer_left(with.id());
    uploads_.peer_left(with.id());
    manifest_turns_.end(with.id());
    peers_.peer_left(with.id());
    start_uploads();
    end_if_alone();
    something_to_ask_.set();
    state_changed_.set();
}

void session::offended(const connection& by, unsigned times) {
    peers_.offended(by.address().host, times, now());
}

void session::peer_has(connection& from, const chunk_set& chunks) {
    if (!connections_.contains(from.id())) return;
    scheduler_.peer_has(from.id(), chunks);
    something_to_ask_.set();
    // Neither can do anything for the other. Of a set without content, there is the manifest to be had.
    const chunk_set& owned = inventory_.owned();
    if (fetches() || owned.empty() || !owned.is_subset_of(from.has())) return;
    in_need_.erase(from.address());
    from.finish();
}

void session::peer_refused(connection& from, std::optional<chunk_index> chunk) {
    if (!connections_.contains(from.id())) return;
    scheduler_.refused(from.id(), chunk);
    something_to_ask_.set();
    state_changed_.set();
}

// --- downloads

std::optional<chunk_claim> session::chunk_begins(connection& from, const peer_to_peer::chunk_part& part) {
    if (!connections_.contains(from.id())) return std::nullopt;
    something_to_ask_.set();
    if (!scheduler_.started(from.id(), part.chunk, now())) return std::nullopt;
    const auto claim = inventory_.agreed(part.chunk);
    if (claim && claim->size == part.total) return claim;
    scheduler_.refused(from.id(), part.chunk);
    return std::nullopt;
}

void session::chunk_progresses(connection& from, std::size_t bytes, bool wanted) {
    bytes_down_ += bytes;
    if (!wanted) return;
    last_arrival_ = now();
    if (connections_.contains(from.id()) && scheduler_.progressed(from.id(), last_arrival_))
        something_to_ask_.set();
}

void session::chunk_arrived(connection& from, const hashed_chunk& hashed) {
    const chunk_index chunk = hashed.claim.chunk;
    if (!scheduler_.missing().contains(chunk)) return;
    ++fetched_;
    sources_.insert(from.instance());
    const bool connected = connections_.contains(from.id());  // it may have left while the chunk was hashed
    carry_out(connected ? scheduler_.finished(from.id(), chunk, now()) : scheduler_.found(chunk));
    own(hashed);
    something_to_ask_.set();
    state_changed_.set();
}

void session::own(const hashed_chunk& hashed) {
    const chunk_index chunk = hashed.claim.chunk;
    store_->note(hashed);
    inventory_.own(hashed.claim);
    bytes_here_ += hashed.claim.size;
    unsaved_ = true;
    something_to_save_.set();
    something_to_tell_.set();
    for (tracker_link* link : links_) link->announce_soon();
    if (!store_->repeats_of(chunk).empty()) spawn(copy_repeats(chunk));
    if (options_.watch.new_chunk) options_.watch.new_chunk(chunk);
    if (!complete() || completed_) return;
    completed_ = now();
    state_changed_.set();
}

// The same content in another place of the set.
awaitable<void> session::copy_repeats(chunk_index arrived) {
    const chunk_set repeats = store_->repeats_of(arrived);
    for (const chunk_index chunk : repeats) {
        if (!missing().contains(chunk)) continue;
        const auto job = store_->repeat_job(arrived, chunk);
        const auto copied = co_await on_pool(pool(), job);
        if (!copied) throw session_failure(exit_code::storage, copied.error());
        if (*copied && missing().contains(chunk)) {
            carry_out(scheduler_.found(chunk));
            own(**copied);
        } else {
            scheduler_.agreed(chunk);
        }
    }
    something_to_ask_.set();
}

void session::say_if_complete() {
    if (!complete() || *completed_ == started_ || std::exchange(said_complete_, true)) return;
    spdlog::info("{}: complete, {} fetched from {} in {}", printable(options_.label),
                 show_count(fetched_, "chunk"), show_count(sources_.size(), "peer"),
                 show_duration(*completed_ - started_));
    if (options_.watch.complete) options_.watch.complete(status());
}

bool session::chunk_was_wrong(connection& from, chunk_index chunk) {
    ++wrong_;
    if (options_.watch.wrong_chunk) options_.watch.wrong_chunk(options_.label, chunk, from.label());
    spdlog::warn("{}: {} sent chunk {} with wrong content: it is fetched elsewhere",
                 printable(options_.label), from.label(), chunk.value);
    something_to_ask_.set();
    state_changed_.set();
    if (!connections_.contains(from.id()) || !scheduler_.wrong(from.id(), chunk)) return false;
    peers_.ban(from.instance(), now());
    spdlog::warn("{}: {} sent too many of these: it is left alone for a while", printable(options_.label),
                 from.label());
    // Whoever connected to this peer could have said any port of its host: of somebody else there, maybe.
    if (from.opened())
        for (tracker_link* link : links_) link->report(*this, from.address(), chunk);
    return true;
}

chunk_set session::except_for(const connection& asked) const {
    return scheduler_.except(asked.id());
}

chunk_set session::not_agreed() const {
    chunk_set open;
    for (const chunk_index chunk : missing())
        if (!inventory_.is_agreed(chunk)) open.insert(chunk);
    return open;
}

bool session::complete() const {
    return scheduler_.missing().empty();
}

// --- uploads

bool session::manifest_wanted(const connection& by) {
    return manifest_turns_.take(by.id(), now());
}

void session::manifest_sent(const connection& by, bool to_its_end) {
    if (to_its_end)
        manifest_turns_.end(by.id());
    else
        manifest_turns_.take(by.id(), now());
}

session::request_is session::upload_wanted(const connection& by, wanted what) {
    if (!is_online() || !connections_.contains(by.id())) return request_is::not_served;
    if (!uploads_.add(by.id(), site_of(by.address().host), std::move(what))) return request_is::one_too_many;
    start_uploads();
    return request_is::taken;
}

void session::upload_cancelled(connection& by, std::optional<chunk_index> chunk) {
    if (!uploads_.cancel(by.id(), chunk)) by.stop_serving(chunk);
}

void session::upload_ended(const connection& by) {
    uploads_.finished(by.id());
    start_uploads();
    state_changed_.set();
}

void session::start_uploads() {
    if (!is_online()) return;
    while (auto next = uploads_.start_next()) connections_.at(next->who)->serve(std::move(next->what));
}

std::optional<chunk_index> session::choose_upload(const connection& by, const wanted& what) {
    std::optional<chunk_index> chunk = what.chunk;
    if (!chunk) chunk = uploads_.pick({{&inventory_.offered()}, {&by.has(), &by.given(), &what.except}});
    if (!chunk || !inventory_.offered().contains(*chunk)) return std::nullopt;
    uploads_.count_sent(*chunk);
    receivers_.insert(by.instance());
    return chunk;
}

void session::chunk_lost(chunk_index chunk, const std::string& why) {
    if (!inventory_.owned().contains(chunk)) return;  // it is known already
    if (losses_told_.insert(why).second)
        spdlog::warn("{}: chunk {} is not served any more{}: {}", printable(options_.label), chunk.value,
                     options_.fetch ? ", and is fetched again" : "", why);
    bytes_here_ -= inventory_.claim(chunk).size;
    store_->lost(chunk);
    inventory_.lost(chunk);
    scheduler_.lost(chunk);
    completed_.reset();
    said_complete_ = false;
    last_arrival_ = now();
    if (options_.fetch) fetch_again(chunk);
    for (tracker_link* link : links_) link->announce_soon();
}

// A chunk folder takes it in again as it took the others. Of a published set, a whole file is not what it
// was, and which of its chunks are still right has to be looked at.
void session::fetch_again(chunk_index chunk) {
    if (store_->published()) {
        if (!looks_again_at_) looks_again_at_ = std::max(now(), started_ + between_looks);
    } else if (inventory_.agreed(chunk)) {
        scheduler_.agreed(chunk);
        something_to_ask_.set();
    }
    state_changed_.set();
}

// --- status

activity session::going_on() const {
    activity is;
    is.name = options_.label;
    is.received = bytes_down_;
    is.sent = bytes_up_;
    is.peers = connections_.size();
    if (const auto published = store_->published()) {
        is.total = published->size();
        is.done = bytes_here_;
    } else {
        is.counted_in = activity::unit::chunks;
        is.total = store_->count();
        is.done = hashed_ ? is.total - missing().size() : inventory_.owned().size();
    }
    is.what = paused_                         ? activity::kind::paused
              : !hashed_                      ? activity::kind::hashing
              : options_.fetch && !complete() ? activity::kind::fetching
                                              : activity::kind::serving;
    return is;
}

peer_status session::status() const {
    peer_status s;
    s.fileset = options_.label;
    s.count = store_->count();
    s.present = store_->present();
    s.offered = inventory_.offered();
    s.disputed = inventory_.disputed();
    s.fetched = fetched_;
    s.wrong = wrong_;
    s.sources = static_cast<std::uint32_t>(sources_.size());
    s.receivers = static_cast<std::uint32_t>(receivers_.size());
    s.bytes_up = bytes_up_;
    s.bytes_down = bytes_down_;
    s.paused = paused_;
    s.tracker_connected = std::ranges::any_of(links_, [](auto* link) { return link->welcomed(); });
    s.elapsed = now() - started_;
    if (completed_) s.completed_after = *completed_ - started_;
    for (const auto& [id, with] : connections_)
        s.connections.push_back(
            {with->label(), with->has().size(), scheduler_.open_at(id), with->received(), with->sent()});
    return s;
}

}  // namespace p2p
