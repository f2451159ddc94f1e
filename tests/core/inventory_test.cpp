#include "core/transfer/inventory.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <vector>

using namespace p2p;

namespace {

chunk_set set_of(const std::string& ranges) {
    return chunk_set::parse(ranges, max_chunk_count).value();
}

/// "3a": chunk 3 with content a.
chunk_claim claim(const std::string& text) {
    chunk_claim made{{static_cast<std::uint32_t>(text[0] - '0')}, {}, 10};
    made.hash.bytes.fill(static_cast<std::uint8_t>(text[1]));
    return made;
}

/// An inventory of chunks that this peer has.
inventory that_owns(std::initializer_list<const char*> claims) {
    inventory made;
    for (const char* text : claims) made.own(claim(text));
    return made;
}

}  // namespace

TEST_CASE("a chunk is not offered before it is agreed") {
    inventory i = that_owns({"1a"});
    CHECK(i.offered().empty());
    CHECK(i.new_offers().empty());
}

TEST_CASE("an own chunk is offered once its hash is the agreed one") {
    inventory i = that_owns({"1a"});
    i.agree(claim("1a"));
    CHECK(i.offered() == set_of("1"));
    CHECK(i.new_offers() == set_of("1"));
}

TEST_CASE("a chunk that was agreed before it came is offered at once") {
    inventory i;
    i.agree(claim("1a"));
    CHECK(i.offered().empty());
    i.own(claim("1a"));
    CHECK(i.offered() == set_of("1"));
}

TEST_CASE("an own chunk that differs from what is agreed is in dispute") {
    inventory i = that_owns({"1b"});
    i.agree(claim("1a"));
    CHECK(i.offered().empty());
    CHECK(i.disputed() == set_of("1"));
}

TEST_CASE("an own chunk of another size than agreed is in dispute") {
    inventory i = that_owns({"1a"});
    chunk_claim longer = claim("1a");
    ++longer.size;
    i.agree(longer);
    CHECK(i.disputed() == set_of("1"));
}

TEST_CASE("what others agree on but this peer lacks is neither offered nor disputed") {
    inventory i;
    i.agree(claim("1a"));
    CHECK(i.offered().empty());
    CHECK(i.disputed().empty());
}

TEST_CASE("what is agreed can be looked up") {
    inventory i;
    i.agree(claim("1a"));
    CHECK(i.agreed({1}) == claim("1a"));
    CHECK_FALSE(i.agreed({2}));
}

TEST_CASE("a chunk that a tracker calls agreed is agreed as this peer has it") {
    inventory i = that_owns({"1a"});
    i.stands(set_of("1"), {}, {});
    CHECK(i.offered() == set_of("1"));
    CHECK(i.agreed({1}) == claim("1a"));
}

TEST_CASE("a chunk that a tracker calls pending is not offered") {
    inventory i = that_owns({"1a"});
    i.stands({}, set_of("1"), {});
    CHECK(i.offered().empty());
    CHECK(i.disputed().empty());
}

TEST_CASE("a chunk that a tracker calls disputed is not offered any more") {
    inventory i = that_owns({"1a"});
    i.agree(claim("1a"));
    i.stands({}, {}, set_of("1"));
    CHECK(i.offered().empty());
    CHECK(i.disputed() == set_of("1"));
    CHECK(i.new_offers().empty());
}

TEST_CASE("what a tracker says of chunks that this peer lacks does not matter") {
    inventory i;
    i.stands(set_of("1"), set_of("2"), set_of("3"));
    CHECK(i.offered().empty());
    CHECK(i.disputed().empty());
    CHECK_FALSE(i.agreed({1}));
}

TEST_CASE("what is offered stays so when a tracker that was restarted calls it pending") {
    inventory i = that_owns({"1a"});
    i.agree(claim("1a"));
    i.stands({}, set_of("1"), {});
    CHECK(i.offered() == set_of("1"));
}

TEST_CASE("a dispute ends when this peer gets the agreed chunk") {
    inventory i = that_owns({"1b"});
    i.agree(claim("1a"));
    i.own(claim("1a"));
    CHECK(i.disputed().empty());
    CHECK(i.offered() == set_of("1"));
}

TEST_CASE("an offer ends when the own chunk turns out to be another") {
    inventory i = that_owns({"1a"});
    i.agree(claim("1a"));
    i.own(claim("1b"));
    CHECK(i.offered().empty());
    CHECK(i.disputed() == set_of("1"));
}

TEST_CASE("every offer is news for other peers once") {
    inventory i = that_owns({"1a", "2a"});
    i.agree(claim("1a"));
    CHECK(i.new_offers() == set_of("1"));
    i.agree(claim("1a"));
    i.agree(claim("2a"));
    CHECK(i.new_offers() == set_of("2"));
}

TEST_CASE("a chunk that was lost is neither owned nor offered") {
    inventory i = that_owns({"1a", "2a"});
    i.agree(claim("1a"));
    i.lost({1});
    CHECK(i.owned() == set_of("2"));
    CHECK(i.offered().empty());
    CHECK(i.new_offers().empty());
}

TEST_CASE("losing what was not there changes nothing") {
    inventory i = that_owns({"1a"});
    i.lost({2});
    CHECK(i.owned() == set_of("1"));
}

TEST_CASE("the claims are those of the chunks that are there now") {
    inventory i = that_owns({"2a", "1a", "3a"});
    i.lost({2});
    i.own(claim("3b"));
    CHECK(i.owned() == set_of("1,3"));
    CHECK(i.claim({1}) == claim("1a"));
    CHECK(i.claim({3}) == claim("3b"));
}

TEST_CASE("of a published set, what is there is offered at once, whatever a tracker says") {
    inventory i{[](chunk_index chunk) { return claim(std::to_string(chunk.value) + "a"); }};
    CHECK(i.agreed({7}) == claim("7a"));
    CHECK(i.is_agreed({7}));
    i.own(claim("2a"));
    CHECK(i.new_offers() == set_of("2"));
    CHECK(i.all_answered());
    i.stands({}, set_of("2"), set_of("2"));
    CHECK(i.offered() == set_of("2"));
    CHECK(i.disputed().empty());
    CHECK(i.claim({2}) == claim("2a"));
}

TEST_CASE("a chunk that was lost is in dispute no more") {
    inventory i = that_owns({"1b"});
    i.agree(claim("1a"));
    i.lost({1});
    CHECK(i.disputed().empty());
}

TEST_CASE("every own chunk is answered once the tracker said how each stands") {
    inventory i = that_owns({"1a", "2a", "3a", "4a"});
    i.stands(set_of("1"), set_of("2"), {});
    CHECK_FALSE(i.all_answered());
    i.stands({}, {}, set_of("3"));
    CHECK_FALSE(i.all_answered());
    i.lost({4});
    CHECK(i.all_answered());
}

TEST_CASE("with no chunk there is nothing to be answered") {
    CHECK(inventory{}.all_answered());
}

TEST_CASE("a chunk that comes later is to be answered anew") {
    inventory i = that_owns({"1a"});
    i.stands(set_of("1"), {}, {});
    i.own(claim("2a"));
    CHECK_FALSE(i.all_answered());
}
