#include "core/tracking/registry.hpp"

#include <algorithm>
#include <utility>

namespace p2p {

namespace {

template <class Entry>
bool same_content(const Entry& entry, const chunk_claim& claim) {
    return entry.hash == claim.hash && entry.size == claim.size;
}

// What things count as: set_limits.hpp.
constexpr std::uint64_t page_cost = 28;
constexpr std::uint64_t slot_cost = 1;
constexpr std::uint32_t bitmaps_of_a_member = 2;  // its claims, and what it waits for
constexpr std::uint32_t bitmaps_of_a_set = 2;     // what is agreed, and the pages of it

constexpr std::uint32_t cost_of_a_member(std::uint32_t count) {
    return membership_cost + bitmaps_of_a_member * bitmap_cost(count);
}

std::uint64_t cost_of_holders(std::size_t room) {
    constexpr std::size_t slots_for_one = 1024;
    return room == 0 ? 0 : 1 + room / slots_for_one;
}

}  // namespace

registry::registry(registry_options options, std::uint64_t seed, const set_limits& limits)
    : options_(options), random_(seed), ledger_(limits) {}

registry::agreed_chunk& registry::agreed_chunks::add(chunk_index chunk) {
    indices_.insert(chunk);
    const std::size_t at = page_of(chunk);
    if (at >= pages_.size()) pages_.resize(at + 1);
    if (!pages_[at]) pages_[at] = std::make_unique<std::array<agreed_chunk, page_size>>();
    return (*pages_[at])[chunk.value % page_size];
}

const registry::agreed_chunk* registry::agreed_chunks::find(chunk_index chunk) const {
    return indices_.contains(chunk) ? &(*pages_[page_of(chunk)])[chunk.value % page_size] : nullptr;
}

registry::agreed_chunk* registry::agreed_chunks::find(chunk_index chunk) {
    return const_cast<agreed_chunk*>(std::as_const(*this).find(chunk));
}

std::optional<registry::joined> registry::join(peer_info info) {
    joined result{peer_id{++last_id_}, std::nullopt};
    std::uint64_t displaced = 0;
    if (const auto found = by_address_.find(info.address); found != by_address_.end()) {
        const known_peer& old = **found;
        if (info.instance != 0 && info.instance == old.displaced) return std::nullopt;
        displaced = info.instance == old.info.instance ? old.displaced : old.info.instance;
        result.replaced = old.id;
        leave(*result.replaced);
    }
    const known_peer& known = peers_[result.peer] = known_peer{result.peer, std::move(info), displaced};
    by_address_.insert(&known);
    return result;
}

void registry::leave(peer_id peer) {
    const auto known = peers_.find(peer);
    if (known == peers_.end()) return;
    while (!known->second.sets.empty()) leave_set(peer, known->second.sets.back());
    by_address_.erase(&known->second);
    peers_.erase(known);
}

// Makes the peer a member of the set, if it is none yet.
registry::slot registry::join(set_map::iterator at, peer_id peer) {
    file_set& set = at->second;
    const auto [known, is_new] = set.slots.try_emplace(peer);
    if (!is_new) return known->second;
    if (set.free.empty()) {
        set.free.push_back(static_cast<slot>(set.members.size()));
        set.members.emplace_back();
        charge(set, slot_cost);
    }
    const slot who = known->second = set.free.back();
    set.free.pop_back();
    set.taken.insert(who);
    set.members[who].peer = peer;
    known_peer& joining = peers_.at(peer);
    joining.sets.push_back(at);
    ++joining.account.sets;
    ledger_.add(joining.account, set.cost_of_a_member);
    return who;
}

// The set, which is made where it is new, if the peer is a member of it or may become one.
tl::expected<registry::set_map::iterator, set_limit> registry::membership_in(const file_set_key& key,
                                                                             peer_id peer) {
    const auto known = sets_.find(key);
    if (known != sets_.end() && known->second.slots.contains(peer)) return known;
    const std::uint32_t for_member = cost_of_a_member(key.count);
    if (const auto limit = ledger_.exceeded(peers_.at(peer).account, 1, for_member))
        return tl::unexpected{*limit};
    if (known != sets_.end()) {
        const bool was_abandoned = abandoned_.remove(known->second.abandoned);
        if (make_room(for_member + slot_cost)) return known;
        if (was_abandoned) abandoned_.put_back(known->second.abandoned, known);
        return tl::unexpected{set_limit::chunks};
    }
    if (!has_room_for_a_set()) return tl::unexpected{set_limit::sets};
    if (const auto made = make_set(key, for_member + slot_cost)) return *made;
    return tl::unexpected{set_limit::chunks};
}

bool registry::has_room_for_a_set() {
    while (sets_.size() >= ledger_.limits().sets)
        if (!forget_first_abandoned()) return false;
    return true;
}

// None: there is no room for it, and for so many chunks besides.
std::optional<registry::set_map::iterator> registry::make_set(const file_set_key& key,
                                                              std::uint64_t chunks_besides) {
    const std::uint64_t cost = std::uint64_t{bitmaps_of_a_set} * bitmap_cost(key.count);
    if (!make_room(cost + chunks_besides)) return std::nullopt;
    const auto made = sets_.try_emplace(key).first;
    made->second.cost_of_a_member = cost_of_a_member(key.count);
    charge(made->second, cost);
    return made;
}

bool registry::restore(const file_set_key& key, std::span<const chunk_claim> agreed) {
    std::set<std::size_t> pages;
    for (const chunk_claim& one : agreed) pages.insert(agreed_chunks::page_of(one.chunk));
    if (!has_room_for_a_set()) return false;
    const auto set = make_set(key, page_cost * pages.size());
    if (!set) return false;
    for (const chunk_claim& one : agreed) add_agreed((*set)->second, one);
    abandon(*set);
    return true;
}

bool registry::make_room(std::uint64_t chunks) {
    while (!ledger_.has_room_for(chunks))
        if (!forget_first_abandoned()) return false;
    return true;
}

bool registry::forget_first_abandoned(std::uint64_t among) {
    const auto first = abandoned_.take_first(among);
    if (!first) return false;
    ledger_.remove((*first)->second.cost);
    forgotten_.push_back((*first)->first);
    sets_.erase(*first);
    return true;
}

void registry::forget_abandoned(std::uint64_t among) {
    while (forget_first_abandoned(among)) {
    }
}

// It is kept for what was agreed in it, and for nothing else.
void registry::abandon(set_map::iterator at) {
    file_set& set = at->second;
    set.cost -= slot_cost * set.members.size();
    ledger_.remove(slot_cost * set.members.size());
    set.members = {};
    set.free = {};
    set.slots = {};
    set.taken = set.waiting = {};
    set.check_list = {};
    if (set.chunk_list.indices().empty()) {
        ledger_.remove(set.cost);
        sets_.erase(at);
        return;
    }
    set.abandoned = abandoned_.add(at);
}

void registry::charge(file_set& set, std::uint64_t chunks) {
    set.cost += chunks;
    ledger_.add(chunks);
}

// Whatever comes of the claim, it takes no more than this: a place on the check_list, and then one on the
// chunk_list with its holders.
std::optional<set_limit> registry::exceeded(const file_set& set, slot who, const chunk_claim& claim) {
    const membership& member = set.members[who];
    const agreed_chunk* const known = set.chunk_list.find(claim.chunk);
    const bool is_agreed = known != nullptr && same_content(*known, claim);
    if (!is_agreed && !member.claims.contains(claim.chunk))
        if (const auto limit = ledger_.exceeded(peers_.at(member.peer).account, 0, 1)) return limit;
    const std::uint64_t at_most = 1 + page_cost + cost_of_holders(set.members.size());
    return make_room(at_most) ? std::nullopt : std::optional{set_limit::chunks};
}

registry_news registry::announce(peer_id peer, const file_set_key& key, std::span<const chunk_claim> claims) {
    registry_news news;
    const auto at = membership_in(key, peer);
    if (!at) {
        news.exceeded = at.error();
        return news;
    }
    file_set& set = (*at)->second;
    const std::size_t before = set.slots.size();
    const slot who = join(*at, peer);
    news.new_member = set.slots.size() > before;
    for (const chunk_claim& claim : claims) {
        if ((news.exceeded = exceeded(set, who, claim))) break;
        if (agreed_chunk* const known = set.chunk_list.find(claim.chunk))
            announce_agreed(set, *known, who, claim, news);
        else
            announce_open(set, who, claim, news);
    }
    return news;
}

void registry::announce_agreed(file_set& set, agreed_chunk& known, slot who, const chunk_claim& claim,
                               registry_news& news) {
    if (same_content(known, claim)) {
        drop_claim(set, who, claim.chunk);
        add_holder(set, known, who, claim.chunk, news);
        return;
    }
    drop_holder(set, who, known);
    put_claim(set, who, claim);
    news.disputes.push_back({claim, known.hash, set.members[who].peer});
}

void registry::announce_open(file_set& set, slot who, const chunk_claim& claim, registry_news& news) {
    put_claim(set, who, claim);
    if (voters_for(set, claim) >= options_.quorum) promote(set, claim, who, news);
}

std::size_t registry::voters_for(const file_set& set, const chunk_claim& claim) const {
    std::set<slot> peers;
    std::set<std::string_view> hosts;
    for (const claimed& entry : set.check_list.at(claim.chunk)) {
        if (!same_content(entry, claim)) continue;
        peers.insert(entry.who);
        hosts.insert(peer(set.members[entry.who].peer).voter_host);
    }
    return options_.one_vote == vote_per::peer ? peers.size() : hosts.size();
}

registry::agreed_chunk& registry::add_agreed(file_set& set, const chunk_claim& claim) {
    if (!set.chunk_list.has_page_for(claim.chunk)) charge(set, page_cost);
    agreed_chunk& added = set.chunk_list.add(claim.chunk);
    added = {claim.hash, claim.size, {}};
    set.agreed_size += claim.size;
    return added;
}

void registry::promote(file_set& set, const chunk_claim& claim, slot announcer, registry_news& news) {
    agreed_chunk& known = add_agreed(set, claim);
    promotion promoted{claim, {}};
    const std::vector<claimed> entries = set.check_list.at(claim.chunk);
    for (const claimed& entry : entries) {
        const peer_id claimer = set.members[entry.who].peer;
        if (entry.who != announcer) news.restated[claimer].insert(claim.chunk);
        if (same_content(entry, claim)) {
            promoted.voters.push_back(claimer);
            drop_claim(set, entry.who, claim.chunk);
            add_holder(set, known, entry.who, claim.chunk, news);
        } else {
            news.disputes.push_back({{claim.chunk, entry.hash, entry.size}, claim.hash, claimer});
        }
    }
    news.promotions.push_back(std::move(promoted));
}

void registry::add_holder(file_set& set, agreed_chunk& known, slot who, chunk_index chunk,
                          registry_news& news) {
    const std::uint64_t before = cost_of_holders(known.holders.room());
    if (!known.holders.insert(who)) return;
    charge(set, cost_of_holders(known.holders.room()) - before);
    ++set.members[who].holds;
    set.members[who].waits.erase(chunk);
    if (known.holders.size() > 1) return;
    set.waiting.for_each([&](slot other) {
        membership& waiter = set.members[other];
        if (waiter.waits.erase(chunk)) news.available[waiter.peer].insert(chunk);
        if (waiter.waits.empty()) set.waiting.erase(other);
    });
}

void registry::put_claim(file_set& set, slot who, const chunk_claim& claim) {
    drop_claim(set, who, claim.chunk);
    set.members[who].claims.insert(claim.chunk);
    ledger_.add(peers_.at(set.members[who].peer).account, 1);
    set.check_list[claim.chunk].push_back({who, claim.hash, claim.size});
}

void registry::drop_claim(file_set& set, slot who, chunk_index chunk) {
    if (!set.members[who].claims.erase(chunk)) return;
    ledger_.remove(peers_.at(set.members[who].peer).account, 1);
    const auto entries = set.check_list.find(chunk);
    std::erase_if(entries->second, [who](const claimed& entry) { return entry.who == who; });
    if (!entries->second.empty()) return;
    set.check_list.erase(entries);
    // A table does not become smaller by itself.
    constexpr std::size_t too_large = 8;
    if (set.check_list.size() * too_large < set.check_list.bucket_count()) set.check_list.rehash(0);
}

void registry::drop_holder(file_set& set, slot who, agreed_chunk& known) {
    if (known.holders.erase(who)) --set.members[who].holds;
}

void registry::forget(file_set& set, slot who, const chunk_set& chunks) {
    for (const chunk_index chunk : chunks) {
        drop_claim(set, who, chunk);
        if (agreed_chunk* const known = set.chunk_list.find(chunk)) drop_holder(set, who, *known);
    }
}

void registry::forget_all(file_set& set, slot who) {
    const chunk_set claims = set.members[who].claims;
    forget(set, who, claims);
    for (const chunk_index chunk : set.chunk_list.indices()) {
        if (set.members[who].holds == 0) break;
        drop_holder(set, who, *set.chunk_list.find(chunk));
    }
}

void registry::withdraw(peer_id peer, const file_set_key& key, const chunk_set& chunks) {
    const auto set = sets_.find(key);
    if (set == sets_.end()) return;
    if (const auto one = set->second.slots.find(peer); one != set->second.slots.end())
        forget(set->second, one->second, chunks);
}

void registry::leave_set(peer_id peer, const file_set_key& key) {
    const auto set = sets_.find(key);
    if (set != sets_.end() && set->second.slots.contains(peer)) leave_set(peer, set);
}

void registry::leave_set(peer_id peer, set_map::iterator at) {
    file_set& set = at->second;
    const auto leaver = set.slots.find(peer);
    const slot who = leaver->second;
    forget_all(set, who);
    set.members[who] = {};
    set.waiting.erase(who);
    set.taken.erase(who);
    set.free.push_back(who);
    set.slots.erase(leaver);
    known_peer& leaving = peers_.at(peer);
    std::erase(leaving.sets, at);
    --leaving.account.sets;
    ledger_.remove(leaving.account, set.cost_of_a_member);
    if (set.slots.empty()) abandon(at);
}

standing registry::standing_of(peer_id peer, const file_set_key& key, const chunk_set& chunks) const {
    standing result;
    const auto set = sets_.find(key);
    if (set == sets_.end()) return result;
    const auto one = set->second.slots.find(peer);
    if (one == set->second.slots.end()) return result;
    const chunk_set& claims = set->second.members[one->second].claims;
    for (const chunk_index chunk : chunks) {
        const agreed_chunk* const known = set->second.chunk_list.find(chunk);
        if (known != nullptr && known->holders.contains(one->second))
            result.agreed.insert(chunk);
        else if (claims.contains(chunk))
            (known != nullptr ? result.disputed : result.pending).insert(chunk);
    }
    return result;
}

chunk_set registry::agreed_in(const file_set_key& key, const chunk_set& chunks) const {
    const auto set = sets_.find(key);
    return set == sets_.end() ? chunk_set{} : chunks & set->second.chunk_list.indices();
}

std::uint32_t registry::agreed_count(const file_set_key& key) const {
    const auto set = sets_.find(key);
    return set == sets_.end() ? 0 : set->second.chunk_list.indices().size();
}

std::optional<set_limit> registry::wait_for(peer_id peer, const file_set_key& key, const chunk_set& chunks) {
    const auto at = membership_in(key, peer);
    if (!at) return at.error();
    file_set& set = (*at)->second;
    const slot who = join(*at, peer);
    const chunk_set& agreed = set.chunk_list.indices();
    membership& waiter = set.members[who];
    if (!chunks.is_subset_of(agreed)) waiter.waits |= chunks - agreed;
    for (const chunk_index chunk : chunks& agreed)
        if (set.chunk_list.find(chunk)->holders.empty()) waiter.waits.insert(chunk);
    if (!waiter.waits.empty()) set.waiting.insert(who);
    return std::nullopt;
}

location registry::locate(peer_id asker, const file_set_key& key, std::span<const chunk_index> chunks,
                          std::size_t most_holders, std::span<const peer_id> left_out) {
    location result;
    const auto at = sets_.find(key);
    if (at == sets_.end()) {
        result.unknown.assign(chunks.begin(), chunks.end());
        return result;
    }
    const file_set& set = at->second;
    std::vector<const agreed_chunk*> known;
    for (const chunk_index chunk : chunks) {
        const agreed_chunk* const one = set.chunk_list.find(chunk);
        if (one == nullptr) {
            result.unknown.push_back(chunk);
            continue;
        }
        result.agreed.push_back({chunk, one->hash, one->size});
        known.push_back(one);
    }

    slot_set not_named;
    const auto leave_out = [&](peer_id one) {
        if (const auto who = set.slots.find(one); who != set.slots.end()) not_named.insert(who->second);
    };
    leave_out(asker);
    for (const peer_id one : left_out) leave_out(one);
    const auto has_all = [&](slot who) { return set.members[who].holds == key.count; };
    const auto own = set.slots.find(asker);
    const bool needs_nobody = chunks.empty() && own != set.slots.end() && has_all(own->second);
    for (const slot who : sample(set, known, not_named, most_holders)) {
        if (needs_nobody && has_all(who)) continue;
        location::holder& named = result.holders.emplace_back();
        named.peer = set.members[who].peer;
        for (std::size_t i = 0; i < known.size(); ++i)
            if (known[i]->holders.contains(who)) named.chunks.push_back(result.agreed[i].chunk);
    }
    return result;
}

// At least one holder of each of the chunks, then others of them, then other members.
std::vector<registry::slot> registry::sample(const file_set& set, std::span<const agreed_chunk* const> chunks,
                                             const slot_set& left_out, std::size_t most) {
    std::vector<slot> named;
    slot_set holders;
    for (const agreed_chunk* chunk : chunks) {
        holders |= chunk->holders;
        if (std::ranges::any_of(named, [chunk](slot one) { return chunk->holders.contains(one); })) continue;
        slot_set others = chunk->holders;
        others -= left_out;
        for (const slot one : others.draw(1, random_)) named.push_back(one);
    }
    const auto add_some_of = [&](slot_set others) {
        others -= left_out;
        for (const slot one : named) others.erase(one);
        const auto more = others.draw(most - named.size(), random_);
        named.insert(named.end(), more.begin(), more.end());
    };
    if (named.size() < most) add_some_of(holders);
    if (named.size() < most) {
        slot_set empty_handed = set.taken;
        add_some_of(empty_handed -= holders);
    }
    return named;
}

std::optional<peer_id> registry::find(const endpoint& address) const {
    const auto at = by_address_.find(address);
    return at == by_address_.end() ? std::nullopt : std::optional{(*at)->id};
}

std::vector<peer_id> registry::members(const file_set_key& key) const {
    std::vector<peer_id> all;
    if (const auto set = sets_.find(key); set != sets_.end())
        for (const auto& [one, place] : set->second.slots) all.push_back(one);
    return all;
}

bool registry::is_member(peer_id peer, const file_set_key& key) const {
    const auto set = sets_.find(key);
    return set != sets_.end() && set->second.slots.contains(peer);
}

std::vector<std::uint32_t> registry::other_counts(peer_id peer, const file_set_key& key,
                                                  std::size_t most) const {
    constexpr std::size_t most_looked_at = 100;
    std::vector<std::uint32_t> counts;
    auto set = sets_.lower_bound({key.name, 0});
    for (std::size_t i = 0; i < most_looked_at && counts.size() < most; ++i, ++set) {
        if (set == sets_.end() || set->first.name != key.name) break;
        if (set->first.count != key.count && !set->second.slots.contains(peer))
            counts.push_back(set->first.count);
    }
    return counts;
}

// --- for whoever looks on

set_overview registry::overview(const set_map::value_type& known) {
    const auto& [key, set] = known;
    set_overview all{key, key.name, set.agreed_size, key.count, set.chunk_list.indices().size()};
    for (const auto& [chunk, entries] : set.check_list)
        ++(set.chunk_list.find(chunk) == nullptr ? all.pending : all.disputed);
    for (const auto& [peer, who] : set.slots)
        ++(set.members[who].holds == key.count ? all.seeders : all.leechers);
    return all;
}

std::optional<set_overview> registry::overview(const file_set_key& key) const {
    const auto set = sets_.find(key);
    return set == sets_.end() ? std::nullopt : std::optional{overview(*set)};
}

std::vector<set_overview> registry::overviews(std::size_t after, std::size_t most) const {
    std::vector<set_overview> all;
    if (after >= sets_.size()) return all;
    for (auto set = std::next(sets_.begin(), static_cast<std::ptrdiff_t>(after));
         set != sets_.end() && all.size() < most; ++set)
        all.push_back(overview(*set));
    return all;
}

heat_map registry::heat_map_of(const file_set_key& key, std::uint32_t most_cells) const {
    heat_map map(key.count, most_cells);
    chunk_set held;
    if (const auto set = sets_.find(key); set != sets_.end()) {
        const agreed_chunks& chunk_list = set->second.chunk_list;
        for (const chunk_index chunk : chunk_list.indices()) {
            const std::uint32_t copies = chunk_list.find(chunk)->holders.size();
            map.at(chunk).copies += copies;
            if (copies > 0) held.insert(chunk);
        }
        for (const auto& [chunk, entries] : set->second.check_list)
            ++(chunk_list.find(chunk) == nullptr ? map.at(chunk).pending : map.at(chunk).disputed);
    }
    map.add_missing(held);
    return map;
}

std::vector<holding> registry::holdings(const file_set_key& key) const {
    std::vector<holding> all;
    if (const auto set = sets_.find(key); set != sets_.end())
        for (const auto& [peer, who] : set->second.slots)
            all.push_back({peer, set->second.members[who].holds});
    return all;
}

std::vector<holding> registry::holders(const file_set_key& key, chunk_index first, chunk_index last) const {
    std::vector<holding> all;
    const auto at = sets_.find(key);
    if (at == sets_.end()) return all;
    const file_set& set = at->second;
    std::vector<std::uint32_t> held(set.members.size());
    for (auto chunk = set.chunk_list.indices().next(first); chunk && *chunk <= last;
         chunk = set.chunk_list.indices().next({chunk->value + 1}))
        set.chunk_list.find(*chunk)->holders.for_each([&held](slot who) { ++held[who]; });
    for (std::size_t who = 0; who < held.size(); ++who)
        if (held[who] > 0) all.push_back({set.members[who].peer, held[who]});
    return all;
}

membership_totals registry::totals(peer_id peer) const {
    membership_totals all;
    for (const set_map::iterator set : peers_.at(peer).sets) {
        ++all.sets;
        all.held += set->second.members[set->second.slots.at(peer)].holds;
        all.chunks += set->first.count;
    }
    return all;
}

std::vector<peer_id> registry::peers(std::size_t after, std::size_t most) const {
    std::vector<peer_id> all;
    if (after >= by_address_.size()) return all;
    for (auto peer = std::next(by_address_.begin(), static_cast<std::ptrdiff_t>(after));
         peer != by_address_.end() && all.size() < most; ++peer)
        all.push_back((*peer)->id);
    return all;
}

}  // namespace p2p
