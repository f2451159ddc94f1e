#include "core/tracking/catalogue.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace p2p;
using publishing = catalogue::publishing;

namespace {

constexpr peer_id alice{1};
constexpr peer_id bob{2};
constexpr peer_id carol{3};
constexpr std::size_t plenty = 1000;

file_set_id id_of(char letter) {
    file_set_id id;
    id.bytes.fill(static_cast<std::uint8_t>(letter));
    return id;
}

set_summary summary_of(char letter, std::uint32_t count = 5) {
    return {id_of(letter), std::string("set ") + letter, count * 1000U, count};
}

chunk_set chunks(std::string_view ranges) {
    return chunk_set::parse(ranges, max_chunk_count).value();
}

std::set<peer_id> set_of(const std::vector<peer_id>& peers) {
    return {peers.begin(), peers.end()};
}

/// "set a 1+2, set b 0+1": names, seeders and leechers.
std::string show(const std::vector<set_listing>& sets) {
    std::string text;
    for (const set_listing& one : sets) {
        text += text.empty() ? "" : ", ";
        text += one.set.name + " " + std::to_string(one.seeders) + "+" + std::to_string(one.leechers);
    }
    return text;
}

}  // namespace

TEST_CASE("who publishes a set is a member of it") {
    catalogue all{1};
    CHECK(all.publish(alice, summary_of('a')) == publishing::counts);
    CHECK(show(all.list()) == "set a 0+1");
    CHECK(all.locate(bob, id_of('a'), plenty) == std::vector{alice});
    CHECK(all.publish(alice, summary_of('a')) == publishing::repeated);
    CHECK(all.publish(bob, summary_of('a')) == publishing::joined);
    all.leave(bob);
    CHECK(show(all.list()) == "set a 0+1");
}

TEST_CASE("nothing can be announced of a set that nobody has published") {
    catalogue all{1};
    CHECK_FALSE(all.announce(alice, id_of('a'), chunks("1-5")).has_value());
    CHECK(all.list().empty());
    CHECK(all.locate(bob, id_of('a'), plenty).empty());
}

TEST_CASE("a member that holds every chunk is a seeder, until it loses one") {
    catalogue all{1};
    all.publish(alice, summary_of('a'));
    all.announce(alice, id_of('a'), chunks("1-3"));
    CHECK(show(all.list()) == "set a 0+1");
    all.announce(alice, id_of('a'), chunks("3-5"));
    CHECK(show(all.list()) == "set a 1+0");
    all.withdraw(alice, id_of('a'), chunks("2"));
    CHECK(show(all.list()) == "set a 0+1");
    all.announce(alice, id_of('a'), chunks("2"));
    CHECK(show(all.list()) == "set a 1+0");
}

TEST_CASE("every member of a set without chunks is a seeder") {
    catalogue all{1};
    all.publish(alice, summary_of('a', 0));
    all.announce(bob, id_of('a'), {});
    CHECK(show(all.list()) == "set a 2+0");
}

TEST_CASE("an announcement without chunks makes a member, and a withdrawal does not unmake one") {
    catalogue all{1};
    all.publish(alice, summary_of('a'));
    CHECK(all.announce(bob, id_of('a'), {}) == chunk_set{});
    all.withdraw(bob, id_of('a'), chunks("1-5"));
    CHECK(show(all.list()) == "set a 0+2");
}

TEST_CASE("chunks beyond the published count are not taken") {
    catalogue all{1};
    all.publish(alice, summary_of('a', 5));
    CHECK(all.announce(alice, id_of('a'), chunks("1-4,6-9")) == chunks("1-4"));
    CHECK(show(all.list()) == "set a 0+1");
    CHECK(all.announce(alice, id_of('a'), chunks("5-100")) == chunks("5"));
    CHECK(show(all.list()) == "set a 1+0");
    all.publish(alice, summary_of('e', 0));
    CHECK(all.announce(alice, id_of('e'), chunks("1")) == chunk_set{});
}

TEST_CASE("withdrawals of sets that are unknown or somebody else's change nothing") {
    catalogue all{1};
    all.publish(alice, summary_of('a'));
    all.announce(alice, id_of('a'), chunks("1-5"));
    all.withdraw(bob, id_of('a'), chunks("1-5"));
    all.withdraw(alice, id_of('b'), chunks("1-5"));
    all.leave(bob, id_of('a'));
    all.leave(alice, id_of('b'));
    all.leave(bob);
    CHECK(show(all.list()) == "set a 1+0");
}

TEST_CASE("the first publisher's summary stands while anybody is there") {
    catalogue all{1};
    const set_summary first = summary_of('a', 5);
    const set_summary second{id_of('a'), "another name", 1, 2};
    all.publish(alice, first);
    all.publish(bob, second);
    all.leave(alice);
    CHECK(all.list().at(0).set == first);
    all.leave(bob);
    CHECK(all.publish(carol, second) == publishing::counts);
    CHECK(all.list().at(0).set == second);
    CHECK(all.list(std::nullopt, first.name).empty());
}

TEST_CASE("a set that its last member has left is still known, and whoever has it may say so") {
    catalogue all{1};
    all.publish(alice, summary_of('a'));
    all.announce(bob, id_of('a'), chunks("1-5"));
    all.leave(alice, id_of('a'));
    CHECK(show(all.list()) == "set a 1+0");
    all.leave(bob, id_of('a'));
    CHECK(show(all.list()) == "set a 0+0");
    CHECK(all.locate(carol, id_of('a'), plenty).empty());
    CHECK(all.announce(carol, id_of('a'), chunks("1-5")).has_value());
    CHECK(show(all.list()) == "set a 1+0");
}

TEST_CASE("where room is needed, the set that was abandoned first is forgotten, and none that has a member") {
    catalogue all{1, {.sets = 3}};
    for (const char letter : {'a', 'b', 'c'}) all.publish(alice, summary_of(letter));
    all.leave(alice, id_of('b'));
    all.leave(alice, id_of('a'));
    all.publish(bob, summary_of('b'));
    all.leave(bob);
    CHECK(all.publish(bob, summary_of('d')) == publishing::counts);
    CHECK(show(all.list()) == "set b 0+0, set c 0+1, set d 0+1");
    CHECK(all.take_forgotten() == std::vector{id_of('a')});
    CHECK(all.publish(bob, summary_of('e')) == publishing::counts);
    CHECK(all.take_forgotten() == std::vector{id_of('b')});
    CHECK(all.publish(bob, summary_of('f')) == tl::unexpected{set_limit::sets});
    CHECK(all.take_forgotten().empty());
}

TEST_CASE("sets that were abandoned long ago are forgotten, but for those that somebody came back to") {
    catalogue all{1};
    for (const char letter : {'a', 'b', 'c'}) all.publish(alice, summary_of(letter));
    all.leave(alice, id_of('a'));
    all.leave(alice, id_of('b'));
    const std::uint64_t long_ago = all.abandoned_so_far();
    all.publish(bob, summary_of('a'));
    all.leave(alice);
    all.forget_abandoned(long_ago);
    CHECK(show(all.list()) == "set a 0+1, set c 0+0");
    CHECK(all.take_forgotten() == std::vector{id_of('b')});
    all.leave(bob);
    all.forget_abandoned(all.abandoned_so_far());
    CHECK(all.list().empty());
}

TEST_CASE("what was published at an earlier time is there without members, while there is room") {
    catalogue all{1, {.sets = 2}};
    CHECK(all.restore(summary_of('a')));
    CHECK(all.restore(summary_of('b')));
    CHECK(show(all.list()) == "set a 0+0, set b 0+0");
    CHECK(all.publish(alice, summary_of('a')) == publishing::joined);
    CHECK(all.restore(summary_of('c')));
    CHECK(show(all.list()) == "set a 0+1, set c 0+0");
    all.publish(alice, summary_of('c'));
    CHECK_FALSE(all.restore(summary_of('d')));
}

TEST_CASE("a peer that leaves, leaves all its sets and no other's") {
    catalogue all{1};
    for (const char letter : {'a', 'b', 'c'}) all.publish(alice, summary_of(letter));
    all.publish(bob, summary_of('b'));
    all.publish(bob, summary_of('d'));
    all.leave(alice);
    CHECK(show(all.list()) == "set a 0+0, set b 0+1, set c 0+0, set d 0+1");
}

TEST_CASE("a list is sorted by name and then by id") {
    catalogue all{1};
    set_summary same_name = summary_of('z');
    same_name.name = "set b";
    for (const char letter : {'c', 'b', 'a'}) all.publish(alice, summary_of(letter));
    all.publish(alice, same_name);
    const auto listed = all.list();
    CHECK(show(listed) == "set a 0+1, set b 0+1, set b 0+1, set c 0+1");
    CHECK(listed.at(1).set.id == id_of('b'));
    CHECK(listed.at(2).set.id == id_of('z'));
}

TEST_CASE("a list may be about one id, one name, or both") {
    catalogue all{1};
    set_summary same_name = summary_of('z');
    same_name.name = "set b";
    for (const char letter : {'c', 'b', 'a'}) all.publish(alice, summary_of(letter));
    all.publish(alice, same_name);
    CHECK(show(all.list(id_of('a'))) == "set a 0+1");
    CHECK(all.list(id_of('x')).empty());
    CHECK(all.list(std::nullopt, "set b").size() == 2);
    CHECK(all.list(std::nullopt, "set").empty());
    CHECK(all.list(id_of('z'), "set b").size() == 1);
    CHECK(all.list(id_of('z'), "set a").empty());
}

TEST_CASE("the asker is not named, and a visitor sees everybody") {
    catalogue all{1};
    for (const peer_id peer : {alice, bob, carol}) all.publish(peer, summary_of('a'));
    all.announce(bob, id_of('a'), chunks("1-5"));
    CHECK(set_of(all.locate(alice, id_of('a'), plenty)) == std::set{bob, carol});
    CHECK(set_of(all.locate(bob, id_of('a'), plenty)) == std::set{alice, carol});
    CHECK(set_of(all.locate(peer_id{9}, id_of('a'), plenty)) == std::set{alice, bob, carol});
    CHECK(set_of(all.locate(std::nullopt, id_of('a'), plenty)) == std::set{alice, bob, carol});
    CHECK(all.locate(std::nullopt, id_of('a'), 0).empty());
}

TEST_CASE("a seeder is named those who lack something, and nobody else") {
    catalogue all{1};
    for (const peer_id peer : {alice, bob, carol}) all.publish(peer, summary_of('a'));
    all.announce(bob, id_of('a'), chunks("1-5"));
    all.announce(carol, id_of('a'), chunks("1-4"));
    CHECK(set_of(all.locate(bob, id_of('a'), plenty)) == std::set{alice, carol});
    all.announce(carol, id_of('a'), chunks("5"));
    CHECK(all.locate(bob, id_of('a'), plenty) == std::vector{alice});
    CHECK(all.locate(carol, id_of('a'), plenty, {alice}).empty());
    CHECK(set_of(all.locate(alice, id_of('a'), plenty)) == std::set{bob, carol});
}

TEST_CASE("the only seeder among a thousand leechers is named first, whoever asks") {
    catalogue all{1};
    for (std::uint64_t peer = 1; peer <= 1000; ++peer) all.publish({peer}, summary_of('a'));
    all.announce({500}, id_of('a'), chunks("1-5"));
    for (std::uint64_t asker = 1; asker <= 1000; asker += 7) {
        const auto named = all.locate(peer_id{asker}, id_of('a'), 10);
        CHECK(named.size() == 10);
        CHECK(set_of(named).size() == 10);
        CHECK(named.front() == peer_id{500});
    }
    // 500 itself is told of leechers.
    CHECK(all.locate(peer_id{500}, id_of('a'), 10).size() == 10);
}

TEST_CASE("members are named about equally often") {
    catalogue all{1};
    constexpr std::uint64_t members = 40;
    constexpr int rounds = 4000;
    for (std::uint64_t peer = 1; peer <= members; ++peer) all.publish({peer}, summary_of('a'));
    for (std::uint64_t peer = 1; peer <= members / 2; ++peer) all.announce({peer}, id_of('a'), chunks("1-5"));
    std::map<peer_id, int> named;
    for (int round = 0; round < rounds; ++round)
        for (const peer_id peer : all.locate(peer_id{members}, id_of('a'), 10)) ++named[peer];
    CHECK(named.size() == members - 1);
    CHECK_FALSE(named.contains(peer_id{members}));
    for (const auto& [peer, times] : named) {
        CAPTURE(peer.value);
        CHECK(times > rounds * 10 / static_cast<int>(members - 1) * 85 / 100);
        CHECK(times < rounds * 10 / static_cast<int>(members - 1) * 115 / 100);
    }
}

namespace {

/// The catalogue beside a model without any bookkeeping, told the same.
class pair_of_catalogues {
public:
    explicit pair_of_catalogues(std::uint64_t seed) : tested_{seed}, random_{seed} {}

    void step() {
        const peer_id peer{1 + random_() % 8};
        const char letter = static_cast<char>('a' + random_() % 4);
        switch (random_() % 10) {
            case 0: return leave(peer);
            case 1: return leave(peer, letter);
            case 2:
            case 3: return publish(peer, letter);
            case 4: return withdraw(peer, letter);
            default: return announce(peer, letter);
        }
    }

    void check() {
        REQUIRE(tested_.list() == listed());
        for (std::uint64_t asker = 0; asker <= 8; ++asker)
            for (const char letter : {'a', 'b', 'c', 'd'})
                for (const std::size_t most : {1U, 3U, 100U}) check_sample({asker}, letter, most);
    }

private:
    struct model_set {
        set_summary summary;
        std::map<peer_id, std::set<std::uint32_t>> members;

        bool is_seeder(peer_id peer) const { return members.at(peer).size() == summary.count; }
    };

    void publish(peer_id peer, char letter) {
        set_summary summary = summary_of(letter, static_cast<std::uint32_t>(letter - 'a'));
        summary.name = random_() % 2 == 0 ? "one" : "two";
        const auto [known, is_new] = model_.try_emplace(letter, model_set{summary, {}});
        auto& [counts, members] = known->second;
        auto expected = is_new ? publishing::counts : publishing::joined;
        if (members.contains(peer)) expected = publishing::repeated;
        if (members.empty() && std::exchange(counts, summary) != summary) expected = publishing::counts;
        members.try_emplace(peer);
        REQUIRE(tested_.publish(peer, summary) == expected);
    }
    void announce(peer_id peer, char letter) {
        const chunk_set said = some_chunks();
        const auto taken = tested_.announce(peer, id_of(letter), said);
        const auto set = model_.find(letter);
        REQUIRE(taken.has_value() == (set != model_.end()));
        if (!taken) return;
        auto& holds = set->second.members[peer];
        std::uint32_t expected = 0;
        for (const chunk_index chunk : said) {
            if (chunk.value > set->second.summary.count) continue;
            holds.insert(chunk.value);
            REQUIRE(taken->contains(chunk));
            ++expected;
        }
        REQUIRE(taken->size() == expected);
    }
    void withdraw(peer_id peer, char letter) {
        const chunk_set said = some_chunks();
        tested_.withdraw(peer, id_of(letter), said);
        const auto set = model_.find(letter);
        if (set == model_.end() || !set->second.members.contains(peer)) return;
        for (const chunk_index chunk : said) set->second.members[peer].erase(chunk.value);
    }
    void leave(peer_id peer, char letter) {
        tested_.leave(peer, id_of(letter));
        forget(peer, letter);
    }
    void leave(peer_id peer) {
        tested_.leave(peer);
        for (const char letter : {'a', 'b', 'c', 'd'}) forget(peer, letter);
    }
    void forget(peer_id peer, char letter) {
        if (const auto set = model_.find(letter); set != model_.end()) set->second.members.erase(peer);
    }

    std::vector<set_listing> listed() const {
        std::vector<set_listing> all;
        for (const std::string name : {"one", "two"}) {
            for (const auto& [letter, set] : model_) {
                if (set.summary.name != name) continue;
                std::uint32_t seeders = 0;
                for (const auto& [peer, holds] : set.members) seeders += set.is_seeder(peer) ? 1 : 0;
                all.push_back(
                    {set.summary, seeders, static_cast<std::uint32_t>(set.members.size()) - seeders});
            }
        }
        return all;
    }

    // Asker 0 is a visitor.
    void check_sample(peer_id asker, char letter, std::size_t most) {
        const auto named =
            tested_.locate(asker == peer_id{} ? std::nullopt : std::optional{asker}, id_of(letter), most);
        std::set<peer_id> others;
        bool has_seeder = false;
        if (const auto set = model_.find(letter); set != model_.end()) {
            const bool needs_nobody = set->second.members.contains(asker) && set->second.is_seeder(asker) &&
                                      set->second.summary.count > 0;
            for (const auto& [peer, holds] : set->second.members) {
                if (peer == asker || (needs_nobody && set->second.is_seeder(peer))) continue;
                others.insert(peer);
                has_seeder = has_seeder || set->second.is_seeder(peer);
            }
        }
        REQUIRE(named.size() == std::min(most, others.size()));
        REQUIRE(set_of(named).size() == named.size());
        for (const peer_id peer : named) REQUIRE(others.contains(peer));
        if (has_seeder) REQUIRE(model_.at(letter).is_seeder(named.front()));
    }

    chunk_set some_chunks() {
        chunk_set some;
        for (auto times = random_() % 4; times > 0; --times)
            some.insert({static_cast<std::uint32_t>(1 + random_() % 4)});
        return some;
    }

    catalogue tested_;
    std::map<char, model_set> model_;
    std::mt19937_64 random_;
};

}  // namespace

TEST_CASE("whatever happens, the catalogue knows what the plain model knows") {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        CAPTURE(seed);
        pair_of_catalogues both{seed};
        for (int step = 0; step < 150; ++step) {
            CAPTURE(step);
            both.step();
            both.check();
        }
    }
}
