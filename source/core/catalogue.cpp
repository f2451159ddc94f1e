#include "core/catalogue.hpp"

#include <algorithm>
#include <tuple>

namespace p2p {

namespace {

std::size_t random_below(std::size_t end, std::mt19937_64& random) {
    return std::uniform_int_distribution<std::size_t>{0, end - 1}(random);
}

/// `count` different numbers below `end`, each choice as likely as any other (R. Floyd, in: J. Bentley,
/// "Programming Pearls: A sample of brilliance", 1987).
std::vector<std::size_t> different_below(std::size_t end, std::size_t count, std::mt19937_64& random) {
    std::vector<std::size_t> drawn;
    for (std::size_t last = end - count; last < end; ++last) {
        const std::size_t number = random_below(last + 1, random);
        const bool is_new = std::find(drawn.begin(), drawn.end(), number) == drawn.end();
        drawn.push_back(is_new ? number : last);
    }
    return drawn;
}

}  // namespace

bool catalogue::publish(peer_id peer, const set_summary& summary) {
    return join(sets_.try_emplace(summary.id, summary).first->second, peer);
}

std::optional<chunk_set> catalogue::announce(peer_id peer, const file_set_id& id, chunk_set chunks) {
    const auto set = sets_.find(id);
    if (set == sets_.end()) return std::nullopt;
    join(set->second, peer);
    const std::uint32_t count = set->second.summary().count;
    if (const auto last = chunks.last(); last && last->value > count) chunks &= chunk_set::first(count);
    set->second.hold(peer, chunks);
    return chunks;
}

void catalogue::withdraw(peer_id peer, const file_set_id& id, const chunk_set& chunks) {
    if (published* const set = find(id, peer)) set->lose(peer, chunks);
}

void catalogue::leave(peer_id peer, const file_set_id& id) {
    published* const set = find(id, peer);
    if (set == nullptr) return;
    set->leave(peer);
    if (set->is_void()) sets_.erase(id);
    const auto known = sets_of_.find(peer);
    known->second.erase(id);
    if (known->second.empty()) sets_of_.erase(known);
}

void catalogue::leave(peer_id peer) {
    const auto known = sets_of_.find(peer);
    if (known == sets_of_.end()) return;
    const std::set<file_set_id> ids = known->second;
    for (const file_set_id& id : ids) leave(peer, id);
}

std::vector<set_listing> catalogue::list(const std::optional<file_set_id>& id,
                                         const std::optional<std::string>& name) const {
    std::vector<set_listing> listed;
    const auto first = id ? sets_.lower_bound(*id) : sets_.begin();
    const auto last = id ? sets_.upper_bound(*id) : sets_.end();
    for (auto set = first; set != last; ++set)
        if (!name || set->second.summary().name == *name) listed.push_back(set->second.listing());
    std::sort(listed.begin(), listed.end(), [](const set_listing& a, const set_listing& b) {
        return std::tie(a.set.name, a.set.id) < std::tie(b.set.name, b.set.id);
    });
    return listed;
}

std::vector<peer_id> catalogue::locate(std::optional<peer_id> asker, const file_set_id& id, std::size_t most,
                                       std::vector<peer_id> left_out) {
    const auto set = sets_.find(id);
    if (asker) left_out.push_back(*asker);
    return set == sets_.end() ? std::vector<peer_id>{} : set->second.sample(left_out, most, random_);
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

bool catalogue::join(published& set, peer_id peer) {
    if (!set.join(peer)) return false;
    sets_of_[peer].insert(set.summary().id);
    return true;
}

bool catalogue::published::join(peer_id peer) {
    const auto [at, is_new] = members_.try_emplace(peer);
    if (!is_new) return false;
    at->second.place = order_.size();
    order_.push_back(peer);
    sort_in(at->second);
    return true;
}

void catalogue::published::hold(peer_id peer, const chunk_set& chunks) {
    member& one = members_.at(peer);
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

void catalogue::published::sort_in(member& one) {
    const bool is_complete = one.holds.size() == summary_.count;
    if (is_complete && !is_seeder(one))
        swap_places(one.place, seeders_++);
    else if (!is_complete && is_seeder(one))
        swap_places(one.place, --seeders_);
}

void catalogue::published::swap_places(std::size_t a, std::size_t b) {
    std::swap(order_[a], order_[b]);
    members_.at(order_[a]).place = a;
    members_.at(order_[b]).place = b;
}

set_listing catalogue::published::listing() const {
    return {summary_, static_cast<std::uint32_t>(seeders_),
            static_cast<std::uint32_t>(order_.size() - seeders_)};
}

std::vector<peer_id> catalogue::published::sample(const std::vector<peer_id>& left_out, std::size_t most,
                                                  std::mt19937_64& random) const {
    std::vector<peer_id> chosen = draw(order_.size(), left_out, most, random);
    if (chosen.empty()) return chosen;
    const auto seeder = std::find_if(chosen.begin(), chosen.end(),
                                     [this](peer_id one) { return is_seeder(members_.at(one)); });
    if (seeder != chosen.end())
        std::swap(*seeder, chosen.front());
    else if (const auto another = draw(seeders_, left_out, 1, random); !another.empty())
        chosen.front() = another.front();
    return chosen;
}

// At most `most` of the first `among` members in random order. As many more are drawn as may have to be left
// out.
std::vector<peer_id> catalogue::published::draw(std::size_t among, const std::vector<peer_id>& left_out,
                                                std::size_t most, std::mt19937_64& random) const {
    auto places = different_below(among, std::min(most + left_out.size(), among), random);
    std::shuffle(places.begin(), places.end(), random);
    std::vector<peer_id> drawn;
    for (const std::size_t place : places) {
        const bool is_left_out = std::find(left_out.begin(), left_out.end(), order_[place]) != left_out.end();
        if (drawn.size() < most && !is_left_out) drawn.push_back(order_[place]);
    }
    return drawn;
}

}  // namespace p2p
