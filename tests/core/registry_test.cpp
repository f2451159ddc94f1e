#include "core/tracking/registry.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

using namespace p2p;

namespace {

constexpr byte_count usual_size = 100;
const file_set_key usual_set{"default", 9};

chunk_hash hash_of_content(char content) {
    chunk_hash hash;
    hash.bytes.fill(static_cast<std::uint8_t>(content));
    return hash;
}

chunk_set set_of(const std::string& ranges) {
    return chunk_set::parse(ranges, max_chunk_count).value();
}

std::vector<chunk_index> list_of(const std::string& ranges) {
    std::vector<chunk_index> list;
    for (const chunk_index chunk : set_of(ranges)) list.push_back(chunk);
    return list;
}

/// "1a 2b 3a:7": chunk 1 with content a, chunk 2 with content b, chunk 3 with content a but 7 bytes.
std::vector<chunk_claim> claims_of(const std::string& text) {
    std::vector<chunk_claim> claims;
    std::istringstream words{text};
    for (std::string word; words >> word;) {
        std::size_t digits = 0;
        const auto index = static_cast<std::uint32_t>(std::stoul(word, &digits));
        const std::size_t colon = word.find(':');
        const byte_count size = colon == std::string::npos ? usual_size : std::stoul(word.substr(colon + 1));
        claims.push_back({{index}, hash_of_content(word.at(digits)), size});
    }
    return claims;
}

std::string show(const chunk_claim& claim) {
    std::string text = std::to_string(claim.chunk.value);
    text += static_cast<char>(claim.hash.bytes[0]);
    if (claim.size == usual_size) return text;
    text += ':';
    text += std::to_string(claim.size);
    return text;
}

std::string joined(std::vector<std::string> words, const std::string& between) {
    std::sort(words.begin(), words.end());
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
    return text;
}

/// A registry whose peers have names, and whose answers are texts.
class talk {
public:
    explicit talk(registry_options options = {}, std::uint64_t seed = 1) : tested{options, seed} {}
    talk(registry_options options, std::initializer_list<std::string> names) : talk{options} {
        for (const std::string& name : names) join(name);
    }
    talk(std::initializer_list<std::string> names) : talk{{}, names} {}

    std::string join(const std::string& name) { return join(name, "host of " + name, name + ":1"); }
    std::string join_from(const std::string& host, const std::string& name) {
        return join(name, host, name + ":1");
    }
    /// The name of the peer that was replaced.
    std::string join(const std::string& name, const std::string& host, const std::string& address) {
        return join({name, parse_endpoint(address).value(), host});
    }
    std::string join(const peer_info& who) {
        const auto joined = tested.join(who);
        if (!joined) return "refused";
        const std::string replaced = joined->replaced ? name_of(*joined->replaced) : "";
        ids_[who.name] = joined->peer;
        names_[joined->peer] = who.name;
        return replaced;
    }
    void leave(const std::string& name) { tested.leave(ids_.at(name)); }

    registry_news announce(const std::string& name, const std::string& claims,
                           const file_set_key& set = usual_set) {
        return tested.announce(ids_.at(name), set, claims_of(claims));
    }
    void withdraw(const std::string& name, const std::string& chunks) {
        tested.withdraw(ids_.at(name), usual_set, set_of(chunks));
    }
    void leave_set(const std::string& name, const file_set_key& set = usual_set) {
        tested.leave_set(ids_.at(name), set);
    }
    std::vector<std::uint32_t> other_counts(const std::string& name, const file_set_key& set) const {
        return tested.other_counts(id(name), set);
    }
    void wait_for(const std::string& name, const std::string& chunks) {
        tested.wait_for(ids_.at(name), usual_set, set_of(chunks));
    }

    /// "1a@ann,bob 2b@ 3?": chunk 1 has two holders, 2 is agreed but nobody has it, 3 is not agreed.
    std::string locate(const std::string& asker, const std::string& chunks,
                       const file_set_key& set = usual_set, std::size_t most_holders = 50) {
        const location found = tested.locate(ids_.at(asker), set, list_of(chunks), most_holders);
        std::vector<std::string> words;
        for (const chunk_claim& claim : found.agreed)
            words.push_back(show(claim) + "@" + holders(found, claim.chunk));
        for (const chunk_index chunk : found.unknown) words.push_back(std::to_string(chunk.value) + "?");
        return joined(words, " ");
    }

    /// "agreed 1, pending 2-3, disputed 4"; what is empty is left out.
    std::string standing(const std::string& name, const file_set_key& set = usual_set) const {
        const p2p::standing stands = tested.standing_of(ids_.at(name), set, chunk_set::first(set.count));
        std::string text;
        const auto add = [&text](const std::string& word, const chunk_set& chunks) {
            if (!chunks.empty()) text += (text.empty() ? "" : ", ") + word + " " + chunks.to_ranges();
        };
        add("agreed", stands.agreed);
        add("pending", stands.pending);
        add("disputed", stands.disputed);
        return text;
    }

    /// "1a by ann,bob"
    std::string promotions(const registry_news& news) const {
        std::vector<std::string> words;
        for (const promotion& promoted : news.promotions) {
            std::vector<std::string> voters;
            for (const peer_id voter : promoted.voters) voters.push_back(name_of(voter));
            words.push_back(show(promoted.agreed) + " by " + joined(voters, ","));
        }
        return joined(words, "; ");
    }
    /// "1b of eve against a"
    std::string disputes(const registry_news& news) const {
        std::vector<std::string> words;
        for (const dispute& one : news.disputes)
            words.push_back(show(one.claim) + " of " + name_of(one.peer) + " against " +
                            static_cast<char>(one.agreed.bytes[0]));
        return joined(words, "; ");
    }
    /// "ann 1-3; bob 2"
    std::string told(const std::map<peer_id, chunk_set>& news) const {
        std::vector<std::string> words;
        for (const auto& [peer, chunks] : news) words.push_back(name_of(peer) + " " + chunks.to_ranges());
        return joined(words, "; ");
    }

    peer_id id(const std::string& name) const { return ids_.at(name); }
    const std::string& name_of(peer_id id) const { return names_.at(id); }

    registry tested;

private:
    std::string holders(const location& found, chunk_index chunk) const {
        std::vector<std::string> names;
        for (const auto& [peer, chunks] : found.holders)
            if (std::ranges::find(chunks, chunk) != chunks.end()) names.push_back(name_of(peer));
        return joined(names, ",");
    }

    std::map<std::string, peer_id> ids_;
    std::map<peer_id, std::string> names_;
};

registry_options quorum_of(unsigned quorum) {
    return {.quorum = quorum};
}

const registry_options vote_per_host{.quorum = 2, .one_vote = vote_per::host};

}  // namespace

// --- from the check_list to the chunk_list

TEST_CASE("a first announcement goes on the check_list and nobody learns of it") {
    talk t{"ann", "eve"};
    t.announce("ann", "1a");
    CHECK(t.standing("ann") == "pending 1");
    CHECK(t.locate("eve", "1") == "1?");
}

TEST_CASE("a chunk moves to the chunk_list once as many peers as the quorum announce the same") {
    talk t{"ann", "bob", "eve"};
    t.announce("ann", "1a");
    CHECK(t.promotions(t.announce("bob", "1a")) == "1a by ann,bob");
    CHECK(t.locate("eve", "1") == "1a@ann,bob");
    CHECK(t.standing("ann") == "agreed 1");
    CHECK(t.standing("bob") == "agreed 1");
}

TEST_CASE("each chunk of an announcement is judged by itself") {
    talk t{"ann", "bob", "eve"};
    t.announce("ann", "1a 2a 3a");
    t.announce("bob", "2a 3b 4a");
    CHECK(t.locate("eve", "1-5") == "1? 2a@ann,bob 3? 4? 5?");
}

TEST_CASE("different hashes never add up to a quorum") {
    talk t{"ann", "bob", "eve"};
    t.announce("ann", "1a");
    CHECK(t.announce("bob", "1b").promotions.empty());
    CHECK(t.locate("eve", "1") == "1?");
}

TEST_CASE("the same hash with another size is no agreement") {
    talk t{"ann", "bob", "eve"};
    t.announce("ann", "1a");
    CHECK(t.announce("bob", "1a:7").promotions.empty());
    CHECK(t.locate("eve", "1") == "1?");
}

TEST_CASE("with a quorum of 1 the first announcement is agreed at once") {
    talk t{quorum_of(1), {"ann", "eve"}};
    CHECK(t.promotions(t.announce("ann", "1a")) == "1a by ann");
    CHECK(t.locate("eve", "1") == "1a@ann");
}

TEST_CASE("with a quorum of 3 two peers are not enough") {
    talk t{quorum_of(3), {"ann", "bob", "carl", "eve"}};
    t.announce("ann", "1a");
    CHECK(t.announce("bob", "1a").promotions.empty());
    CHECK(t.promotions(t.announce("carl", "1a")) == "1a by ann,bob,carl");
}

TEST_CASE("a peer has one vote however often it announces") {
    talk t{"ann", "eve"};
    for (int i = 0; i < 5; ++i) t.announce("ann", "1a 1a");
    CHECK(t.locate("eve", "1") == "1?");
    CHECK(t.standing("ann") == "pending 1");
}

TEST_CASE("a peer that alternates between two claims has the vote of the last one") {
    talk t{"ann", "bob"};
    for (int i = 0; i < 3; ++i) t.announce("ann", "1a 1b");
    CHECK(t.announce("bob", "1a").promotions.empty());
    CHECK(t.promotions(t.announce("ann", "1a")) == "1a by ann,bob");
}

TEST_CASE("a changed claim replaces the old one") {
    talk t{"ann", "bob", "carl"};
    t.announce("ann", "1a");
    t.announce("ann", "1b");
    CHECK(t.announce("bob", "1a").promotions.empty());
    CHECK(t.promotions(t.announce("carl", "1b")) == "1b by ann,carl");
}

TEST_CASE("a pending claim vanishes with its peer") {
    talk t{"ann", "bob", "eve"};
    t.announce("ann", "1a");
    t.leave("ann");
    CHECK(t.announce("bob", "1a").promotions.empty());
    CHECK(t.locate("eve", "1") == "1?");
}

TEST_CASE("a pending claim that is withdrawn is no vote any more") {
    talk t{"ann", "bob", "eve"};
    t.announce("ann", "1a");
    t.withdraw("ann", "1");
    CHECK(t.standing("ann").empty());
    CHECK(t.announce("bob", "1a").promotions.empty());
}

TEST_CASE("a peer that leaves and comes back has one vote") {
    talk t{"ann", "eve"};
    t.announce("ann", "1a");
    t.leave("ann");
    t.join("ann");
    CHECK(t.announce("ann", "1a").promotions.empty());
}

TEST_CASE("where a host has one vote, its second peer does not count") {
    talk t{vote_per_host};
    t.join_from("h1", "ann");
    t.join_from("h1", "bob");
    t.announce("ann", "1a");
    CHECK(t.announce("bob", "1a").promotions.empty());
}

TEST_CASE("where a host has one vote, all its peers become holders when another host agrees") {
    talk t{vote_per_host, {"eve"}};
    t.join_from("h1", "ann");
    t.join_from("h1", "bob");
    t.join_from("h2", "carl");
    t.announce("ann", "1a");
    t.announce("bob", "1a");
    CHECK(t.promotions(t.announce("carl", "1a")) == "1a by ann,bob,carl");
    CHECK(t.locate("eve", "1") == "1a@ann,bob,carl");
}

TEST_CASE("where a peer has one vote, two peers of a host are two votes") {
    talk t;
    t.join_from("h1", "ann");
    t.join_from("h1", "bob");
    t.announce("ann", "1a");
    CHECK(t.promotions(t.announce("bob", "1a")) == "1a by ann,bob");
}

// --- once it is agreed

TEST_CASE("a later announcement of what is agreed joins the chunk_list at once") {
    talk t{"ann", "bob", "carl", "eve"};
    t.announce("ann", "1a");
    t.announce("bob", "1a");
    CHECK(t.announce("carl", "1a").promotions.empty());
    CHECK(t.standing("carl") == "agreed 1");
    CHECK(t.locate("eve", "1") == "1a@ann,bob,carl");
}

TEST_CASE("a later announcement of another hash stays on the check_list as a dispute") {
    talk t{"ann", "bob", "carl", "eve"};
    t.announce("ann", "1a");
    t.announce("bob", "1a");
    CHECK(t.disputes(t.announce("carl", "1b")) == "1b of carl against a");
    CHECK(t.standing("carl") == "disputed 1");
    CHECK(t.locate("eve", "1") == "1a@ann,bob");
}

TEST_CASE("a later announcement of the agreed hash with another size is a dispute") {
    talk t{"ann", "bob", "carl"};
    t.announce("ann", "1a");
    t.announce("bob", "1a");
    CHECK(t.disputes(t.announce("carl", "1a:7")) == "1a:7 of carl against a");
    CHECK(t.standing("carl") == "disputed 1");
}

TEST_CASE("those who disagree stay a minority however many they are") {
    talk t{"ann", "bob", "carl", "dora", "emil", "eve"};
    t.announce("ann", "1a");
    t.announce("bob", "1a");
    for (const auto* name : {"carl", "dora", "emil"}) t.announce(name, "1b");
    CHECK(t.locate("eve", "1") == "1a@ann,bob");
}

TEST_CASE("a claim that was pending becomes a dispute when others agree on another") {
    talk t{"ann", "bob", "carl"};
    t.announce("carl", "1b");
    t.announce("ann", "1a");
    CHECK(t.disputes(t.announce("bob", "1a")) == "1b of carl against a");
    CHECK(t.standing("carl") == "disputed 1");
}

TEST_CASE("who gives up a disputed claim for the agreed one becomes a holder") {
    talk t{"ann", "bob", "carl", "eve"};
    t.announce("ann", "1a");
    t.announce("bob", "1a");
    t.announce("carl", "1b");
    CHECK(t.announce("carl", "1a").disputes.empty());
    CHECK(t.standing("carl") == "agreed 1");
    CHECK(t.locate("eve", "1") == "1a@ann,bob,carl");
}

TEST_CASE("a holder that announces another hash is a holder no more") {
    talk t{"ann", "bob", "eve"};
    t.announce("ann", "1a");
    t.announce("bob", "1a");
    CHECK(t.disputes(t.announce("ann", "1b")) == "1b of ann against a");
    CHECK(t.standing("ann") == "disputed 1");
    CHECK(t.locate("eve", "1") == "1a@bob");
}

TEST_CASE("what is agreed stays agreed when its holders leave") {
    talk t{"ann", "bob", "carl", "eve"};
    t.announce("ann", "1a");
    t.announce("bob", "1a");
    t.leave("ann");
    t.leave("bob");
    CHECK(t.locate("eve", "1") == "1a@");
    t.announce("carl", "1b");
    CHECK(t.standing("carl") == "disputed 1");
}

TEST_CASE("a holder that comes back is a holder at once") {
    talk t{"ann", "bob", "eve"};
    t.announce("ann", "1a");
    t.announce("bob", "1a");
    t.leave("ann");
    t.leave("bob");
    t.join("ann");
    t.announce("ann", "1a");
    CHECK(t.locate("eve", "1") == "1a@ann");
}

TEST_CASE("what is agreed stays agreed when every peer was gone") {
    talk t{"ann", "bob"};
    t.announce("ann", "1a");
    t.announce("bob", "1a");
    t.leave("ann");
    t.leave("bob");
    t.join("eve");
    CHECK(t.locate("eve", "1") == "1a@");
}

TEST_CASE("a holder that withdraws a chunk keeps its others") {
    talk t{"ann", "bob", "eve"};
    t.announce("ann", "1a 2a");
    t.announce("bob", "1a 2a");
    t.withdraw("ann", "1,5");
    CHECK(t.locate("eve", "1-2") == "1a@bob 2a@ann,bob");
    CHECK(t.standing("ann") == "agreed 2");
}

TEST_CASE("withdrawing from a set that nobody knows does nothing") {
    talk t{"ann", "eve"};
    t.withdraw("ann", "1");
    CHECK(t.locate("eve", "1") == "1?");
}

// --- who is told

TEST_CASE("the other voters are told when their pending claim becomes agreed") {
    talk t{quorum_of(3), {"ann", "bob", "carl"}};
    t.announce("ann", "1a 2a");
    t.announce("bob", "1a");
    CHECK(t.told(t.announce("carl", "1a 2a").restated) == "ann 1; bob 1");
}

TEST_CASE("those who disagreed are told when their pending claim becomes a dispute") {
    talk t{"ann", "bob", "carl"};
    t.announce("carl", "1b");
    t.announce("ann", "1a");
    CHECK(t.told(t.announce("bob", "1a").restated) == "ann 1; carl 1");
}

TEST_CASE("nobody is told anew of what was agreed before") {
    talk t{"ann", "bob", "carl"};
    t.announce("ann", "1a");
    t.announce("bob", "1a");
    CHECK(t.announce("carl", "1a").restated.empty());
}

TEST_CASE("peers that wait for a chunk are told once it is agreed") {
    talk t{"ann", "bob", "eve", "fred"};
    t.wait_for("eve", "1-9");
    t.wait_for("fred", "2");
    CHECK(t.announce("ann", "1a 2a").available.empty());
    CHECK(t.told(t.announce("bob", "1a 2a").available) == "eve 1-2; fred 2");
}

TEST_CASE("a peer waits for all that it has ever asked for") {
    talk t{quorum_of(1), {"ann", "eve"}};
    t.wait_for("eve", "1-3");
    t.wait_for("eve", "5");
    CHECK(t.told(t.announce("ann", "1a 5a 6a").available) == "eve 1,5");
}

TEST_CASE("a peer that waited is told once") {
    talk t{"ann", "bob", "carl", "eve"};
    t.wait_for("eve", "1");
    t.announce("ann", "1a");
    t.announce("bob", "1a");
    CHECK(t.announce("carl", "1a").available.empty());
}

TEST_CASE("nobody waits for a chunk that can be had now") {
    talk t{"ann", "bob", "eve"};
    t.announce("ann", "1a");
    t.announce("bob", "1a");
    t.wait_for("eve", "1");
    t.leave("ann");
    t.leave("bob");
    t.join("ann");
    CHECK(t.announce("ann", "1a").available.empty());
}

TEST_CASE("a chunk whose holders had all left wakes the waiters when one comes back") {
    talk t{"ann", "bob", "eve"};
    t.announce("ann", "1a");
    t.announce("bob", "1a");
    t.leave("ann");
    t.leave("bob");
    t.wait_for("eve", "1");
    t.join("ann");
    CHECK(t.told(t.announce("ann", "1a").available) == "eve 1");
}

TEST_CASE("a chunk whose only holder disputes it now wakes the waiters when one agrees again") {
    talk t{quorum_of(1), {"ann", "bob", "eve"}};
    t.announce("ann", "1a");
    t.announce("ann", "1b");
    t.wait_for("eve", "1");
    CHECK(t.told(t.announce("bob", "1a").available) == "eve 1");
}

TEST_CASE("a dispute wakes nobody") {
    talk t{"ann", "bob", "carl", "eve"};
    t.announce("ann", "1a");
    t.announce("bob", "1a");
    t.leave("ann");
    t.leave("bob");
    t.wait_for("eve", "1");
    CHECK(t.announce("carl", "1b").available.empty());
}

TEST_CASE("a peer that left waits no more") {
    talk t{"ann", "bob", "eve"};
    t.wait_for("eve", "1");
    t.leave("eve");
    t.announce("ann", "1a");
    CHECK(t.announce("bob", "1a").available.empty());
}

TEST_CASE("a peer that got the chunk waits no more") {
    talk t{"ann", "bob", "eve"};
    t.announce("ann", "1a");
    t.announce("bob", "1a");
    t.withdraw("ann", "1");
    t.withdraw("bob", "1");
    t.wait_for("eve", "1");
    t.announce("eve", "1a");
    t.withdraw("eve", "1");
    CHECK(t.announce("ann", "1a").available.empty());
}

TEST_CASE("a peer does not wait for what it holds itself") {
    talk t{quorum_of(1), {"ann", "bob"}};
    t.announce("ann", "1a");
    t.wait_for("ann", "1");
    CHECK(t.announce("bob", "1a").available.empty());
}

TEST_CASE("waiting gives no vote") {
    talk t{"ann", "bob", "eve"};
    t.wait_for("eve", "1");
    t.announce("ann", "1a");
    CHECK(t.locate("bob", "1") == "1?");
    CHECK(t.standing("eve").empty());
}

TEST_CASE("a peer is a new member of a set at its first announcement only") {
    talk t{"ann"};
    CHECK(t.announce("ann", "1a").new_member);
    CHECK_FALSE(t.announce("ann", "2a").new_member);
    CHECK(t.announce("ann", "", {"other", 9}).new_member);
}

TEST_CASE("who has all chunks is named those who lack some, and nobody else") {
    talk t{quorum_of(1), {"ann", "bob", "eve"}};
    const file_set_key set{"default", 2};
    t.announce("ann", "1a 2b", set);
    t.announce("bob", "1a", set);
    t.announce("eve", "1a 2b", set);
    const auto named = [&](const std::string& asker) {
        std::vector<peer_id> all;
        for (const auto& one : t.tested.locate(t.id(asker), set, {}, 50).holders) all.push_back(one.peer);
        return all;
    };
    CHECK(named("ann") == std::vector{t.id("bob")});
    CHECK(named("bob").size() == 2);
}

// --- peers

TEST_CASE("a peer of the same address replaces the old one") {
    talk t{"eve"};
    t.join("ann", "h", "10.0.0.1:9000");
    t.join("bob", "h", "10.0.0.2:9000");
    t.announce("ann", "1a");
    t.announce("bob", "1a");
    CHECK(t.join("carl", "h", "10.0.0.1:9000") == "ann");
    CHECK(t.locate("eve", "1") == "1a@bob");
    CHECK(t.tested.peer_count() == 3);
}

TEST_CASE("a peer at another port of the same host replaces nobody") {
    talk t;
    t.join("ann", "h", "10.0.0.1:9000");
    CHECK(t.join("bob", "h", "10.0.0.1:9001").empty());
    CHECK(t.tested.peer_count() == 2);
}

TEST_CASE("a peer that replaces another does not get its votes") {
    talk t;
    t.join("ann", "h", "10.0.0.1:9000");
    t.announce("ann", "1a");
    t.join("bob", "h", "10.0.0.1:9000");
    CHECK(t.announce("bob", "1a").promotions.empty());
}

TEST_CASE("the goodbye of a peer that was replaced does not harm its successor") {
    talk t{quorum_of(1), {"eve"}};
    t.join("ann", "h", "10.0.0.1:9000");
    t.join("bob", "h", "10.0.0.1:9000");
    t.leave("ann");
    t.announce("bob", "1a");
    CHECK(t.locate("eve", "1") == "1a@bob");
    CHECK(t.join("carl", "h", "10.0.0.1:9000") == "bob");
}

TEST_CASE(
    "of two peers with one address, the one that comes back finds it taken, and whoever is new does not") {
    talk t;
    const endpoint here{"10.0.0.1", 9000};
    CHECK(t.join({"ann", here, "h", 1}).empty());
    CHECK(t.join({"bob", here, "h", 2}) == "ann");
    CHECK(t.join({"ann again", here, "h", 1}) == "refused");
    CHECK(t.join({"bob again", here, "h", 2}) == "bob");  // its connection was lost
    CHECK(t.join({"ann again", here, "h", 1}) == "refused");
    CHECK(t.join({"bob, started again", here, "h", 3}) == "bob again");
    CHECK(t.tested.peer_count() == 1);
    t.leave("bob, started again");
    CHECK(t.join({"bob again", here, "h", 2}).empty());
}

TEST_CASE("peers that do not say who they are replace each other") {
    talk t;
    const endpoint here{"10.0.0.1", 9000};
    CHECK(t.join({"ann", here, "h"}).empty());
    CHECK(t.join({"bob", here, "h"}) == "ann");
    CHECK(t.join({"ann again", here, "h"}) == "bob");
}

TEST_CASE("a peer is known by what it said when it joined") {
    talk t;
    t.join("ann", "h", "10.0.0.1:9000");
    CHECK(t.tested.peer(t.id("ann")).name == "ann");
    CHECK(t.tested.peer(t.id("ann")).address == endpoint{"10.0.0.1", 9000});
}

// --- sets

TEST_CASE("sets of the same name with another count are different sets") {
    talk t{"ann", "bob", "eve"};
    t.announce("ann", "1a", {"films", 5});
    CHECK(t.announce("bob", "1a", {"films", 6}).promotions.empty());
    CHECK(t.locate("eve", "1", {"films", 5}) == "1?");
    CHECK(t.locate("eve", "1", {"films", 6}) == "1?");
}

TEST_CASE("sets of another name with the same count are different sets") {
    talk t{"ann", "bob"};
    t.announce("ann", "1a", {"films", 5});
    CHECK(t.announce("bob", "1a", {"songs", 5}).promotions.empty());
}

TEST_CASE("the counts of other sets of the same name are known") {
    talk t{"ann", "bob", "carl", "dora"};
    t.announce("ann", "1a", {"films", 5});
    t.announce("bob", "1a", {"films", 6});
    t.announce("carl", "1a", {"films", 3});
    t.announce("dora", "1a", {"filmset", 4});
    CHECK(t.other_counts("ann", {"films", 5}) == std::vector<std::uint32_t>{3, 6});
    CHECK(t.other_counts("ann", {"songs", 5}).empty());
}

TEST_CASE("a peer is told of no other set that it is a member of itself") {
    talk t{"ann", "bob"};
    t.announce("ann", "1a", {"films", 3});
    t.announce("ann", "1a", {"films", 5});
    t.announce("bob", "1a", {"films", 6});
    CHECK(t.other_counts("ann", {"films", 5}) == std::vector<std::uint32_t>{6});
    CHECK(t.other_counts("bob", {"films", 6}) == std::vector<std::uint32_t>{3, 5});
}

TEST_CASE("of thousands of sets of a name a peer is told of some, and they are not all looked at") {
    talk t{"ann", "bob"};
    for (std::uint32_t count = 1; count <= 200; ++count) t.announce("ann", "", {"films", count});
    CHECK(t.other_counts("ann", {"films", 200}).empty());
    t.announce("bob", "", {"films", 201});
    CHECK(t.tested.other_counts(t.id("bob"), {"films", 201}, 3) == std::vector<std::uint32_t>{1, 2, 3});
    CHECK(t.other_counts("ann", {"films", 200}).empty());  // the one that bob is in comes later than those
}

TEST_CASE("a set that its only member leaves before anything is agreed is forgotten") {
    talk t{"ann", "bob"};
    t.announce("ann", "1a", {"films", 5});
    t.leave("ann");
    CHECK(t.other_counts("bob", {"films", 6}).empty());
}

TEST_CASE("a peer that leaves leaves all its sets") {
    talk t{quorum_of(1), {"ann", "eve"}};
    t.announce("ann", "1a", {"films", 5});
    t.announce("ann", "2a", {"songs", 5});
    t.leave("ann");
    CHECK(t.locate("eve", "1", {"films", 5}) == "1a@");
    CHECK(t.locate("eve", "2", {"songs", 5}) == "2a@");
}

// --- locate

TEST_CASE("a peer that leaves a set is no voter, no holder and no member of it any more") {
    talk t{"ann", "bob", "carl", "eve"};
    t.announce("ann", "1a 2a");
    t.announce("bob", "1a");
    t.leave_set("ann");
    CHECK(t.standing("ann").empty());
    CHECK(t.locate("eve", "1-2") == "1a@bob 2?");
    CHECK(t.tested.locate(t.id("bob"), usual_set, list_of("1"), 50).holders.empty());
    CHECK(t.announce("carl", "2a").promotions.empty());
    CHECK(t.announce("ann", "").new_member);
}

TEST_CASE("a peer that leaves a set waits for nothing in it") {
    talk t{quorum_of(1), {"ann", "eve"}};
    t.wait_for("eve", "1");
    t.leave_set("eve");
    CHECK(t.announce("ann", "1a").available.empty());
}

TEST_CASE("a peer that leaves a set stays in its others, and what was agreed stays agreed") {
    const file_set_key other{"other", 9};
    talk t{quorum_of(1), {"ann", "eve"}};
    t.announce("ann", "1a");
    t.announce("ann", "1a", other);
    t.leave_set("ann");
    CHECK(t.locate("eve", "1") == "1a@");
    CHECK(t.locate("eve", "1", other) == "1a@ann");
    CHECK(t.announce("ann", "1b").disputes.size() == 1);
}

TEST_CASE("leaving a set that is unknown, or that the peer is not in, changes nothing") {
    talk t{quorum_of(1), {"ann", "eve"}};
    t.announce("ann", "1a");
    t.leave_set("eve");
    t.leave_set("ann", {"other", 9});
    CHECK(t.locate("eve", "1") == "1a@ann");
}

TEST_CASE("a set that its only member leaves by name before anything is agreed is forgotten") {
    talk t{"ann", "bob"};
    t.announce("ann", "1a");
    t.leave_set("ann");
    CHECK(t.other_counts("bob", {usual_set.name, 1}).empty());
}

TEST_CASE("in a set that nobody knows every chunk is unknown") {
    talk t{"eve"};
    CHECK(t.locate("eve", "1-3") == "1? 2? 3?");
}

TEST_CASE("the asker is never named as a holder") {
    talk t{"ann", "bob"};
    t.announce("ann", "1a 2a");
    t.announce("bob", "1a 2a");
    CHECK(t.locate("ann", "1-2") == "1a@bob 2a@bob");
    t.leave("bob");
    CHECK(t.locate("ann", "1-2") == "1a@ 2a@");
}

TEST_CASE("of a holder only those chunks are named that were asked for") {
    talk t{quorum_of(1), {"ann", "eve"}};
    t.announce("ann", "1a 2a 3a 4a");
    const location found = t.tested.locate(t.id("eve"), usual_set, list_of("2,4-9"), 50);
    REQUIRE(found.holders.size() == 1);
    CHECK(found.holders.front().chunks == list_of("2,4"));
}

TEST_CASE("no more holders are named than wanted where each has every chunk") {
    talk t{quorum_of(1), {"eve"}};
    for (int i = 0; i < 30; ++i) {
        t.join("peer" + std::to_string(i));
        t.announce("peer" + std::to_string(i), "1a 2a");
    }
    CHECK(t.tested.locate(t.id("eve"), usual_set, list_of("1-2"), 5).holders.size() == 5);
}

TEST_CASE("a sample of the holders has at least one of each chunk, however rare") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        talk t{quorum_of(1), seed};
        t.join("eve");
        for (int i = 0; i < 30; ++i) {
            t.join("peer" + std::to_string(i));
            t.announce("peer" + std::to_string(i), i == 7 ? "1a 9a" : i == 8 ? "1a 8a" : "1a 2a");
        }
        const location found = t.tested.locate(t.id("eve"), usual_set, list_of("1-9"), 4);
        chunk_set covered;
        for (const auto& [peer, chunks] : found.holders)
            for (const chunk_index chunk : chunks) covered.insert(chunk);
        CHECK(covered == set_of("1-2,8-9"));
        CHECK(found.holders.size() == 4);
    }
}

TEST_CASE("members that have nothing yet are named where there is room") {
    talk t{quorum_of(1), {"ann", "bob", "carl", "eve"}};
    t.announce("ann", "1a");
    for (const auto* name : {"bob", "carl", "eve"}) t.announce(name, "");
    const auto named = [&t](std::size_t most) {
        std::vector<std::string> names;
        for (const auto& [peer, chunks] : t.tested.locate(t.id("eve"), usual_set, list_of("1"), most).holders)
            names.push_back(t.name_of(peer));
        return names;
    };
    CHECK(joined(named(3), ",") == "ann,bob,carl");
    CHECK(named(2).front() == "ann");
    CHECK(named(1) == std::vector<std::string>{"ann"});
}

TEST_CASE("members of another set are not named") {
    talk t{quorum_of(1), {"ann", "bob", "eve"}};
    t.announce("ann", "1a");
    t.announce("bob", "", {"other", 9});
    CHECK(t.tested.locate(t.id("eve"), usual_set, list_of("1"), 50).holders.size() == 1);
}

TEST_CASE("more holders are named than wanted where each chunk has another one") {
    talk t{quorum_of(1), {"eve"}};
    for (int i = 1; i <= 9; ++i) {
        t.join("peer" + std::to_string(i));
        t.announce("peer" + std::to_string(i), std::to_string(i) + "a");
    }
    CHECK(t.tested.locate(t.id("eve"), usual_set, list_of("1-9"), 3).holders.size() == 9);
}

TEST_CASE("in the long run every holder is named") {
    talk t{quorum_of(1), {"eve"}};
    for (int i = 0; i < 10; ++i) {
        t.join("peer" + std::to_string(i));
        t.announce("peer" + std::to_string(i), "1a");
    }
    std::set<peer_id> named;
    for (int i = 0; i < 100; ++i)
        for (const auto& [peer, chunks] : t.tested.locate(t.id("eve"), usual_set, list_of("1"), 2).holders)
            named.insert(peer);
    CHECK(named.size() == 10);
}

TEST_CASE("the same seed names the same holders") {
    const auto sample = [](std::uint64_t seed) {
        talk t{quorum_of(1), seed};
        t.join("eve");
        for (int i = 0; i < 10; ++i) {
            t.join("peer" + std::to_string(i));
            t.announce("peer" + std::to_string(i), "1a");
        }
        return t.locate("eve", "1", usual_set, 3);
    };
    CHECK(sample(5) == sample(5));
    CHECK(sample(5) != sample(6));
}
