// The registry beside a model that is as slow and as plain as it can be: random events, the same answers.
#include "core/tracking/registry.hpp"

#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace p2p;

namespace {

constexpr std::uint32_t chunk_count = 4;
constexpr std::uint64_t peer_count = 7;
const file_set_key key{"set", chunk_count};

using content = std::pair<int, int>;  // which hash, which size
using event_random = std::mt19937_64;

chunk_claim claim_of(chunk_index chunk, content what) {
    chunk_claim claim{chunk, {}, static_cast<byte_count>(what.second)};
    claim.hash.bytes.fill(static_cast<std::uint8_t>(what.first));
    return claim;
}

struct model_peer {
    std::string host;
    std::map<chunk_index, content> says;
    std::set<chunk_index> waits;
};

/// What is agreed, as the design's sentences say it, without any bookkeeping.
struct model {
    registry_options options;
    std::map<peer_id, model_peer> peers;
    std::map<chunk_index, content> agreed;

    std::size_t votes(chunk_index chunk, content what) const {
        std::set<std::string> voters;
        for (const auto& [id, peer] : peers)
            if (const auto said = peer.says.find(chunk); said != peer.says.end() && said->second == what)
                voters.insert(options.one_vote == vote_per::host ? peer.host : std::to_string(id.value));
        return voters.size();
    }
    bool holds(peer_id id, chunk_index chunk) const {
        const auto said = peers.at(id).says.find(chunk);
        const auto right = agreed.find(chunk);
        return right != agreed.end() && said != peers.at(id).says.end() && said->second == right->second;
    }
    bool anybody_holds(chunk_index chunk) const {
        for (const auto& [id, peer] : peers)
            if (holds(id, chunk)) return true;
        return false;
    }

    /// Returns whether the chunk became agreed.
    bool announce(peer_id id, chunk_index chunk, content what) {
        peers.at(id).says[chunk] = what;
        if (agreed.contains(chunk) || votes(chunk, what) < options.quorum) return false;
        agreed[chunk] = what;
        return true;
    }
    /// Who waited for the chunk, does not have it and can have it now; they wait no more.
    std::set<peer_id> wake(chunk_index chunk) {
        std::set<peer_id> woken;
        if (!anybody_holds(chunk)) return woken;
        for (auto& [id, peer] : peers)
            if (peer.waits.erase(chunk) == 1 && !holds(id, chunk)) woken.insert(id);
        return woken;
    }
};

/// The registry and the model, told the same.
class pair_of_registries {
public:
    pair_of_registries(registry_options options, std::uint64_t seed)
        : tested_{options, seed}, model_{options, {}, {}}, random_{seed} {}

    void step() {
        if (model_.peers.size() < 2) return join();
        switch (random_() % 13) {
            case 0: return join();
            case 1: return leave();
            case 2: return leave_set();
            case 3: return withdraw();
            case 4:
            case 5: return wait();
            default: return announce();
        }
    }

    void check() {
        for (const auto& [id, peer] : model_.peers) {
            check_standing(id, peer);
            check_location(id);
        }
    }

private:
    void join() {
        const std::uint64_t who = random_() % peer_count;
        const std::string host = "host" + std::to_string(who / 2);
        const auto port = static_cast<std::uint16_t>(who + 1);
        const auto joined = tested_.join({"peer", {"address", port}, host});
        const auto old = at_port_.find(port);
        REQUIRE(joined->replaced == (old == at_port_.end() ? std::nullopt : std::optional{old->second}));
        if (joined->replaced) model_.peers.erase(*joined->replaced);
        at_port_[port] = joined->peer;
        model_.peers[joined->peer].host = host;
    }
    void leave() {
        const peer_id who = any_peer();
        tested_.leave(who);
        model_.peers.erase(who);
        std::erase_if(at_port_, [who](const auto& entry) { return entry.second == who; });
    }
    void leave_set() {
        const peer_id who = any_peer();
        tested_.leave_set(who, key);
        model_.peers.at(who).says.clear();
        model_.peers.at(who).waits.clear();
    }
    void withdraw() {
        const peer_id who = any_peer();
        const chunk_index chunk = any_chunk();
        chunk_set chunks;
        chunks.insert(chunk);
        tested_.withdraw(who, key, chunks);
        model_.peers.at(who).says.erase(chunk);
    }
    void wait() {
        const peer_id who = any_peer();
        const chunk_index chunk = any_chunk();
        chunk_set chunks;
        chunks.insert(chunk);
        tested_.wait_for(who, key, chunks);
        if (!model_.anybody_holds(chunk)) model_.peers.at(who).waits.insert(chunk);
    }
    void announce() {
        const peer_id who = any_peer();
        const chunk_index chunk = any_chunk();
        const content what{random_() % 4 == 0 ? 1 : 0, random_() % 6 == 0 ? 1 : 0};
        const auto news = tested_.announce(who, key, std::vector{claim_of(chunk, what)});
        const bool promoted = model_.announce(who, chunk, what);
        REQUIRE(news.promotions.size() == (promoted ? 1 : 0));

        std::set<peer_id> woken;
        for (const auto& [id, chunks] : news.available)
            if (!model_.holds(id, chunk)) woken.insert(id);
        REQUIRE(woken == model_.wake(chunk));
    }

    void check_standing(peer_id id, const model_peer& peer) const {
        const standing stands = tested_.standing_of(id, key, chunk_set::first(chunk_count));
        for (const chunk_index chunk : chunk_set::first(chunk_count)) {
            const bool says = peer.says.contains(chunk);
            const bool known = model_.agreed.contains(chunk);
            REQUIRE(stands.agreed.contains(chunk) == model_.holds(id, chunk));
            REQUIRE(stands.pending.contains(chunk) == (says && !known));
            REQUIRE(stands.disputed.contains(chunk) == (says && known && !model_.holds(id, chunk)));
        }
    }
    void check_location(peer_id asker) {
        std::vector<chunk_index> all;
        for (const chunk_index chunk : chunk_set::first(chunk_count)) all.push_back(chunk);
        const location where = tested_.locate(asker, key, all, 100);
        std::set<std::pair<peer_id, chunk_index>> named;
        for (const auto& [id, chunks] : where.holders)
            for (const chunk_index chunk : chunks) named.emplace(id, chunk);
        std::set<std::pair<peer_id, chunk_index>> expected;
        for (const auto& [id, peer] : model_.peers)
            for (const chunk_index chunk : chunk_set::first(chunk_count))
                if (id != asker && model_.holds(id, chunk)) expected.emplace(id, chunk);
        REQUIRE(named == expected);

        REQUIRE(where.agreed.size() == model_.agreed.size());
        for (const chunk_claim& claim : where.agreed)
            REQUIRE(claim == claim_of(claim.chunk, model_.agreed.at(claim.chunk)));
        REQUIRE(where.unknown.size() == chunk_count - model_.agreed.size());
    }

    peer_id any_peer() {
        auto at = model_.peers.begin();
        std::advance(at, random_() % model_.peers.size());
        return at->first;
    }
    chunk_index any_chunk() { return {static_cast<std::uint32_t>(1 + random_() % chunk_count)}; }

    registry tested_;
    model model_;
    std::map<std::uint16_t, peer_id> at_port_;
    event_random random_;
};

void compare(registry_options options) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        CAPTURE(seed);
        pair_of_registries both{options, seed};
        for (int step = 0; step < 60; ++step) {
            CAPTURE(step);
            both.step();
            both.check();
        }
    }
}

}  // namespace

TEST_CASE("whatever happens, two votes of peers decide as the plain model says") {
    compare({.quorum = 2, .one_vote = vote_per::peer});
}

TEST_CASE("whatever happens, two votes of hosts decide as the plain model says") {
    compare({.quorum = 2, .one_vote = vote_per::host});
}

TEST_CASE("whatever happens, one vote decides as the plain model says") {
    compare({.quorum = 1, .one_vote = vote_per::peer});
}

TEST_CASE("whatever happens, three votes of peers decide as the plain model says") {
    compare({.quorum = 3, .one_vote = vote_per::peer});
}
