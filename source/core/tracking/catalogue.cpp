#include "core/tracking/catalogue.hpp"

#include <algorithm>
#include <unordered_set>

namespace p2p {

namespace {

std::size_t random_below(std::size_t end, std::mt19937_64& random) {
    return std::uniform_int_distribution<std::size_t>{0, end - 1}(random);
}

/// `count` different numbers below `end`, each choice as likely as any other (R. Floyd, in: J. Bentley,
/// "Programming Pearls: A sample of brilliance", 1987).
std::vector<std::size_t> different_below(std::size_t end, std::size_t count, std::mt19937_64& random) {
    std::vector<std::size_t> drawn;
    std::unordered_set<std::size_t> known;
    for (std::size_t last = end - count; last < end; ++last) {
        const std::size_t number = random_below(last + 1, random);
        drawn.push_back(known.contains(number) ? last : number);
        known.insert(drawn.back());
    }
    return drawn;
}

std::uint32_t bitmap_cost(const chunk_set& chunks) {
    const auto last = chunks.last();
    return last ? p2p::bitmap_cost(last->value) : 0;
}

}  // namespace

tl::expected<catalogue::publishing, set_limit> catalogue::publish(peer_id peer, const set_summary& summary) {
    const auto known = sets_.find(summary.id);
    if (known != sets_.end() && known->second.has(peer)) return publishing::repeated;
    if (const auto limit = exceeded(peer, 1, membership_cost)) return tl::unexpected{*limit};
    if (known == sets_.end()) {
        const auto made = make_set(summary);
        if (!made) return tl::unexpected{set_limit::sets};
        join((*made)->second, peer);
        return publishing::counts;
    }
    const bool counts = known->second.is_void() && known->second.summary() != summary;
    if (counts) rename(known->second, summary);
    join(known->second, peer);
    return counts ? publishing::counts : publishing::joined;
}

bool catalogue::restore(const set_summary& summary) {
    const auto set = make_set(summary);
    if (set) abandon(*set);
    return set.has_value();
}

// None: there is no room for it.
std::optional<catalogue::set_map::iterator> catalogue::make_set(const set_summary& summary) {
    while (sets_.size() >= ledger_.limits().sets)
        if (!forget_first_abandoned()) return std::nullopt;
    const auto made = sets_.try_emplace(summary.id, summary).first;
    by_name_.emplace(place_in_list(made->second.summary()), &made->second);
    return made;
}

void catalogue::rename(published& set, const set_summary& summary) {
    by_name_.erase(place_in_list(set.summary()));
    set.update_summary(summary);
    by_name_.emplace(place_in_list(set.summary()), &set);
}

void catalogue::abandon(set_map::iterator set) {
    set->second.forget_members();
    set->second.abandoned = abandoned_.add(set);
}

void catalogue::forget_abandoned(std::uint64_t among) {
    while (forget_first_abandoned(among)) {
    }
}

bool catalogue::forget_first_abandoned(std::uint64_t among) {
    const auto first = abandoned_.take_first(among);
    if (!first) return false;
    forgotten_.push_back((*first)->first);
    by_name_.erase(place_in_list((*first)->second.summary()));
    sets_.erase(*first);
    return true;
}

tl::expected<chunk_set, std::optional<set_limit>> catalogue::announce(peer_id peer, const file_set_id& id,
                                                                      chunk_set chunks) {
    const auto known = sets_.find(id);
    if (known == sets_.end()) return tl::unexpected{std::optional<set_limit>{}};
    published& set = known->second;
    const std::uint32_t count = set.summary().count;
    if (const auto last = chunks.last(); last && last->value > count) chunks &= chunk_set::first(count);
    const bool is_new = !set.has(peer);
    const std::uint32_t cost =
        is_new ? membership_cost + bitmap_cost(chunks) : set.cost_to_hold(peer, chunks);
    if (const auto limit = exceeded(peer, is_new ? 1 : 0, cost)) return tl::unexpected{limit};
    if (is_new) join(set, peer);
    ledger_.add(peers_.at(peer).account, set.cost_to_hold(peer, chunks));
    set.hold(peer, chunks);
    return chunks;
}

std::optional<set_limit> catalogue::exceeded(peer_id peer, std::uint32_t sets, std::uint32_t chunks) const {
    const auto known = peers_.find(peer);
    if (const auto limit =
            ledger_.exceeded(known == peers_.end() ? set_account{} : known->second.account, sets, chunks))
        return limit;
    return chunks == 0 || ledger_.has_room_for(chunks) ? std::nullopt : std::optional{set_limit::chunks};
}

void catalogue::withdraw(peer_id peer, const file_set_id& id, const chunk_set& chunks) {
    if (published* const set = find(id, peer)) set->lose(peer, chunks);
}

void catalogue::leave(peer_id peer, const file_set_id& id) {
    const auto set = sets_.find(id);
    if (set == sets_.end() || !set->second.has(peer)) return;
    leave(set, peer);
    const auto known = peers_.find(peer);
    known->second.sets.erase(id);
    if (known->second.sets.empty()) peers_.erase(known);
}

void catalogue::leave(peer_id peer) {
    const auto known = peers_.find(peer);
    if (known == peers_.end()) return;
    for (const file_set_id& id : known->second.sets) leave(sets_.find(id), peer);
    peers_.erase(known);
}

void catalogue::leave(set_map::iterator set, peer_id peer) {
    set_account& account = peers_.at(peer).account;
    --account.sets;
    ledger_.remove(account, set->second.cost_of(peer));
    set->second.leave(peer);
    if (set->second.is_void()) abandon(set);
}

std::vector<set_listing> catalogue::list(const std::optional<file_set_id>& id,
                                         const std::optional<std::string>& name, const set_summary* after,
                                         std::size_t most) const {
    std::vector<set_listing> listed;
    const auto add = [&](const published& set) {
        if (!name || set.summary().name == *name) listed.push_back(set.listing());
    };
    if (id) {
        const auto set = sets_.find(*id);
        if (set != sets_.end() && after == nullptr) add(set->second);
        return listed;
    }
    auto next = by_name_.begin();
    if (after != nullptr)
        next = by_name_.upper_bound(place_in_list(*after));
    else if (name)
        next = by_name_.lower_bound({*name, file_set_id{}});
    for (; next != by_name_.end() && listed.size() < most && (!name || next->first.first == *name); ++next)
        add(*next->second);
    return listed;
}

std::vector<peer_id> catalogue::locate(std::optional<peer_id> asker, const file_set_id& id, std::size_t most,
                                       std::vector<peer_id> left_out) {
    const auto known = sets_.find(id);
    if (known == sets_.end()) return {};
    const published& set = known->second;
    if (asker) left_out.push_back(*asker);
    return asker && set.needs_nobody(*asker) ? set.sample_of_leechers(left_out, most, random_)
                                             : set.sample(left_out, most, random_);
}

std::vector<peer_id> catalogue::members(const file_set_id& id) const {
    const auto set = sets_.find(id);
    return set == sets_.end() ? std::vector<peer_id>{} : set->second.members();
}

bool catalogue::is_member(peer_id peer, const file_set_id& id) const {
    const auto set = sets_.find(id);
    return set != sets_.end() && set->second.has(peer);
}

catalogue::published* catalogue::find(const file_set_id& id, peer_id peer) {
    const auto set = sets_.find(id);
    return set != sets_.end() && set->second.has(peer) ? &set->second : nullptr;
}

void catalogue::join(published& set, peer_id peer) {
    if (set.is_void()) abandoned_.remove(set.abandoned);
    set.join(peer);
    known_peer& known = peers_[peer];
    known.sets.insert(set.summary().id);
    ++known.account.sets;
    ledger_.add(known.account, membership_cost);
}

void catalogue::published::join(peer_id peer) {
    member& one = members_[peer];
    one.place = static_cast<std::uint32_t>(order_.size());
    order_.push_back(peer);
    sort_in(one);
}

std::uint32_t catalogue::published::cost_to_hold(peer_id peer, const chunk_set& chunks) const {
    const std::uint32_t cost = membership_cost + bitmap_cost(chunks);
    return cost - std::min(cost, members_.at(peer).cost);
}

// Memory that a member once had for its chunks stays taken.
void catalogue::published::hold(peer_id peer, const chunk_set& chunks) {
    member& one = members_.at(peer);
    one.cost += cost_to_hold(peer, chunks);
    one.holds |= chunks;
    sort_in(one);
}

void catalogue::published::lose(peer_id peer, const chunk_set& chunks) {
    member& one = members_.at(peer);
    one.holds -= chunks;
    sort_in(one);
}

void catalogue::published::leave(peer_id peer) {
    member& one = members_.at(peer);
    if (is_seeder(one)) swap_places(one.place, --seeders_);
    swap_places(one.place, order_.size() - 1);
    order_.pop_back();
    members_.erase(peer);
}

// Nor is the memory kept that they took.
void catalogue::published::forget_members() {
    members_ = {};
    order_ = {};
    seeders_ = 0;
}

void catalogue::published::sort_in(member& one) {
    const bool is_complete = one.holds.size() == summary_.count;
    if (is_complete && !is_seeder(one))
        swap_places(one.place, seeders_++);
    else if (!is_complete && is_seeder(one))
        swap_places(one.place, --seeders_);
}

void catalogue::published::swap_places(std::size_t a, std::size_t b) {
    std::swap(order_[a], order_[b]);
    members_.at(order_[a]).place = static_cast<std::uint32_t>(a);
    members_.at(order_[b]).place = static_cast<std::uint32_t>(b);
}

set_listing catalogue::published::listing() const {
    return {summary_, static_cast<std::uint32_t>(seeders_),
            static_cast<std::uint32_t>(order_.size() - seeders_)};
}

std::vector<peer_id> catalogue::published::sample(const std::vector<peer_id>& left_out, std::size_t most,
                                                  std::mt19937_64& random) const {
    std::vector<peer_id> chosen = draw(order_, left_out, most, random);
    if (chosen.empty()) return chosen;
    const auto seeder = std::find_if(chosen.begin(), chosen.end(),
                                     [this](peer_id one) { return is_seeder(members_.at(one)); });
    if (seeder != chosen.end())
        std::swap(*seeder, chosen.front());
    else if (const auto another = draw(std::span{order_}.first(seeders_), left_out, 1, random);
             !another.empty())
        chosen.front() = another.front();
    return chosen;
}

std::vector<peer_id> catalogue::published::sample_of_leechers(const std::vector<peer_id>& left_out,
                                                              std::size_t most,
                                                              std::mt19937_64& random) const {
    return draw(std::span{order_}.subspan(seeders_), left_out, most, random);
}

bool catalogue::published::needs_nobody(peer_id peer) const {
    const auto known = members_.find(peer);
    return known != members_.end() && is_seeder(known->second) && summary_.count > 0;
}

// At most `most` of these members in random order. As many more are drawn as may have to be left out.
std::vector<peer_id> catalogue::published::draw(std::span<const peer_id> among,
                                                const std::vector<peer_id>& left_out, std::size_t most,
                                                std::mt19937_64& random) {
    auto places = different_below(among.size(), std::min(most + left_out.size(), among.size()), random);
    std::shuffle(places.begin(), places.end(), random);
    const std::unordered_set<peer_id> away(left_out.begin(), left_out.end());
    std::vector<peer_id> drawn;
    for (const std::size_t place : places)
        if (drawn.size() < most && !away.contains(among[place])) drawn.push_back(among[place]);
    return drawn;
}

// --- for whoever looks on

set_overview catalogue::published::overview() const {
    const set_listing now = listing();
    return {published_set(summary_.id),
            summary_.name,
            summary_.size,
            summary_.count,
            summary_.count,
            0,  // nothing has to be agreed
            0,
            now.seeders,
            now.leechers};
}

heat_map catalogue::published::heat_map_of(std::uint32_t most_cells) const {
    heat_map map(summary_.count, most_cells);
    chunk_set held;
    for (const auto& [peer, member] : members_) {
        map.add_copies(member.holds);
        if (held.size() < summary_.count) held |= member.holds;
    }
    map.add_missing(held);
    return map;
}

std::vector<set_overview> catalogue::overviews(std::size_t after, std::size_t most) const {
    std::vector<set_overview> all;
    if (after >= by_name_.size()) return all;
    for (auto set = std::next(by_name_.begin(), static_cast<std::ptrdiff_t>(after));
         set != by_name_.end() && all.size() < most; ++set)
        all.push_back(set->second->overview());
    return all;
}

std::optional<set_overview> catalogue::overview(const file_set_id& id) const {
    const auto set = sets_.find(id);
    return set == sets_.end() ? std::nullopt : std::optional{set->second.overview()};
}

heat_map catalogue::heat_map_of(const file_set_id& id, std::uint32_t most_cells) const {
    const auto set = sets_.find(id);
    return set == sets_.end() ? heat_map{0, most_cells} : set->second.heat_map_of(most_cells);
}

std::vector<holding> catalogue::holdings(const file_set_id& id) const {
    return holdings(id, {1}, {max_chunk_count});
}

std::vector<holding> catalogue::holdings(const file_set_id& id, chunk_index first, chunk_index last) const {
    std::vector<holding> all;
    const auto set = sets_.find(id);
    if (set == sets_.end()) return all;
    for (const peer_id peer : set->second.members())
        all.push_back({peer, set->second.held_by(peer).count_in(first, last)});
    return all;
}

std::vector<holding> catalogue::holders(const file_set_id& id, chunk_index first, chunk_index last) const {
    std::vector<holding> some = holdings(id, first, last);
    std::erase_if(some, [](const holding& one) { return one.chunks == 0; });
    return some;
}

membership_totals catalogue::totals(peer_id peer) const {
    membership_totals all;
    const auto known = peers_.find(peer);
    if (known == peers_.end()) return all;
    for (const file_set_id& id : known->second.sets) {
        const published& set = sets_.at(id);
        ++all.sets;
        all.held += set.held_by(peer).size();
        all.chunks += set.summary().count;
    }
    return all;
}

}  // namespace p2p
