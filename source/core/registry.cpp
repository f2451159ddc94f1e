#include "core/registry.hpp"

#include <algorithm>
#include <set>

namespace p2p {

namespace {

template <class Entry>
bool same_content(const Entry& entry, const chunk_claim& claim) {
    return entry.hash == claim.hash && entry.size == claim.size;
}

}  // namespace

registry::registry(registry_options options, std::uint64_t seed) : options_(options), random_(seed) {}

registry::joined registry::join(peer_info info) {
    joined result{peer_id{++last_id_}, std::nullopt};
    if (const auto old = by_address_.find(info.address); old != by_address_.end()) {
        result.replaced = old->second;
        leave(*result.replaced);
    }
    by_address_[info.address] = result.peer;
    peers_.emplace(result.peer, std::move(info));
    return result;
}

void registry::leave(peer_id peer) {
    const auto known = peers_.find(peer);
    if (known == peers_.end()) return;
    for (auto set = sets_.begin(); set != sets_.end();) leave_set(peer, set++);
    by_address_.erase(known->second.address);
    peers_.erase(known);
}

registry_news registry::announce(peer_id peer, const file_set_key& key, std::span<const chunk_claim> claims) {
    registry_news news;
    file_set& set = sets_[key];
    news.new_member = set.members.try_emplace(peer).second;
    for (const chunk_claim& claim : claims) {
        const auto known = set.chunk_list.find(claim.chunk);
        if (known != set.chunk_list.end())
            announce_agreed(set, known->second, peer, claim, news);
        else
            announce_open(set, peer, claim, news);
    }
    return news;
}

void registry::announce_agreed(file_set& set, agreed_chunk& known, peer_id peer, const chunk_claim& claim,
                               registry_news& news) {
    if (same_content(known, claim)) {
        drop_claim(set, peer, claim.chunk);
        add_holder(set, known, peer, claim.chunk, news);
        return;
    }
    if (set.members[peer].holds.erase(claim.chunk)) --known.holders;
    put_claim(set, peer, claim);
    news.disputes.push_back({claim, known.hash, peer});
}

void registry::announce_open(file_set& set, peer_id peer, const chunk_claim& claim, registry_news& news) {
    put_claim(set, peer, claim);
    if (voters_for(set, claim) >= options_.quorum) promote(set, claim, peer, news);
}

std::size_t registry::voters_for(const file_set& set, const chunk_claim& claim) const {
    std::set<peer_id> peers;
    std::set<std::string_view> hosts;
    for (const claimed& entry : set.check_list.at(claim.chunk)) {
        if (!same_content(entry, claim)) continue;
        peers.insert(entry.peer);
        hosts.insert(peers_.at(entry.peer).voter_host);
    }
    return options_.one_vote == vote_per::peer ? peers.size() : hosts.size();
}

void registry::promote(file_set& set, const chunk_claim& claim, peer_id announcer, registry_news& news) {
    agreed_chunk& known = set.chunk_list[claim.chunk];
    known = {claim.hash, claim.size, 0};
    set.agreed.insert(claim.chunk);
    promotion promoted{claim, {}};
    const std::vector<claimed> entries = set.check_list.at(claim.chunk);
    for (const claimed& entry : entries) {
        if (entry.peer != announcer) news.restated[entry.peer].insert(claim.chunk);
        if (same_content(entry, claim)) {
            promoted.voters.push_back(entry.peer);
            drop_claim(set, entry.peer, claim.chunk);
            add_holder(set, known, entry.peer, claim.chunk, news);
        } else {
            news.disputes.push_back({{claim.chunk, entry.hash, entry.size}, claim.hash, entry.peer});
        }
    }
    news.promotions.push_back(std::move(promoted));
}

void registry::add_holder(file_set& set, agreed_chunk& known, peer_id peer, chunk_index chunk,
                          registry_news& news) {
    if (!set.members[peer].holds.insert(chunk)) return;
    set.members[peer].waits.erase(chunk);
    if (++known.holders > 1) return;
    for (auto& [id, one] : set.members)
        if (one.waits.erase(chunk)) news.available[id].insert(chunk);
}

void registry::put_claim(file_set& set, peer_id peer, const chunk_claim& claim) {
    drop_claim(set, peer, claim.chunk);
    set.members[peer].claims.insert(claim.chunk);
    set.check_list[claim.chunk].push_back({peer, claim.hash, claim.size});
}

void registry::drop_claim(file_set& set, peer_id peer, chunk_index chunk) {
    if (!set.members[peer].claims.erase(chunk)) return;
    const auto entries = set.check_list.find(chunk);
    std::erase_if(entries->second, [peer](const claimed& entry) { return entry.peer == peer; });
    if (entries->second.empty()) set.check_list.erase(entries);
}

void registry::forget(file_set& set, peer_id peer, const chunk_set& chunks) {
    membership& leaver = set.members.at(peer);
    for (const chunk_index chunk : chunks) {
        drop_claim(set, peer, chunk);
        if (leaver.holds.erase(chunk)) --set.chunk_list.at(chunk).holders;
    }
}

void registry::withdraw(peer_id peer, const file_set_key& key, const chunk_set& chunks) {
    const auto set = sets_.find(key);
    if (set != sets_.end() && set->second.members.contains(peer)) forget(set->second, peer, chunks);
}

void registry::leave_set(peer_id peer, const file_set_key& key) {
    const auto set = sets_.find(key);
    if (set != sets_.end()) leave_set(peer, set);
}

void registry::leave_set(peer_id peer, std::map<file_set_key, file_set>::iterator set) {
    const auto leaver = set->second.members.find(peer);
    if (leaver == set->second.members.end()) return;
    forget(set->second, peer, leaver->second.holds | leaver->second.claims);
    set->second.members.erase(leaver);
    // A set that nobody is a member of is kept for what was agreed in it, and for nothing else.
    if (set->second.members.empty() && set->second.chunk_list.empty()) sets_.erase(set);
}

standing registry::standing_of(peer_id peer, const file_set_key& key, const chunk_set& chunks) const {
    standing result;
    const auto set = sets_.find(key);
    if (set == sets_.end()) return result;
    const auto one = set->second.members.find(peer);
    if (one == set->second.members.end()) return result;
    result.agreed = one->second.holds & chunks;
    const chunk_set claims = one->second.claims & chunks;
    result.disputed = claims & set->second.agreed;
    result.pending = claims - set->second.agreed;
    return result;
}

chunk_set registry::agreed_in(const file_set_key& key, const chunk_set& chunks) const {
    const auto set = sets_.find(key);
    return set == sets_.end() ? chunk_set{} : chunks & set->second.agreed;
}

void registry::wait_for(peer_id peer, const file_set_key& key, const chunk_set& chunks) {
    file_set& set = sets_[key];
    membership& waiter = set.members[peer];
    waiter.waits |= chunks - set.agreed;
    const chunk_set agreed = chunks & set.agreed;
    for (const chunk_index chunk : agreed)
        if (set.chunk_list.at(chunk).holders == 0) waiter.waits.insert(chunk);
}

location registry::locate(peer_id asker, const file_set_key& key, const chunk_set& chunks,
                          std::size_t most_holders) {
    location result;
    const auto set = sets_.find(key);
    if (set == sets_.end()) {
        result.unknown = chunks;
        return result;
    }
    result.unknown = chunks - set->second.agreed;
    chunk_set uncovered = chunks & set->second.agreed;  // no holder of these was named yet
    for (const chunk_index chunk : uncovered) {
        const agreed_chunk& known = set->second.chunk_list.at(chunk);
        result.agreed.push_back({chunk, known.hash, known.size});
    }

    auto others = others_in(set->second, uncovered, asker);
    const auto is_needed = [&uncovered](const auto& other) {
        const std::uint32_t before = uncovered.size();
        uncovered -= other.second;
        return uncovered.size() < before;
    };
    const auto needed = std::stable_partition(others.begin(), others.end(), is_needed);
    std::stable_partition(needed, others.end(), [](const auto& other) { return !other.second.empty(); });
    const auto named = std::max(most_holders, static_cast<std::size_t>(needed - others.begin()));
    others.resize(std::min(others.size(), named));
    result.holders = std::move(others);
    return result;
}

// The other members in random order, with those of the chunks that each holds.
std::vector<std::pair<peer_id, chunk_set>> registry::others_in(const file_set& set, const chunk_set& chunks,
                                                               peer_id asker) {
    std::vector<std::pair<peer_id, chunk_set>> others;
    for (const auto& [id, one] : set.members) {
        if (id == asker) continue;
        chunk_set held;
        for (const chunk_index chunk : chunks)
            if (one.holds.contains(chunk)) held.insert(chunk);
        others.emplace_back(id, std::move(held));
    }
    std::shuffle(others.begin(), others.end(), random_);
    return others;
}

std::vector<std::uint32_t> registry::other_counts(const file_set_key& key) const {
    std::vector<std::uint32_t> counts;
    for (auto set = sets_.lower_bound({key.name, 0}); set != sets_.end() && set->first.name == key.name;
         ++set)
        if (set->first.count != key.count) counts.push_back(set->first.count);
    return counts;
}

}  // namespace p2p
