#include "core/transfer/scheduler.hpp"

#include "core/chunks/pick.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace p2p {

namespace {

// The last few chunks count, an outlier does not throw the figure off.
void smooth(duration& typical, duration latest) {
    typical = typical == duration{} ? latest : (typical * 3 + latest) / 4;
}

// With so many wanted chunks for each request for any that is open elsewhere, less than one pick in 32 is
// what another seeder picks as well.
constexpr std::size_t wanted_per_pick = 32;

// A second copy is worth its bytes only once the first takes clearly longer than usual.
constexpr int late_factor = 2;
constexpr duration never_late_before = std::chrono::milliseconds{200};

// Slower by so much than the others, a peer is not worth waiting for.
constexpr int dragging_factor = 8;

// Who is wrong no more often than once in so many times costs less than it brings.
constexpr unsigned wrong_one_in = 10;

// A peer that was slow so often, and never delivered, rests no longer the next time.
constexpr unsigned most_doublings = 5;

}  // namespace

scheduler::scheduler(std::uint32_t count, chunk_set present, scheduler_options options, std::uint64_t seed)
    : count_(count),
      options_(options),
      random_(seed),
      missing_(chunk_set::first(count) - present),
      unwanted_(missing_) {}

void scheduler::agreed(chunk_index chunk) {
    agreed_.insert(chunk);
    update_wanted(chunk);
}

void scheduler::peer_joined(peer_id id, time_point now) {
    source& peer = peers_[id];
    peer.heard = peer.delivered = now;
}

void scheduler::peer_has(peer_id id, const chunk_set& chunks) {
    source& peer = peers_.at(id);
    for (const chunk_index chunk : chunks) {
        if (!peer.has.insert(chunk)) continue;
        if (copies_.size() < chunk.value) copies_.resize(chunk.value);
        if (++copies_[chunk.value - 1] == 1) within_reach_.insert(chunk);
        if (wanted_.contains(chunk)) peer.useless = false;
    }
}

void scheduler::peer_left(peer_id id) {
    const auto at = peers_.find(id);
    if (at == peers_.end()) return;
    for (const chunk_index chunk : at->second.has)
        if (--copies_[chunk.value - 1] == 0) within_reach_.erase(chunk);
    const std::vector<request> open = std::move(at->second.open);
    busy_.erase(id);
    peers_.erase(at);
    for (const request& r : open) {
        if (!r.chunk) continue;
        std::erase(in_flight_[*r.chunk], id);
        update_wanted(*r.chunk);
    }
}

bool scheduler::started(peer_id id, chunk_index chunk, time_point now) {
    source& peer = peers_.at(id);
    request* open = find_request(peer, chunk);
    if (open == nullptr || open->begun) {
        const bool is_new = open == nullptr && can_use_pick(peer, chunk);
        open = find_request(peer, std::nullopt);
        if (!is_new || open == nullptr) {
            close_request(peer, std::nullopt);
            return false;
        }
        open->chunk = chunk;
        in_flight_[chunk].push_back(id);
    }
    progressed(id, now);
    open->begun = true;
    open->begun_at = now;
    update_wanted(chunk);
    return true;
}

// A chunk that is only queued elsewhere may come from here: whoever begins first is the better source.
bool scheduler::can_use_pick(const source& peer, chunk_index chunk) const {
    if (!missing_.contains(chunk) || !agreed_.contains(chunk) || peer.denied.contains(chunk)) return false;
    const auto copies = in_flight_.find(chunk);
    if (copies == in_flight_.end()) return true;
    return std::ranges::none_of(copies->second, [&](peer_id id) {
        const source& other = peers_.at(id);
        const request* open = find_request(other, chunk);
        return !other.slow && open && open->begun;
    });
}

bool scheduler::progressed(peer_id id, time_point now) {
    source& peer = peers_.at(id);
    peer.heard = now;
    if (!peer.slow || now >= drags_on_from(peer)) return false;
    set_slow(peer, false, now);
    return true;
}

std::vector<order> scheduler::finished(peer_id id, chunk_index chunk, time_point now) {
    source& peer = peers_.at(id);
    if (const request* open = find_request(peer, chunk)) {
        const duration took = now - std::max(open->since, peer.delivered);
        smooth(peer.typical, took);
        smooth(typical_, took);
    }
    ++peer.right;
    peer.delivered = now;
    peer.refusals = peer.rests = 0;
    close_answered(peer, chunk);
    std::erase(in_flight_[chunk], id);
    return settle(chunk);
}

std::vector<order> scheduler::found(chunk_index chunk) {
    return settle(chunk);
}

void scheduler::lost(chunk_index chunk) {
    if (!missing_.insert(chunk)) return;
    unwanted_.insert(chunk);
    update_wanted(chunk);
}

std::vector<order> scheduler::settle(chunk_index chunk) {
    want_no_more(chunk);
    unwanted_.erase(chunk);
    missing_.erase(chunk);
    std::vector<order> orders;
    if (const auto copies = in_flight_.find(chunk); copies != in_flight_.end()) {
        for (const peer_id other : copies->second) {
            close_request(peers_.at(other), chunk);
            orders.push_back({order::kind::cancel, other, chunk});
        }
        in_flight_.erase(copies);
    }
    return orders;
}

std::vector<order> scheduler::wind_down() {
    std::vector<order> cancellations;
    for (auto& [id, peer] : busy_) {
        const auto waiting = std::ranges::stable_partition(peer->open, &request::begun);
        take_back(id, *peer, {waiting.begin(), waiting.end()}, cancellations);
    }
    return cancellations;
}

bool scheduler::is_receiving() const {
    return std::ranges::any_of(
        busy_, [](const auto& entry) { return std::ranges::any_of(entry.second->open, &request::begun); });
}

bool scheduler::wrong(peer_id id, chunk_index chunk) {
    refused(id, chunk);
    source& peer = peers_.at(id);
    peer.spoilt.insert(chunk);
    ++peer.wrong;
    return peer.wrong >= options_.wrong_limit && peer.wrong * wrong_one_in > peer.wrong + peer.right;
}

void scheduler::refused(peer_id id, std::optional<chunk_index> chunk) {
    source& peer = peers_.at(id);
    if (!chunk) {
        close_request(peer, std::nullopt);
        peer.picks = false;  // it is told what to send from now on
        return;
    }
    close_answered(peer, *chunk);
    peer.denied.insert(*chunk);
    peer.refused_at = asked_at_;
    std::erase(in_flight_[*chunk], id);
    update_wanted(*chunk);
    if (++peer.refusals < options_.refusal_limit || peer.slow) return;
    peer.refusals = 0;
    busy_[id] = &peer;
    set_slow(peer, true, asked_at_);
}

std::vector<order> scheduler::next_orders(time_point now) {
    asked_at_ = now;
    std::vector<order> orders = mark_slow_peers(now);
    std::erase_if(busy_, [](auto& entry) { return !entry.second->slow && entry.second->open.empty(); });
    order_more(orders, now);
    if (is_idle() && forgive(now)) order_more(orders, now);
    return orders;
}

void scheduler::order_more(std::vector<order>& orders, time_point now) {
    while (auto next = next_order(now)) orders.push_back(*next);
}

bool scheduler::is_idle() const {
    return std::ranges::all_of(busy_, [](const auto& entry) { return entry.second->open.empty(); });
}

// Wanted chunks that came wrong can be asked for again where they came from, and those that were refused a
// while ago where they were. false: there are none.
bool scheduler::forgive(time_point now) {
    bool any = false;
    for (auto& [id, peer] : peers_) {
        const bool refused_long_ago = !peer.slow && now >= peer.refused_at + options_.stall_after;
        const chunk_set again = (refused_long_ago ? peer.denied : peer.spoilt) & wanted_;
        if (again.empty()) continue;
        peer.denied = peer.denied - again;
        peer.spoilt = {};
        peer.useless = false;
        any = true;
    }
    return any;
}

std::optional<order> scheduler::next_order(time_point now) {
    if (missing_.empty() || open_at_delivering() >= most_open()) return std::nullopt;
    const unsigned most = most_at_one_peer();
    const bool second_copies = !something_to_fetch();
    std::vector<std::pair<double, peer_id>> ready;
    for (const auto& [id, peer] : peers_)
        if (!peer.slow && peer.open.size() < most && !peer.has.empty() && (!peer.useless || second_copies))
            ready.emplace_back(expected_wait(peer), id);
    std::shuffle(ready.begin(), ready.end(), random_);
    std::stable_sort(ready.begin(), ready.end(), [](auto& a, auto& b) { return a.first < b.first; });
    for (const auto& [wait, id] : ready)
        if (auto next = ask(id, peers_.at(id), now)) return next;
    return std::nullopt;
}

bool scheduler::refuses_what_is_wanted(const source& peer) const {
    return chunk_selection({&wanted_, &peer.denied}, {}).has_more_than(0);
}

// One connected peer may get many requests, one of many only its share: where few have chunks yet, as at the
// start of a swarm, all requests would wait in their queues while the others already could deliver.
unsigned scheduler::most_at_one_peer() const {
    const unsigned others = std::max(delivering(), 1U);
    const unsigned share = (options_.open_total + others - 1) / others;
    return std::clamp(share, 1U, options_.open_per_peer);
}

// In a large swarm, uploaders would be left without a request now and then if none were kept at each of them.
unsigned scheduler::most_open() const {
    return std::clamp(delivering(), options_.open_total, 2 * options_.open_total);
}

unsigned scheduler::delivering() const {
    const auto slow =
        std::count_if(busy_.begin(), busy_.end(), [](auto& entry) { return entry.second->slow; });
    return static_cast<unsigned>(peers_.size()) - static_cast<unsigned>(slow);
}

std::optional<order> scheduler::ask(peer_id id, source& peer, time_point now) {
    const chunk_selection useful = candidates(peer);
    std::optional<chunk_index> chunk;
    if (may_pick(peer)) {
        if (useful.has_more_than(open_for_any(peer))) {
            peer.open.push_back({std::nullopt, now});
            busy_[id] = &peer;
            return order{order::kind::request, id, std::nullopt};
        }
    } else if (!peer.useless) {
        chunk = pick_least(
            useful, [this](chunk_index c) { return copies(c); }, random_);
        peer.useless = !chunk;
    }
    if (!chunk) chunk = pick_second_copy(peer, now);
    if (!chunk) return std::nullopt;
    peer.open.push_back({chunk, now});
    busy_[id] = &peer;
    in_flight_[*chunk].push_back(id);
    update_wanted(*chunk);
    return order{order::kind::request, id, chunk};
}

// Seeders that pick at the same time do not know of each other: what one of them picks, another may pick too,
// the sooner, the fewer chunks are wanted. A peer that delivers nothing while others do picks nothing either.
bool scheduler::may_pick(const source& peer) const {
    if (!peer.picks || peer.has.size() < count_ || unwanted_.size() > most_excepted) return false;
    std::size_t elsewhere = 0;
    for (const auto& [id, other] : busy_)
        if (other != &peer && (is_proven(*other) || typical_ == duration{}))
            elsewhere += open_for_any(*other);
    return elsewhere * wanted_per_pick <= wanted_.size();
}

std::size_t scheduler::open_for_any(const source& peer) {
    return static_cast<std::size_t>(
        std::count_if(peer.open.begin(), peer.open.end(), [](const request& r) { return !r.chunk; }));
}

// The chunk whose oldest request is late, and that this peer could send as well.
std::optional<chunk_index> scheduler::pick_second_copy(const source& peer, time_point now) const {
    if (something_to_fetch()) return std::nullopt;
    std::optional<chunk_index> latest;
    time_point since = time_point::max();
    for (const auto& [chunk, askers] : in_flight_) {
        if (!may_have_copy(peer, chunk)) continue;
        if (!is_proven(peer) && (proven_source_of(chunk) || copies_due(chunk).all >= options_.copies_at_end))
            continue;
        const auto at = second_copy_at(chunk);
        if (at && *at <= now && *at < since) {
            latest = chunk;
            since = *at;
        }
    }
    return latest;
}

bool scheduler::may_have_copy(const source& peer, chunk_index chunk) {
    return peer.has.contains(chunk) && !peer.denied.contains(chunk) && !find_request(peer, chunk);
}

// One that never delivered may be what the first copy waits for as well.
bool scheduler::proven_source_of(chunk_index chunk) const {
    return std::ranges::any_of(peers_, [chunk](const auto& entry) {
        const source& peer = entry.second;
        return is_proven(peer) && !peer.slow && may_have_copy(peer, chunk);
    });
}

// The requests for a chunk at peers that deliver.
scheduler::copies_open scheduler::copies_due(chunk_index chunk) const {
    copies_open due;
    const auto askers = in_flight_.find(chunk);
    if (askers == in_flight_.end()) return due;
    for (const peer_id id : askers->second) {
        const source& peer = peers_.at(id);
        if (peer.slow) continue;
        if (!due.oldest) due.oldest = find_request(peer, chunk);
        ++due.all;
        if (is_proven(peer)) ++due.at_proven;
    }
    return due;
}

// A wanted chunk that no connected peer has does not keep the others from their end.
bool scheduler::something_to_fetch() const {
    return chunk_selection({&wanted_, &within_reach_}, {}).has_more_than(0);
}

// Copies at peers that never delivered keep nobody who did from being asked.
std::optional<time_point> scheduler::second_copy_at(chunk_index chunk) const {
    const copies_open due = copies_due(chunk);
    const unsigned most = options_.copies_at_end;
    if (due.all == 0 || due.at_proven >= most || due.all >= 2 * most - 1) return std::nullopt;
    const request* const first = due.oldest;
    // Before any chunk came, nobody knows what is late.
    if (typical_ == duration{}) return first->since + options_.stall_after;
    return first->since + std::max(late_factor * typical_, never_late_before);
}

std::optional<time_point> scheduler::next_deadline() const {
    std::optional<time_point> next;
    // What was due when next_orders() was last called could not be done then: only an event can change that.
    const auto consider = [&](time_point at) {
        if (at > asked_at_) next = next ? std::min(*next, at) : at;
    };
    for (const auto& [id, peer] : busy_)
        if (const auto at = turns_at(*peer)) consider(*at);
    if (is_idle())
        for (const auto& [id, peer] : peers_)
            if (!peer.slow && refuses_what_is_wanted(peer)) consider(peer.refused_at + options_.stall_after);
    if (!something_to_fetch() && open_at_delivering() < most_open())
        for (const auto& [chunk, askers] : in_flight_)
            if (const auto at = second_copy_at(chunk)) consider(*at);
    return next;
}

// Returns the cancellations of what counts as lost.
std::vector<order> scheduler::mark_slow_peers(time_point now) {
    std::vector<order> cancellations;
    for (auto& [id, peer] : busy_) {
        const auto at = turns_at(*peer);
        if (!at || now < *at) continue;
        if (peer->slow) take_back(id, *peer, peer->open, cancellations);
        set_slow(*peer, !peer->slow, now);
    }
    return cancellations;
}

// The last of those that are open there.
void scheduler::take_back(peer_id id, source& peer, std::vector<request> requests,
                          std::vector<order>& cancellations) {
    peer.open.resize(peer.open.size() - requests.size());
    for (const request& one : requests) {
        cancellations.push_back({order::kind::cancel, id, one.chunk});
        if (!one.chunk) continue;
        std::erase(in_flight_[*one.chunk], id);
        update_wanted(*one.chunk);
    }
}

void scheduler::set_slow(source& peer, bool slow, time_point now) {
    peer.slow = slow;
    peer.slow_since = now;
    if (slow) ++peer.rests;
    for (const request& r : peer.open)
        if (r.chunk) update_wanted(*r.chunk);
}

// When a peer becomes slow, and when a slow one is tried again: a request that was lost on its way is never
// answered, and with nothing open it could never show that it is back.
std::optional<time_point> scheduler::turns_at(const source& peer) const {
    if (peer.slow) {
        const unsigned doublings = std::clamp(peer.rests, 1U, most_doublings) - 1;
        const time_point since = peer.open.empty() ? peer.slow_since : std::max(peer.slow_since, peer.heard);
        return since + options_.stall_after * (1 << doublings);
    }
    if (peer.open.empty()) return std::nullopt;
    return std::min(std::max(peer.open.front().since, peer.heard) + options_.stall_after,
                    drags_on_from(peer));
}

// Never, where no chunk is on its way, or nobody knows what is usual. What is short at any rate is no matter.
time_point scheduler::drags_on_from(const source& peer) const {
    const auto on_its_way = std::ranges::find(peer.open, true, &request::begun);
    if (on_its_way == peer.open.end() || typical_ == duration{}) return time_point::max();
    return on_its_way->begun_at + std::max(dragging_factor * typical_, options_.stall_after / 4);
}

void scheduler::update_wanted(chunk_index chunk) {
    const auto copies = in_flight_.find(chunk);
    if (copies != in_flight_.end() && copies->second.empty()) in_flight_.erase(copies);
    const bool delivering =
        in_flight_.contains(chunk) &&
        std::ranges::any_of(in_flight_.at(chunk), [this](peer_id id) { return !peers_.at(id).slow; });
    if (missing_.contains(chunk) && agreed_.contains(chunk) && !delivering)
        want(chunk);
    else
        want_no_more(chunk);
}

void scheduler::want(chunk_index chunk) {
    if (!wanted_.insert(chunk)) return;
    unwanted_.erase(chunk);
    for (auto& [id, peer] : peers_)
        if (peer.has.contains(chunk)) peer.useless = false;
}

void scheduler::want_no_more(chunk_index chunk) {
    if (wanted_.erase(chunk)) unwanted_.insert(chunk);
}

// What is open at a peer that delivers is not wanted.
chunk_selection scheduler::candidates(const source& peer) const {
    return {{&wanted_, &peer.has}, {&peer.denied}};
}

chunk_set scheduler::except(peer_id id) const {
    const auto at = peers_.find(id);
    chunk_set out = unwanted_;
    if (at != peers_.end()) out |= at->second.denied & missing_;
    return out;
}

unsigned scheduler::copies(chunk_index chunk) const {
    return chunk.value <= copies_.size() ? copies_[chunk.value - 1] : 0;
}

unsigned scheduler::open_at(peer_id id) const {
    const auto at = peers_.find(id);
    return at == peers_.end() ? 0 : static_cast<unsigned>(at->second.open.size());
}

unsigned scheduler::open_at_delivering() const {
    unsigned open = 0;
    for (const auto& [id, peer] : busy_)
        if (!peer->slow) open += static_cast<unsigned>(peer->open.size());
    return open;
}

// A peer that never delivered is tried as if it took no time, but for what is open there already; once it was
// slow at that, all others come first.
double scheduler::expected_wait(const source& peer) const {
    if (peer.typical == duration{} && peer.rests > 0) return std::numeric_limits<double>::max();
    const double each = std::chrono::duration<double>(peer.typical).count();
    const double mean = std::chrono::duration<double>(typical_).count();
    const double open = static_cast<double>(peer.open.size());
    return peer.typical == duration{} ? open * (mean + 1e-6) : (open + 1) * each;
}

const scheduler::request* scheduler::find_request(const source& peer, std::optional<chunk_index> chunk) {
    const auto at = std::ranges::find(peer.open, chunk, &request::chunk);
    return at == peer.open.end() ? nullptr : &*at;
}

scheduler::request* scheduler::find_request(source& peer, std::optional<chunk_index> chunk) {
    const auto at = std::ranges::find(peer.open, chunk, &request::chunk);
    return at == peer.open.end() ? nullptr : &*at;
}

// Who is asked for any and for a certain chunk may answer both with that chunk: the second answer is to the
// other request.
void scheduler::close_answered(source& peer, chunk_index chunk) {
    close_request(peer, find_request(peer, chunk) ? std::optional{chunk} : std::nullopt);
}

void scheduler::close_request(source& peer, std::optional<chunk_index> chunk) {
    const auto at = std::ranges::find(peer.open, chunk, &request::chunk);
    if (at != peer.open.end()) peer.open.erase(at);
}

}  // namespace p2p
