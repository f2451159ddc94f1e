// What peers can make a registry and a catalogue keep, and that nothing of it stays when they are gone.

#include "core/tracking/catalogue.hpp"
#include "core/tracking/registry.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

using namespace p2p;

namespace {

/// Claims of the chunks from .. to, all with this content.
std::vector<chunk_claim> claims(std::uint32_t from, std::uint32_t to, std::uint8_t content = 1) {
    std::vector<chunk_claim> all;
    chunk_hash hash;
    hash.bytes.fill(content);
    for (std::uint32_t chunk = from; chunk <= to; ++chunk) all.push_back({{chunk}, hash, 100});
    return all;
}

file_set_key folder(const std::string& name, std::uint32_t count = 100) {
    return {name, count, std::nullopt};
}

peer_id join(registry& to, std::uint16_t port) {
    return to.join({"peer", {"host", port}, "host"})->peer;
}

set_summary published(std::uint32_t number, std::uint32_t count = 100) {
    file_set_id id;
    for (std::size_t i = 0; i < 4; ++i) id.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return {id, "set", 1000, count};
}

}  // namespace

TEST_CASE("a peer is a member of so many chunk folders and no more, until it leaves one") {
    registry all{{}, 1, {.sets_per_peer = 2}};
    const peer_id ann = join(all, 1);
    CHECK_FALSE(all.announce(ann, folder("a"), {}).exceeded);
    CHECK_FALSE(all.announce(ann, folder("b"), {}).exceeded);
    CHECK(all.announce(ann, folder("c"), {}).exceeded == set_limit::sets_per_peer);
    CHECK(all.wait_for(ann, folder("c"), chunk_set::first(1)) == set_limit::sets_per_peer);
    CHECK(all.set_count() == 2);
    CHECK_FALSE(all.announce(ann, folder("b"), claims(1, 1)).exceeded);
    CHECK_FALSE(all.announce(join(all, 2), folder("c"), {}).exceeded);
    all.leave_set(ann, folder("a"));
    CHECK_FALSE(all.announce(ann, folder("c"), {}).exceeded);
}

TEST_CASE("a peer has so many claims on check_lists and no more") {
    registry all{{}, 1, {.chunks_per_peer = 20}};
    const peer_id ann = join(all, 1);
    CHECK_FALSE(all.announce(ann, folder("a"), claims(1, 10)).exceeded);
    const registry_news news = all.announce(ann, folder("a"), claims(11, 30));
    CHECK(news.exceeded == set_limit::chunks_per_peer);
    CHECK(all.standing_of(ann, folder("a"), chunk_set::first(30)).pending.size() < 20);

    SUBCASE("to say the same again costs nothing") {
        CHECK_FALSE(all.announce(ann, folder("a"), claims(1, 10)).exceeded);
        CHECK_FALSE(all.announce(ann, folder("a"), claims(1, 10, 2)).exceeded);
    }
    SUBCASE("what others have agreed on costs nothing") {
        for (const std::uint16_t port : {2, 3}) all.announce(join(all, port), folder("a"), claims(40, 50));
        CHECK_FALSE(all.announce(ann, folder("a"), claims(40, 50)).exceeded);
        CHECK(all.announce(ann, folder("a"), claims(40, 50, 2)).exceeded == set_limit::chunks_per_peer);
    }
    SUBCASE("what is withdrawn can be claimed again") {
        all.withdraw(ann, folder("a"), chunk_set::first(100));
        CHECK_FALSE(all.announce(ann, folder("a"), claims(11, 20)).exceeded);
    }
}

TEST_CASE("what is pending of others becomes agreed though the voter is over its limit after that") {
    registry all{{}, 1, {.chunks_per_peer = 10}};
    const peer_id ann = join(all, 1);
    const peer_id bob = join(all, 2);
    all.announce(ann, folder("a"), claims(1, 1));
    const registry_news news = all.announce(bob, folder("a"), claims(1, 50));
    CHECK(news.exceeded == set_limit::chunks_per_peer);
    REQUIRE(news.promotions.size() == 1);
    CHECK(news.restated.contains(ann));
}

TEST_CASE("a member of a folder of millions of chunks pays for its bitmaps before it claims anything") {
    registry all{{}, 1, {.chunks_per_peer = 10'000}};
    CHECK(all.announce(join(all, 1), folder("a", max_chunk_count), {}).exceeded ==
          set_limit::chunks_per_peer);
    CHECK(all.set_count() == 0);
}

TEST_CASE("there are so many chunk folders and no more, as long as they have members") {
    registry all{{}, 1, {.sets = 2}};
    const peer_id ann = join(all, 1);
    const peer_id bob = join(all, 2);
    all.announce(ann, folder("a"), {});
    all.announce(bob, folder("b"), {});
    CHECK(all.announce(bob, folder("c"), {}).exceeded == set_limit::sets);
    CHECK(all.wait_for(bob, folder("c"), {}) == set_limit::sets);
    CHECK_FALSE(all.announce(bob, folder("a"), {}).exceeded);
    all.leave(ann);
    all.leave_set(bob, folder("a"));
    CHECK_FALSE(all.announce(bob, folder("c"), {}).exceeded);
}

TEST_CASE("where room is needed, what was agreed is forgotten of the set that was abandoned first") {
    registry all{{.quorum = 1}, 1, {.sets = 2}};
    const auto is_kept = [&all](const std::string& name) {
        return !all.agreed_in(folder(name), chunk_set::first(1)).empty();
    };
    const peer_id ann = join(all, 1);
    for (const auto* name : {"a", "b"}) {
        all.announce(ann, folder(name), claims(1, 1));
        all.leave_set(ann, folder(name));
    }
    CHECK(is_kept("a"));
    CHECK(is_kept("b"));

    SUBCASE("the longest abandoned one goes first") {
        CHECK_FALSE(all.announce(ann, folder("c"), {}).exceeded);
        CHECK_FALSE(is_kept("a"));
        CHECK(is_kept("b"));
    }
    SUBCASE("somebody who comes back to it makes it one that is used") {
        CHECK_FALSE(all.announce(ann, folder("a"), {}).exceeded);
        CHECK_FALSE(all.announce(ann, folder("c"), {}).exceeded);
        CHECK(is_kept("a"));
        CHECK_FALSE(is_kept("b"));
        CHECK(all.announce(ann, folder("d"), {}).exceeded == set_limit::sets);
    }
}

TEST_CASE("who keeps the state of a registry learns which sets it has forgotten") {
    registry all{{.quorum = 1}, 1, {.sets = 1}};
    const peer_id ann = join(all, 1);
    all.announce(ann, folder("without agreement"), {});
    all.leave_set(ann, folder("without agreement"));
    all.announce(ann, folder("a"), claims(1, 1));
    all.leave_set(ann, folder("a"));
    all.announce(ann, folder("b"), claims(1, 1));
    CHECK(all.take_forgotten() == std::vector{folder("a")});
    CHECK(all.take_forgotten().empty());
}

TEST_CASE(
    "what was agreed in chunk folders that were abandoned long ago is forgotten, where nobody came back") {
    registry all{{.quorum = 1}, 1};
    const peer_id ann = join(all, 1);
    for (const auto* name : {"a", "b", "c"}) {
        all.announce(ann, folder(name), claims(1, 1));
        all.leave_set(ann, folder(name));
    }
    const std::uint64_t long_ago = all.abandoned_so_far();
    all.announce(ann, folder("a"), {});
    all.announce(ann, folder("b"), {});
    all.leave_set(ann, folder("b"));
    all.forget_abandoned(long_ago);
    CHECK(all.take_forgotten() == std::vector{folder("c")});
    CHECK(all.agreed_count(folder("a")) == 1);
    CHECK(all.agreed_count(folder("b")) == 1);
}

TEST_CASE("what was agreed at an earlier time is agreed, and its holders are those who come back") {
    registry all{{}, 1};
    CHECK(all.restore(folder("a"), claims(1, 70)));
    CHECK(all.agreed_count(folder("a")) == 70);
    const peer_id ann = join(all, 1);
    CHECK(all.announce(ann, folder("a"), claims(1, 9)).promotions.empty());
    CHECK(all.announce(ann, folder("a"), claims(10, 10, 2)).disputes.size() == 1);
    const standing stands = all.standing_of(ann, folder("a"), chunk_set::first(100));
    CHECK(stands.agreed == chunk_set::first(9));
    CHECK(stands.disputed.to_ranges() == "10");
}

TEST_CASE("what was agreed at an earlier time takes room, as much as there was for it then") {
    registry then{{.quorum = 1}, 1};
    const peer_id ann = join(then, 1);
    then.announce(ann, folder("a", 1000), claims(1, 500));
    then.leave(ann);
    registry now{{}, 1};
    CHECK(now.restore(folder("a", 1000), claims(1, 500)));
    const std::uint64_t room = now.chunks_kept();
    CHECK(room > 0);
    CHECK(room <= then.chunks_kept());
    CHECK_FALSE(registry({}, 1, {.chunks = room - 1}).restore(folder("a", 1000), claims(1, 500)));
    registry small{{}, 1, {.chunks = room}};
    CHECK(small.restore(folder("a", 1000), claims(1, 500)));
    CHECK(small.restore(folder("b", 1000), claims(1, 500)));
    CHECK(small.take_forgotten() == std::vector{folder("a", 1000)});
}

TEST_CASE("the chunks of all chunk folders together are limited") {
    registry all{{}, 1, {.chunks = 200}};
    const peer_id ann = join(all, 1);
    const peer_id bob = join(all, 2);
    CHECK_FALSE(all.announce(ann, folder("a"), claims(1, 100)).exceeded);
    CHECK(all.announce(bob, folder("b"), claims(1, 100)).exceeded == set_limit::chunks);
    CHECK(all.chunks_kept() <= 200);
    CHECK(all.announce(join(all, 3), folder("c", 100'000), {}).exceeded == set_limit::chunks);
    all.leave(ann);
    CHECK_FALSE(all.announce(bob, folder("b"), claims(1, 100)).exceeded);
}

TEST_CASE("holders are counted: a chunk that many have takes more than one that few have") {
    registry all{{.quorum = 1}, 1, {.chunks = 100'000}};
    std::uint64_t with_few = 0;
    for (std::uint16_t port = 1; port <= 3000; ++port) {
        CHECK_FALSE(all.announce(join(all, port), folder("a"), claims(1, 1)).exceeded);
        if (port == 10) with_few = all.chunks_kept() - 10 * (membership_cost + 2 + 1);
    }
    const std::uint64_t with_many = all.chunks_kept() - 3000 * (membership_cost + 2 + 1);
    CHECK(with_many == with_few + 3000 / 1024);
}

TEST_CASE("a billion chunks in ever new file-sets leave nothing behind") {
    registry all{{.quorum = 1}, 1, {.sets_per_peer = 10, .sets = 50, .chunks = 5'000}};
    std::uint32_t number = 0;
    for (std::uint32_t connection = 0; connection < 500; ++connection) {
        const peer_id mallory = join(all, 1);
        bool over = false;
        while (!over) {
            const auto news =
                all.announce(mallory, folder("set " + std::to_string(++number)), claims(1, 100));
            over = news.exceeded.has_value();
        }
        CHECK(all.set_count() <= 50);
        CHECK(all.chunks_kept() <= 5'000);
        all.leave(mallory);
    }
    CHECK(number > 2'000);
}

TEST_CASE("whatever peers do, nothing is counted once they are gone and nothing was agreed") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        std::mt19937_64 random{seed};
        registry all{
            {.quorum = 100}, seed, {.sets_per_peer = 3, .chunks_per_peer = 60, .sets = 6, .chunks = 150}};
        std::vector<peer_id> peers;
        for (std::uint16_t port = 1; port <= 5; ++port) peers.push_back(join(all, port));
        for (int step = 0; step < 300; ++step) {
            const peer_id who = peers[random() % peers.size()];
            const file_set_key set = folder(std::string(1, static_cast<char>('a' + random() % 8)));
            const auto first = static_cast<std::uint32_t>(1 + random() % 90);
            switch (random() % 5) {
                case 0: all.leave_set(who, set); break;
                case 1: all.withdraw(who, set, chunk_set::first(first)); break;
                case 2: all.wait_for(who, set, chunk_set::first(first)); break;
                default:
                    all.announce(who, set,
                                 claims(first, first + 10, static_cast<std::uint8_t>(random() % 3)));
            }
            REQUIRE(all.chunks_kept() <= 150);
            REQUIRE(all.set_count() <= 6);
        }
        for (const peer_id who : peers) all.leave(who);
        CHECK(all.chunks_kept() == 0);
        CHECK(all.set_count() == 0);
    }
}

TEST_CASE("a peer is a member of so many published sets and no more") {
    catalogue all{1, {.sets_per_peer = 2}};
    const peer_id ann{1};
    const peer_id bob{2};
    CHECK(all.publish(ann, published(1)) == catalogue::publishing::counts);
    CHECK(all.publish(ann, published(2)) == catalogue::publishing::counts);
    CHECK(all.publish(ann, published(3)).error() == set_limit::sets_per_peer);
    CHECK(all.publish(ann, published(2)) == catalogue::publishing::repeated);
    CHECK(all.set_count() == 2);
    all.publish(bob, published(3));
    CHECK(all.announce(ann, published(3).id, {}).error() == set_limit::sets_per_peer);
    CHECK(all.announce(ann, published(2).id, chunk_set::first(5)) == chunk_set::first(5));
    all.leave(ann, published(1).id);
    CHECK(all.announce(ann, published(3).id, {}) == chunk_set{});
}

TEST_CASE("there are so many published sets and no more") {
    catalogue all{1, {.sets = 2}};
    for (const std::uint32_t number : {1U, 2U}) all.publish({number}, published(number));
    CHECK(all.publish({3}, published(3)).error() == set_limit::sets);
    CHECK(all.publish({3}, published(2)) == catalogue::publishing::joined);
    all.leave({1});
    CHECK(all.publish({3}, published(3)) == catalogue::publishing::counts);
}

TEST_CASE("the bitmaps of a peer in published sets are limited, by the highest chunk that it has") {
    catalogue all{1, {.chunks_per_peer = 30}};
    const peer_id ann{1};
    all.publish(ann, published(1, max_chunk_count));
    CHECK(all.announce(ann, published(1).id, chunk_set::first(10'000)).has_value());
    chunk_set far;
    far.insert({max_chunk_count});
    CHECK(all.announce(ann, published(1).id, far).error() == set_limit::chunks_per_peer);
    CHECK(all.announce(ann, published(1).id, chunk_set::first(12'000)).has_value());
}

TEST_CASE("the bitmaps of all members of published sets are limited together") {
    catalogue all{1, {.chunks = 100}};
    all.publish({1}, published(1, 40'000));
    CHECK(all.announce({1}, published(1).id, chunk_set::first(40'000)).has_value());
    CHECK(all.announce({2}, published(1).id, chunk_set::first(40'000)).error() == set_limit::chunks);
    CHECK(all.chunks_kept() <= 100);
    all.leave({1});
    CHECK(all.chunks_kept() == 0);
}

TEST_CASE("a list can be had in pieces, by name and id") {
    catalogue all{1};
    for (const std::uint32_t number : {5U, 3U, 9U, 1U, 7U}) all.publish({1}, published(number));
    const std::vector<set_listing> whole = all.list();
    std::vector<set_listing> pieces = all.list({}, {}, nullptr, 2);
    CHECK(pieces.size() == 2);
    while (pieces.size() < whole.size()) {
        const set_summary after = pieces.back().set;
        const auto more = all.list({}, "set", &after, 2);
        REQUIRE_FALSE(more.empty());
        pieces.insert(pieces.end(), more.begin(), more.end());
    }
    CHECK(pieces == whole);
    CHECK(all.list({}, {}, &whole.back().set).empty());
}
