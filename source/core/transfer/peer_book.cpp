#include "core/transfer/peer_book.hpp"

#include "core/hosts/site.hpp"

#include <algorithm>
#include <vector>

namespace p2p {

namespace {

// first, 2 first, 4 first, ... for times = 0, 1, 2, ...
duration doubled(duration first, unsigned times, duration most) {
    constexpr unsigned most_doublings = 20;
    return std::min(first * (duration::rep{1} << std::min(times, most_doublings)), most);
}

}  // namespace

bool peer_book::try_now(const endpoint& where, time_point now) {
    if (trying_.contains(where) || trying_.size() >= options_.most_connections) return false;
    if (is_shunned(where.host, now)) return false;
    const auto wait = pauses_.find(where);
    if (wait != pauses_.end() && now < wait->second.until) return false;
    if (std::ranges::any_of(connected_, [&](auto& c) { return c.second.where == where; })) return false;
    trying_.insert(where);
    return true;
}

void peer_book::tried(const endpoint& where, time_point now) {
    trying_.erase(where);
    // Who was not tried again for so long is as good as unknown.
    std::erase_if(pauses_,
                  [&](const auto& entry) { return entry.second.until + options_.longest_retry <= now; });
    pause& wait = pauses_[where];
    wait.until = now + doubled(options_.retry_after, wait.in_vain++, options_.longest_retry);
}

std::optional<endpoint> peer_book::try_acquaintance(time_point now) {
    const auto one =
        std::ranges::find_if(acquaintances_, [&](const endpoint& at) { return try_now(at, now); });
    return one == acquaintances_.end() ? std::nullopt : std::optional{*one};
}

void peer_book::ban(std::uint64_t instance, time_point now) {
    constexpr duration longest = std::chrono::hours{24};
    exclusion& one = banned_[instance];
    one.until = now + doubled(options_.ban_for, one.times++, longest);
}

bool peer_book::is_banned(std::uint64_t instance, time_point now) const {
    const auto one = banned_.find(instance);
    return one != banned_.end() && now < one->second.until;
}

admission peer_book::admit(peer_id connection, std::uint64_t instance, const endpoint& where, bool opened,
                           time_point now) {
    if (instance == instance_) return {"this peer itself", {}};
    if (is_banned(instance, now)) return {"it sent wrong chunks", {}};
    if (is_shunned(where.host, now)) return {"its host broke the rules too often", {}};
    const auto twin = std::find_if(connected_.begin(), connected_.end(),
                                   [instance](auto& c) { return c.second.instance == instance; });
    const auto theirs =
        std::count_if(connected_.begin(), connected_.end(), [](auto& c) { return !c.second.opened; });
    admission verdict;
    if (twin == connected_.end() && !opened &&
        static_cast<std::size_t>(theirs) >= options_.most_connections) {
        verdict.replaces = place_for(site_of(where.host));
        if (!verdict.replaces) return {"too many connections", {}};
        connected_.erase(*verdict.replaces);
    }
    if (twin != connected_.end()) {
        const bool smaller_opened = opened == (instance_ < instance);
        if (twin->second.opened != opened && !smaller_opened) return {"connected already", {}};
        verdict.replaces = twin->first;
        connected_.erase(twin);
    }
    connected_[connection] = {instance, where, opened};
    was_reached_ = was_reached_ || !opened;
    pauses_.erase(where);
    if (acquaintances_.size() < options_.most_acquaintances) acquaintances_.insert(where);
    return verdict;
}

// The newest place of the site that has most of those that others opened, if it has two more than this one.
std::optional<peer_id> peer_book::place_for(const std::string& site) const {
    std::map<std::string, std::vector<peer_id>> places;
    for (const auto& [id, one] : connected_)
        if (!one.opened) places[site_of(one.where.host)].push_back(id);
    const auto most = std::ranges::max_element(places, {}, [](const auto& of) { return of.second.size(); });
    if (most == places.end() || most->second.size() < places[site].size() + 2) return std::nullopt;
    return most->second.back();
}

void peer_book::offended(const std::string& host, unsigned times, time_point now) {
    std::erase_if(offences_,
                  [&](const auto& one) { return now - one.second.last >= options_.forgive_after; });
    offences& of_site = offences_[site_of(host)];
    of_site.times += times;
    of_site.last = now;
}

bool peer_book::is_shunned(const std::string& host, time_point now) const {
    if (offences_.empty()) return false;
    const auto at = offences_.find(site_of(host));
    return at != offences_.end() && at->second.times >= options_.most_offences &&
           now - at->second.last < options_.forgive_after;
}

void peer_book::peer_left(peer_id connection) {
    connected_.erase(connection);
}

}  // namespace p2p
