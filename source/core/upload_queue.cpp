#include "core/upload_queue.hpp"

#include "core/pick.hpp"

#include <algorithm>

namespace p2p {

upload_queue::upload_queue(upload_options options, std::uint64_t seed) : options_(options), random_(seed) {}

bool upload_queue::add(peer_id who, wanted what) {
    const auto theirs =
        std::count_if(queue_.begin(), queue_.end(), [who](const upload& u) { return u.who == who; });
    if (theirs >= options_.queued_per_peer) return false;
    queue_.push_back({who, std::move(what)});
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
    const auto at = std::find_if(queue_.begin(), queue_.end(),
                                 [this](const upload& u) { return !serving_.contains(u.who); });
    if (at == queue_.end()) return std::nullopt;
    upload next = std::move(*at);
    queue_.erase(at);
    serving_.insert(next.who);
    return next;
}

void upload_queue::peer_left(peer_id who) {
    std::erase_if(queue_, [who](const upload& u) { return u.who == who; });
    serving_.erase(who);
}

std::optional<chunk_index> upload_queue::pick(const chunk_set& offer) {
    return pick_least(
        offer, [this](chunk_index chunk) { return times_sent(chunk); }, random_);
}

std::uint32_t upload_queue::times_sent(chunk_index chunk) const {
    const auto at = sent_.find(chunk);
    return at == sent_.end() ? 0 : at->second;
}

}  // namespace p2p
