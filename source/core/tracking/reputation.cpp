#include "core/tracking/reputation.hpp"

#include <string_view>

namespace p2p {

namespace {

// More than this part of the other hosts: a fifth of the members that lie together ban nobody.
constexpr std::size_t one_in = 3;

}  // namespace

reputation::outcome reputation::report(const complaint& what,
                                       const std::function<std::size_t()>& hosts_beside, time_point now) {
    forget_old(now);
    const auto of_host = of_host_.find(what.reporter_host);
    const bool too_many = of_host != of_host_.end() && of_host->second >= options_.most_reports_of_host;
    if (too_many || is_known(what)) return outcome::ignored;
    ++of_host_[what.reporter_host];
    by_age_.push_back({what, now});
    file_set& set = sets_[what.set];
    set.reporters[what.accused][what.reporter] = {what.reporter_host, now};
    set.accused[what.reporter].insert(what.accused);
    if (by_age_.size() > options_.most_reports) forget_oldest();

    const std::size_t against = hosts_against(what);
    if (against < options_.reports_to_ban || is_banned(what.set, what.accused, now)) return outcome::counted;
    if (against * one_in <= hosts_beside()) return outcome::counted;
    set.banned[what.accused] = now;
    return outcome::banned;
}

bool reputation::is_known(const complaint& what) const {
    const auto set = sets_.find(what.set);
    if (set == sets_.end()) return false;
    const auto known = set->second.accused.find(what.reporter);
    return known != set->second.accused.end() && known->second.contains(what.accused);
}

std::size_t reputation::hosts_against(const complaint& what) const {
    std::set<std::string_view> hosts;
    const auto& reporters = sets_.at(what.set).reporters;
    if (const auto of = reporters.find(what.accused); of != reporters.end())
        for (const auto& [reporter, said] : of->second) hosts.insert(said.host);
    return hosts.size();
}

bool reputation::is_banned(const file_set_key& key, const endpoint& peer, time_point now) const {
    const auto set = sets_.find(key);
    if (set == sets_.end()) return false;
    const auto ban = set->second.banned.find(peer);
    return ban != set->second.banned.end() && !is_old(ban->second, now);
}

std::vector<endpoint> reputation::at_odds_with(const file_set_key& key, const endpoint& peer,
                                               time_point now) const {
    std::vector<endpoint> others;
    const auto set = sets_.find(key);
    if (set == sets_.end()) return others;
    const auto add = [&](const endpoint& accused, const endpoint& reporter, const endpoint& other) {
        if (!is_old(set->second.reporters.at(accused).at(reporter).at, now)) others.push_back(other);
    };
    if (const auto own = set->second.accused.find(peer); own != set->second.accused.end())
        for (const endpoint& accused : own->second) add(accused, peer, accused);
    if (const auto of = set->second.reporters.find(peer); of != set->second.reporters.end())
        for (const auto& [reporter, said] : of->second) add(peer, reporter, reporter);
    return others;
}

void reputation::forget_old(time_point now) {
    while (!by_age_.empty() && is_old(by_age_.front().at, now)) forget_oldest();
}

// A ban is never older than the last report that led to it, so it goes with the last of them.
void reputation::forget_oldest() {
    const complaint what = std::move(by_age_.front().what);
    by_age_.pop_front();
    if (const auto of = of_host_.find(what.reporter_host); --of->second == 0) of_host_.erase(of);
    const auto at = sets_.find(what.set);
    file_set& set = at->second;
    const auto reporters = set.reporters.find(what.accused);
    reporters->second.erase(what.reporter);
    if (reporters->second.empty()) {
        set.reporters.erase(reporters);
        set.banned.erase(what.accused);
    }
    const auto accused = set.accused.find(what.reporter);
    accused->second.erase(what.accused);
    if (accused->second.empty()) set.accused.erase(accused);
    if (set.reporters.empty()) sets_.erase(at);
}

std::map<endpoint, std::size_t> reputation::reports_against() const {
    std::map<endpoint, std::size_t> counts;
    for (const aged& one : by_age_) ++counts[one.what.accused];
    return counts;
}

}  // namespace p2p
