#include "core/views/overview.hpp"

#include "core/tracking/catalogue.hpp"
#include "core/tracking/registry.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace p2p;

namespace {

using cell = heat_map::cell;

chunk_set set_of(const std::string& ranges) {
    return chunk_set::parse(ranges, max_chunk_count).value();
}

chunk_claim claim_of(std::uint32_t chunk, std::uint8_t content) {
    chunk_claim claim{.chunk = {chunk}, .hash = {}, .size = 10};
    claim.hash.bytes.fill(content);
    return claim;
}

std::string shown(const std::vector<holding>& all) {
    std::string text;
    for (const holding& one : all)
        text += std::to_string(one.peer.value) + "x" + std::to_string(one.chunks) + " ";
    return text;
}

/// Two peers agree on the chunks 1 to 3 of 6; a third one says otherwise of 2, and has a 5 of its own.
struct disputed_folder {
    disputed_folder() {
        const std::vector agreed{claim_of(1, 'a'), claim_of(2, 'a'), claim_of(3, 'a')};
        const std::vector others{claim_of(2, 'b'), claim_of(5, 'b')};
        known.announce(ann, set, agreed);
        known.announce(bob, set, agreed);
        known.announce(cid, set, others);
    }
    peer_id join(const std::string& name) { return known.join({name, endpoint{name, 1}, name})->peer; }
    const file_set_key set{"set", 6};
    registry known{{}, 1};
    peer_id ann = join("ann");
    peer_id bob = join("bob");
    peer_id cid = join("cid");
};

}  // namespace

TEST_CASE("a map has a cell for each chunk, or as few chunks to a cell as its size allows") {
    CHECK(heat_map{5, 10}.cells().size() == 5);
    const heat_map map{100'000, 512};
    CHECK(map.chunks_per_cell() == 196);
    CHECK(map.cells().size() == 511);
    CHECK(map.chunks_of(0) == std::pair{chunk_index{1}, chunk_index{196}});
    CHECK(map.chunks_of(510) == std::pair{chunk_index{99'961}, chunk_index{100'000}});
    CHECK(heat_map{0, 512}.cells().empty());
}

TEST_CASE("cells count the copies of their chunks, and those that nobody has") {
    heat_map map{10, 4};  // 1-3, 4-6, 7-9, 10
    map.add_copies(set_of("1-5"));
    map.add_copies(set_of("3-4,10"));
    map.add_missing(set_of("1-5,10"));
    CHECK(map.cells() == std::vector{cell{4, 0}, cell{3, 1}, cell{0, 3}, cell{1, 0}});
}

TEST_CASE("members of a chunk set between two others are counted as one by one") {
    std::mt19937 random{1};
    chunk_set set;
    for (int i = 0; i < 700; ++i) set.insert({1 + static_cast<std::uint32_t>(random() % 1000)});
    for (int i = 0; i < 500; ++i) {
        const std::uint32_t from = 1 + static_cast<std::uint32_t>(random() % 1100);
        const std::uint32_t to = 1 + static_cast<std::uint32_t>(random() % 1100);
        std::uint32_t expected = 0;
        for (std::uint32_t chunk = from; chunk <= to; ++chunk) expected += set.contains({chunk}) ? 1 : 0;
        CAPTURE(from);
        CAPTURE(to);
        CHECK(set.count_in({from}, {to}) == expected);
    }
    CHECK(chunk_set{}.count_in({1}, {max_chunk_count}) == 0);
}

TEST_CASE("of a chunk folder it shows what is agreed, what is not yet, and what is in dispute") {
    const disputed_folder folder;
    const set_overview all = folder.known.overview(folder.set).value();
    CHECK(all.agreed == 3);
    CHECK(all.pending == 1);
    CHECK(all.disputed == 1);
    CHECK(all.size == 30);
    CHECK(all.seeders == 0);
    CHECK(all.leechers == 3);
    CHECK(folder.known.heat_map_of(folder.set, 512).cells() ==
          std::vector{cell{2, 0}, cell{2, 0, 0, 1}, cell{2, 0}, cell{0, 1}, cell{0, 1, 1}, cell{0, 1}});
    CHECK_FALSE(folder.known.overview({"set", 7}).has_value());
}

TEST_CASE("it says who holds some chunks, and how many of them") {
    disputed_folder folder;
    const std::vector more{claim_of(1, 'a')};
    folder.known.announce(folder.cid, folder.set, more);
    CHECK(shown(folder.known.holders(folder.set, {1}, {2})) == "1x2 2x2 3x1 ");
    CHECK(shown(folder.known.holders(folder.set, {4}, {6})) == "");
    CHECK(folder.known.totals(folder.cid) == membership_totals{1, 1, 6});
}

TEST_CASE("sets and peers are listed piece by piece, each once") {
    disputed_folder folder;
    for (const std::string name : {"b", "a", "c"})
        folder.known.announce(folder.ann, {name, 6}, std::vector{claim_of(1, 'a')});
    std::string names;
    for (std::size_t after = 0; after < 5; after += 2)
        for (const set_overview& one : folder.known.overviews(after, 2)) names += one.name + " ";
    CHECK(names == "a b c set ");
    CHECK(folder.known.peers(0, 2) == std::vector{folder.ann, folder.bob});
    CHECK(folder.known.peers(2, 2) == std::vector{folder.cid});
    CHECK(folder.known.peers(3, 2).empty());
}

TEST_CASE("of a published set it shows seeders, leechers, and copies") {
    catalogue known{1};
    const set_summary summary{.id = {}, .name = "set", .size = 1000, .count = 4};
    const peer_id ann{1};
    const peer_id bob{2};
    (void)known.publish(ann, summary);
    (void)known.publish(bob, summary);
    (void)known.announce(ann, summary.id, set_of("1-4"));
    (void)known.announce(bob, summary.id, set_of("2"));
    const set_overview all = known.overview(summary.id).value();
    CHECK(all.name == "set");
    CHECK(all.agreed == 4);
    CHECK(all.seeders == 1);
    CHECK(all.leechers == 1);
    CHECK(known.heat_map_of(summary.id, 2).cells() == std::vector{cell{3, 0}, cell{2, 0}});
    CHECK(shown(known.holdings(summary.id)) == "1x4 2x1 ");
    CHECK(shown(known.holders(summary.id, {3}, {4})) == "1x2 ");
    CHECK(known.totals(bob) == membership_totals{1, 1, 4});
    CHECK(known.overviews(1, 10).empty());
}
