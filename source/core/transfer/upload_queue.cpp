#include "core/transfer/upload_queue.hpp"

#include "core/chunks/pick.hpp"

#include <algorithm>
#include <utility>

namespace p2p {

upload_queue::upload_queue(upload_options options, std::uint64_t seed) : options_(options), random_(seed) {}

bool upload_queue::add(peer_id who, const std::string& site, wanted what) {
    const auto theirs =
        std::count_if(queue_.begin(), queue_.end(), [who](const upload& u) { return u.who == who; });
    if (theirs >= options_.queued_per_peer) return false;
    if (!what.chunk) except_[who] = std::exchange(what.except, {});
    queue_.push_back({who, std::move(what), site});
    return true;
}

bool upload_queue::cancel(peer_id who, std::optional<chunk_index> chunk) {
    const auto at = std::find_if(queue_.begin(), queue_.end(),
                                 [&](const upload& u) { return u.who == who && u.what.chunk == chunk; });
    if (at == queue_.end()) return false;
    queue_.erase(at);
    return true;
}

std::optional<upload_queue::upload> upload_queue::start_next() {
    if (serving_.size() >= options_.slots) return std::nullopt;
    const std::size_t share = options_.slots - slots_for_others(options_.slots);
    const auto at = std::find_if(queue_.begin(), queue_.end(), [&](const upload& u) {
        return !serving_.contains(u.who) && slots_of(u.site) < share;
    });
    if (at == queue_.end()) return std::nullopt;
    upload next = std::move(*at);
    queue_.erase(at);
    serving_.emplace(next.who, next.site);
    if (next.what.chunk) return next;
    const auto except = except_.find(next.who);
    const bool last =
        std::ranges::none_of(queue_, [&](const upload& u) { return u.who == next.who && !u.what.chunk; });
    next.what.except = last ? std::move(except->second) : except->second;
    if (last) except_.erase(except);
    return next;
}

std::size_t upload_queue::slots_of(const std::string& site) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(serving_, [&](const auto& one) { return one.second == site; }));
}

void upload_queue::peer_left(peer_id who) {
    std::erase_if(queue_, [who](const upload& u) { return u.who == who; });
    except_.erase(who);
    serving_.erase(who);
}

std::optional<chunk_index> upload_queue::pick(const chunk_selection& offer) {
    const auto any_of = [this](const chunk_selection& chunks) {
        return pick_least(
            chunks, [](chunk_index) { return 0U; }, random_);
    };
    for (const chunk_set& sent : sent_more_than_)
        if (const auto least = any_of(offer.without(sent))) return least;
    return any_of(offer);
}

void upload_queue::count_sent(chunk_index chunk) {
    for (chunk_set& sent : sent_more_than_)
        if (sent.insert(chunk)) return;
    sent_more_than_.emplace_back().insert(chunk);
    if (sent_more_than_.size() <= most_counted) return;
    sent_more_than_.pop_front();
    ++first_level_;
}

std::uint32_t upload_queue::times_sent(chunk_index chunk) const {
    std::uint32_t times = first_level_;
    for (const chunk_set& sent : sent_more_than_)
        if (sent.contains(chunk)) ++times;
    return times;
}

}  // namespace p2p
