#include "core/transfer/scheduler.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

using namespace p2p;
using namespace std::chrono_literals;

namespace {

chunk_set set_of(const std::string& ranges) {
    return chunk_set::parse(ranges, max_chunk_count).value();
}

/// "1101": chunks 1, 2 and 4.
chunk_set chunks_in(const std::string& bits) {
    chunk_set chunks;
    for (std::uint32_t i = 0; i < bits.size(); ++i)
        if (bits[i] == '1') chunks.insert({i + 1});
    return chunks;
}

std::vector<std::string> words_of(const std::string& text) {
    std::istringstream in{text};
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    return words;
}

/// A leecher among peers A, B, C ... and what each of them has: "1101 0010". Every chunk is agreed.
/// What it orders is shown as words: "A2" asks A for chunk 2, "A*" asks A for any, "-A2" cancels.
class leecher {
public:
    explicit leecher(const std::string& peers, scheduler_options options = {}, std::uint64_t seed = 1)
        : leecher{std::string(words_of(peers).at(0).size(), '0'), peers, options, seed} {}

    static leecher that_has(const std::string& bits, const std::string& peers,
                            scheduler_options options = {}) {
        return leecher{bits, peers, options, 1};
    }

    void join(const std::string& bits) {
        const char name = static_cast<char>('A' + joined_++);
        tested.peer_joined(id(name), now);
        has(name, bits);
    }
    void has(char name, const std::string& bits) { tested.peer_has(id(name), chunks_in(bits)); }
    void leaves(char name) { tested.peer_left(id(name)); }

    /// The orders that are due, in the order in which they are given.
    std::string orders() { return show(tested.next_orders(now)); }
    std::string orders_after(duration wait) {
        now += wait;
        return orders();
    }

    bool begins(char name, std::uint32_t chunk) { return tested.started(id(name), {chunk}, now); }
    void progresses(char name) { tested.progressed(id(name), now); }
    std::string finishes(char name, std::uint32_t chunk) {
        return show(tested.finished(id(name), {chunk}, now));
    }
    /// From its first byte to the last one, with nothing in between.
    std::string delivers(char name, std::uint32_t chunk) {
        begins(name, chunk);
        return finishes(name, chunk);
    }
    bool sends_wrong(char name, std::uint32_t chunk) {
        begins(name, chunk);
        return tested.wrong(id(name), {chunk});
    }
    void refuses(char name, std::uint32_t chunk) { tested.refused(id(name), chunk_index{chunk}); }
    void refuses_any(char name) { tested.refused(id(name), std::nullopt); }

    std::string winds_down() { return show(tested.wind_down()); }

    unsigned open_at(char name) const { return tested.open_at(id(name)); }
    std::string except(char name) const { return tested.except(id(name)).to_ranges(); }
    duration until_deadline() const { return tested.next_deadline().value() - now; }

    static peer_id id(char name) { return {static_cast<std::uint64_t>(name)}; }

    time_point now{};
    scheduler tested;

private:
    leecher(const std::string& has, const std::string& peers, scheduler_options options, std::uint64_t seed)
        : tested{static_cast<std::uint32_t>(has.size()), chunks_in(has), options, seed} {
        for (std::uint32_t i = 1; i <= has.size(); ++i) tested.agreed({i});
        for (const std::string& bits : words_of(peers)) join(bits);
    }

    static std::string show(const std::vector<order>& orders) {
        std::string text;
        for (const order& one : orders) {
            if (!text.empty()) text += " ";
            if (one.what == order::kind::cancel) text += "-";
            text += static_cast<char>(one.peer.value);
            text += one.chunk ? std::to_string(one.chunk->value) : "*";
        }
        return text;
    }

    int joined_ = 0;
};

/// The same orders in alphabetical order, for where theirs is random.
std::string sorted(const std::string& orders) {
    auto words = words_of(orders);
    std::sort(words.begin(), words.end());
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

constexpr scheduler_options one_each{.open_per_peer = 1};
constexpr scheduler_options two_each{.open_per_peer = 2};
constexpr scheduler_options stall_after_10s{.open_per_peer = 2, .stall_after = 10s};

/// Near its end: chunk 2 took A a second, chunk 1 is asked of A now. These others could send it as well.
leecher near_its_end(const std::string& others, scheduler_options options = one_each) {
    leecher l = leecher::that_has("001", "010", options);
    REQUIRE(l.orders() == "A2");
    l.now += 1s;
    l.delivers('A', 2);
    l.has('A', "100");
    REQUIRE(l.orders() == "A1");
    for (const std::string& bits : words_of(others)) l.join(bits);
    return l;
}

}  // namespace

// --- what is asked for

TEST_CASE("several chunks are asked of several peers at once, and no chunk twice") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        leecher l{"1110 0111", two_each, seed};
        std::string chunks;
        for (const char c : l.orders())
            if (c >= '0' && c <= '9') chunks += c;
        std::sort(chunks.begin(), chunks.end());
        CHECK(chunks == "1234");
    }
}

TEST_CASE("a peer is asked only for what it has") {
    leecher l{"10000 00011", two_each};
    CHECK(sorted(l.orders()) == "A1 B4 B5");
}

TEST_CASE("a peer that has nothing is asked for nothing") {
    leecher l{"000"};
    CHECK(l.orders().empty());
}

TEST_CASE("what a peer gets later can be asked of it then") {
    leecher l{"000"};
    l.has('A', "010");
    CHECK(l.orders() == "A2");
}

TEST_CASE("chunks that are there already are not asked for") {
    leecher l = leecher::that_has("0110", "1110");
    CHECK(l.orders() == "A1");
}

TEST_CASE("a chunk whose hash is not agreed is not asked for") {
    scheduler s{3, {}, {}, 1};
    s.peer_joined({1}, {});
    s.peer_has({1}, set_of("1-2"));
    s.agreed({2});
    CHECK(s.next_orders({}) == std::vector<order>{{order::kind::request, {1}, chunk_index{2}}});
}

TEST_CASE("a chunk is asked for once its hash is agreed") {
    scheduler s{3, {}, {}, 1};
    s.peer_joined({1}, {});
    s.peer_has({1}, set_of("1-2"));
    REQUIRE(s.next_orders({}).empty());
    s.agreed({1});
    CHECK(s.next_orders({}) == std::vector<order>{{order::kind::request, {1}, chunk_index{1}}});
}

TEST_CASE("the rarest chunk is asked for first") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        leecher l{"1110 0110 0100", one_each, seed};
        CHECK(sorted(l.orders()) == "A1 B3 C2");
    }
}

TEST_CASE("among chunks that are equally rare chance decides") {
    std::set<std::string> first_orders;
    for (std::uint64_t seed = 1; seed <= 60; ++seed)
        first_orders.insert(leecher{"11110", one_each, seed}.orders());
    CHECK(first_orders == std::set<std::string>{"A1", "A2", "A3", "A4"});
}

TEST_CASE("the same seed decides the same") {
    const std::string peers = "111111110 011111111 111111111";
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        CAPTURE(seed);
        CHECK(leecher{peers, two_each, seed}.orders() == leecher{peers, two_each, seed}.orders());
    }
}

TEST_CASE("copies are counted over the connected peers") {
    leecher l{"110 010"};
    CHECK(l.tested.copies({1}) == 1);
    CHECK(l.tested.copies({2}) == 2);
    CHECK(l.tested.copies({3}) == 0);
}

TEST_CASE("what a peer says twice is one copy") {
    leecher l{"110"};
    l.has('A', "110");
    CHECK(l.tested.copies({1}) == 1);
}

TEST_CASE("the copies of a peer that left do not count") {
    leecher l{"110 010"};
    l.leaves('A');
    CHECK(l.tested.copies({1}) == 0);
    CHECK(l.tested.copies({2}) == 1);
}

TEST_CASE("who has every chunk has nothing to order") {
    leecher l = leecher::that_has("111", "111 110");
    CHECK(l.orders().empty());
    CHECK(l.tested.missing().empty());
}

// --- how much is asked for

TEST_CASE("no more requests are open at a peer than allowed") {
    leecher l{"1111110", {.open_per_peer = 3}};
    l.orders();
    CHECK(l.open_at('A') == 3);
}

TEST_CASE("at the end what has not begun is cancelled, and what has begun may come") {
    leecher l{"1111 1111", {.open_per_peer = 2, .open_total = 8}};
    l.orders();
    CHECK_FALSE(l.tested.is_receiving());
    std::uint32_t first = 1;
    while (!l.begins('A', first)) ++first;
    CHECK(l.tested.is_receiving());
    const std::vector<order> cancelled = l.tested.wind_down();
    CHECK(cancelled.size() == 3);
    for (const order& one : cancelled) {
        CHECK(one.what == order::kind::cancel);
        CHECK(one.chunk != chunk_index{first});
    }
    CHECK(l.tested.wind_down().empty());
    CHECK(l.tested.is_receiving());
    l.finishes('A', first);
    CHECK_FALSE(l.tested.is_receiving());
}

TEST_CASE("a request that is over makes room for another") {
    leecher l{"1110", one_each};
    const std::string first = l.orders();
    REQUIRE(l.orders().empty());
    l.delivers('A', static_cast<std::uint32_t>(first[1] - '0'));
    CHECK(l.open_at('A') == 0);
    CHECK_FALSE(l.orders().empty());
}

TEST_CASE("no more requests are open at all peers than allowed") {
    leecher l{"1111110 1111110 1111110", {.open_per_peer = 4, .open_total = 5}};
    l.orders();
    CHECK(l.open_at('A') + l.open_at('B') + l.open_at('C') == 5);
}

TEST_CASE("of more peers than requests are allowed each has one, up to twice as many") {
    leecher three{"1111110 1111110 1111110", {.open_per_peer = 4, .open_total = 2}};
    CHECK(sorted(three.orders()).size() == std::string_view{"A1 B2 C3"}.size());
    leecher five{"1111110 1111110 1111110 1111110 1111110", {.open_per_peer = 4, .open_total = 2}};
    CHECK(sorted(five.orders()).size() == std::string_view{"A1 B2 C3 D4"}.size());
}

TEST_CASE("peers that are equally good share the requests evenly") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        leecher l{"1111110 1111110 1111110", {.open_per_peer = 4, .open_total = 6}, seed};
        l.orders();
        CHECK(l.open_at('A') == 2);
        CHECK(l.open_at('B') == 2);
        CHECK(l.open_at('C') == 2);
    }
}

// --- a seeder picks itself

TEST_CASE("a peer that has every chunk is asked for any") {
    leecher l{"1111", two_each};
    CHECK(l.orders() == "A* A*");
}

TEST_CASE("a seeder that would have to leave out too much is told what to send") {
    const std::uint32_t count = 2 * most_excepted;
    for (const bool too_much : {false, true}) {
        scheduler tested{count, {}, {}, 1};
        // The others have the same content as one of these: they are not to be fetched.
        const std::uint32_t wanted = too_much ? most_excepted - 1 : most_excepted;
        for (std::uint32_t i = 1; i <= wanted; ++i) tested.agreed({i});
        tested.peer_joined({1}, {});
        tested.peer_has({1}, chunk_set::first(count));
        const std::vector<order> orders = tested.next_orders({});
        REQUIRE_FALSE(orders.empty());
        for (const order& one : orders) CHECK(one.chunk.has_value() == too_much);
    }
}

// Where few are wanted, several seeders would often pick the same.
TEST_CASE("of several seeders only one is asked for any, but where many chunks are wanted") {
    const auto picks = [](std::uint32_t count) {
        const std::string all(count, '1');
        leecher l{all + " " + all, one_each};
        const std::string orders = l.orders();
        return std::count(orders.begin(), orders.end(), '*');
    };
    CHECK(picks(31) == 1);
    CHECK(picks(32) == 2);
}

TEST_CASE("a seeder that is silent while others deliver keeps no other from being asked for any") {
    leecher l{"1111 1000", one_each};
    REQUIRE(sorted(l.orders()) == "A* B1");
    l.now += 1s;
    l.delivers('B', 1);
    l.join("1111");
    CHECK(l.orders() == "C*");
}

TEST_CASE("a seeder is not asked for more than it can give") {
    leecher l = leecher::that_has("0111", "1111", {.open_per_peer = 4});
    CHECK(l.orders() == "A*");
}

TEST_CASE("a peer that becomes a seeder is asked for any from then on") {
    leecher l{"1100", {.open_per_peer = 3}};
    REQUIRE(sorted(l.orders()) == "A1 A2");
    l.has('A', "1111");
    CHECK(l.orders() == "A*");
}

TEST_CASE("what a seeder began is asked of nobody else") {
    leecher l{"111", one_each};
    l.orders();
    CHECK(l.begins('A', 2));
    l.join("010");
    CHECK(l.orders().empty());
}

TEST_CASE("what a seeder picked is a request like any other from its first byte on") {
    leecher l{"111", one_each};
    l.orders();
    CHECK(l.delivers('A', 2).empty());
    CHECK(l.open_at('A') == 0);
    CHECK(l.tested.missing() == set_of("1,3"));
}

TEST_CASE("a seeder's pick that another peer has begun to send is refused") {
    leecher l{"1000 1111", one_each};
    REQUIRE(sorted(l.orders()) == "A1 B*");
    l.begins('A', 1);
    CHECK_FALSE(l.begins('B', 1));
    CHECK(l.open_at('B') == 0);
}

TEST_CASE("a seeder's pick that is only queued at another peer is taken") {
    leecher l{"1000 1111", one_each};
    REQUIRE(sorted(l.orders()) == "A1 B*");
    CHECK(l.begins('B', 1));
    CHECK(l.finishes('B', 1) == "-A1");
}

TEST_CASE("a seeder's pick that a slow peer once began is taken") {
    leecher l{"1000 1111", one_each};
    REQUIRE(sorted(l.orders()) == "A1 B*");
    l.begins('A', 1);
    l.now += 5s;
    l.progresses('B');
    l.orders_after(5s);
    CHECK(l.begins('B', 1));
}

TEST_CASE("a seeder's pick that is here already is refused") {
    leecher l = leecher::that_has("100", "111", one_each);
    l.orders();
    CHECK_FALSE(l.begins('A', 1));
}

TEST_CASE("a seeder's pick whose hash is not agreed is refused") {
    scheduler s{2, {}, one_each, 1};
    s.peer_joined({1}, {});
    s.peer_has({1}, set_of("1-2"));
    s.agreed({1});
    REQUIRE(s.next_orders({}).size() == 1);
    CHECK_FALSE(s.started({1}, {2}, {}));
}

TEST_CASE("a seeder's pick that it once sent wrong is refused") {
    leecher l{"111", one_each};
    l.orders();
    l.sends_wrong('A', 2);
    l.orders();
    CHECK_FALSE(l.begins('A', 2));
}

TEST_CASE("a chunk that nobody asked for is refused") {
    leecher l{"110", one_each};
    CHECK_FALSE(l.begins('A', 1));
}

TEST_CASE("a request for any leaves out what is here, in flight, not agreed or wrong there") {
    scheduler s{9, set_of("1"), one_each, 1};
    for (const std::uint32_t chunk : {1, 2, 3, 4, 5, 6}) s.agreed({chunk});
    s.peer_joined({1}, {});
    s.peer_has({1}, set_of("2"));
    REQUIRE(s.next_orders({}).size() == 1);
    s.peer_joined({2}, {});
    s.refused({2}, chunk_index{3});
    CHECK(s.except({2}).to_ranges() == "2-3,7-9");
}

TEST_CASE("a seeder that refuses to pick is told what to send") {
    leecher l = leecher::that_has("001", "111", one_each);
    REQUIRE(l.orders() == "A*");
    l.refuses_any('A');
    CHECK(l.open_at('A') == 0);
    const std::string next = l.orders();
    CHECK((next == "A1" || next == "A2"));
}

// --- whom it is asked of

TEST_CASE("the next requests go to the peer that is expected to be through with them first") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        leecher l{"1000000000 0100000000", {.open_per_peer = 3, .open_total = 3}, seed};
        REQUIRE(sorted(l.orders()) == "A1 B2");
        l.now += 1s;
        l.delivers('A', 1);
        l.now += 3s;
        l.delivers('B', 2);
        for (const char peer : {'A', 'B'}) l.has(peer, "0011111111");
        l.orders();
        CHECK(l.open_at('A') == 2);
        CHECK(l.open_at('B') == 1);
    }
}

TEST_CASE("of several connected peers each is asked for its share only") {
    leecher l{"11111110 00000000 00000000", {.open_per_peer = 4, .open_total = 7}};
    l.orders();
    CHECK(l.open_at('A') == 3);
}

TEST_CASE("of very many connected peers each is asked for one chunk at least") {
    leecher l{"1110 0000 0000 0000 0000", {.open_per_peer = 4, .open_total = 2}};
    l.orders();
    CHECK(l.open_at('A') == 1);
}

TEST_CASE("a peer that has never sent anything is tried") {
    leecher l{"10000", {.open_per_peer = 2, .open_total = 1}};
    REQUIRE(l.orders() == "A1");
    l.now += 1s;
    l.delivers('A', 1);
    l.has('A', "01110");
    l.join("01110");
    CHECK(l.orders()[0] == 'B');
}

// --- slow peers

TEST_CASE("what a peer that stalls was asked for is asked of others") {
    leecher l{"100 000", stall_after_10s};
    REQUIRE(l.orders() == "A1");
    l.has('B', "100");
    CHECK(l.orders_after(10s) == "B1");
}

TEST_CASE("a peer is not slow before its time is up") {
    leecher l{"100 000", {.open_per_peer = 2, .stall_after = 10s, .copies_at_end = 1}};
    REQUIRE(l.orders() == "A1");
    l.has('B', "100");
    CHECK(l.orders_after(9999ms).empty());
}

TEST_CASE("a peer that stalls keeps its requests") {
    leecher l{"100 000", stall_after_10s};
    l.orders();
    l.has('B', "100");
    l.orders_after(10s);
    CHECK(l.open_at('A') == 1);
    CHECK(l.begins('A', 1));
}

TEST_CASE("a peer that stalls is asked for nothing more") {
    leecher l{"100", stall_after_10s};
    l.orders();
    l.orders_after(10s);
    l.has('A', "110");
    CHECK(l.orders().empty());
}

TEST_CASE("a peer that delivers again is asked again") {
    leecher l{"100", stall_after_10s};
    l.orders();
    l.orders_after(10s);
    l.has('A', "110");
    l.begins('A', 1);
    CHECK(l.orders() == "A2");
}

TEST_CASE("what a peer delivers again is not asked of others any more") {
    leecher l{"100", {.open_per_peer = 2, .stall_after = 10s, .copies_at_end = 1}};
    l.begins('A', 1);
    l.orders();
    l.orders_after(10s);
    l.progresses('A');
    l.join("100");
    CHECK(l.orders().empty());
}

TEST_CASE("as long as bytes come a peer is not slow however long its chunk takes") {
    leecher l{"100 000", {.open_per_peer = 2, .stall_after = 10s, .copies_at_end = 1}};
    l.orders();
    l.begins('A', 1);
    l.has('B', "100");
    for (int i = 0; i < 10; ++i) {
        l.now += 9s;
        l.progresses('A');
        CHECK(l.orders().empty());
    }
}

TEST_CASE("a peer that is asked for nothing is never slow") {
    leecher l{"000", stall_after_10s};
    l.orders_after(60s);
    l.has('A', "100");
    CHECK(l.orders() == "A1");
}

TEST_CASE("requests at a slow peer take no room from others") {
    leecher l{"1100", {.open_per_peer = 2, .open_total = 2, .stall_after = 10s}};
    REQUIRE(sorted(l.orders()) == "A1 A2");
    l.join("1110");
    REQUIRE(l.orders().empty());
    l.orders_after(10s);
    CHECK(l.open_at('B') == 2);
}

TEST_CASE("when a chunk comes after all from a slow peer the copy asked of another is cancelled") {
    leecher l{"100 000", stall_after_10s};
    l.orders();
    l.has('B', "100");
    REQUIRE(l.orders_after(10s) == "B1");
    CHECK(l.delivers('A', 1) == "-B1");
    CHECK(l.open_at('B') == 0);
}

TEST_CASE("a slow peer from which everything was taken over gets another chance after a while") {
    leecher l{"100 000", stall_after_10s};
    l.orders();
    l.has('B', "100");
    REQUIRE(l.orders_after(10s) == "B1");
    REQUIRE(l.delivers('B', 1) == "-A1");
    l.leaves('B');
    l.has('A', "010");
    CHECK(l.orders().empty());
    CHECK(l.until_deadline() == 10s);
    CHECK(l.orders_after(10s) == "A2");
}

// --- near the end

TEST_CASE("near the end a chunk that is late is asked of a second peer") {
    leecher l = near_its_end("100");
    CHECK(l.orders_after(2s) == "B1");
}

TEST_CASE("near the end a chunk that takes no longer than usual is not asked for twice") {
    leecher l = near_its_end("100");
    CHECK(l.orders().empty());
    CHECK(l.orders_after(1999ms).empty());
}

TEST_CASE("before any chunk came no chunk is late sooner than a peer is slow") {
    leecher l = leecher::that_has("011", "100", {.open_per_peer = 1, .stall_after = 10s});
    REQUIRE(l.orders() == "A1");
    l.join("100");
    l.now += 9s;
    l.begins('A', 1);
    CHECK(l.orders().empty());
    CHECK(l.orders_after(1s) == "B1");
}

TEST_CASE("while other chunks are wanted no chunk is asked for twice") {
    leecher l = leecher::that_has("0011", "0100", one_each);
    REQUIRE(l.orders() == "A2");
    l.join("0100");
    CHECK(l.orders_after(9s).empty());
}

TEST_CASE("no more peers than allowed are asked for one chunk") {
    leecher l = near_its_end("100 100 100", {.open_per_peer = 1, .copies_at_end = 2});
    REQUIRE(l.orders_after(2s).size() == 2);
    CHECK(l.orders_after(5s).empty());
}

TEST_CASE("as many peers as allowed are asked for one chunk") {
    leecher l = near_its_end("100 100 100", {.open_per_peer = 1, .copies_at_end = 3});
    CHECK(l.orders_after(2s).size() == 5);
}

TEST_CASE("with one copy allowed no chunk is asked for twice") {
    leecher l = near_its_end("100", {.open_per_peer = 1, .copies_at_end = 1});
    CHECK(l.orders_after(9s).empty());
}

TEST_CASE("the second copy is asked only of a peer that has the chunk") {
    leecher l = near_its_end("010");
    CHECK(l.orders_after(5s).empty());
}

TEST_CASE("a copy at a slow peer is none of those that are allowed near the end") {
    leecher l = near_its_end("", {.open_per_peer = 1, .stall_after = 10s, .copies_at_end = 2});
    l.begins('A', 1);
    REQUIRE(l.orders_after(10s).empty());  // A is slow
    l.join("100");
    REQUIRE(l.orders() == "B1");
    l.join("100");
    CHECK(l.orders_after(2s) == "C1");
}

TEST_CASE("the second copy is asked of a peer that has delivered before, if there is one") {
    leecher l{"1000 0100 0010", {.open_per_peer = 1}};
    l.orders();
    l.now += 1s;
    l.delivers('B', 2);
    l.delivers('C', 3);
    l.join("1000");  // has never delivered, and nothing to do
    l.has('C', "1000");
    CHECK(l.orders_after(2s) == "C1");
}

TEST_CASE("copies at peers that never delivered keep nobody from being asked who did") {
    leecher l{"1000 0100", {.open_per_peer = 1, .copies_at_end = 2}};
    REQUIRE(sorted(l.orders()) == "A1 B2");
    l.now += 1s;
    l.delivers('B', 2);
    l.join("1000");
    REQUIRE(l.orders_after(2s) == "C1");
    l.has('B', "1000");
    CHECK(l.orders_after(2s) == "B1");
}

TEST_CASE("the second copy is not asked of a peer that sent it wrong") {
    leecher l = leecher::that_has("001", "100", one_each);
    REQUIRE(l.orders() == "A1");
    l.sends_wrong('A', 1);
    l.join("100");
    REQUIRE(l.orders() == "B1");
    CHECK(l.orders_after(9s).empty());
}

TEST_CASE("the second copy is asked of a seeder by its index") {
    leecher l = near_its_end("111");
    CHECK(l.orders_after(2s) == "B1");
}

TEST_CASE("the chunk that is late for longest is asked for first") {
    leecher l = leecher::that_has("0001", "0010", one_each);
    REQUIRE(l.orders() == "A3");
    l.now += 1s;
    l.delivers('A', 3);
    l.has('A', "0100");
    REQUIRE(l.orders() == "A2");
    l.join("1000");
    REQUIRE(l.orders_after(1s) == "B1");
    l.join("1100");
    CHECK(l.orders_after(3s) == "C2");
}

TEST_CASE("the first copy that arrives cancels the others") {
    leecher l = near_its_end("100 100", {.open_per_peer = 1, .copies_at_end = 3});
    l.orders_after(2s);
    CHECK(sorted(l.delivers('B', 1)) == "-A1 -C1");
    for (const char peer : {'A', 'B', 'C'}) CHECK(l.open_at(peer) == 0);
}

TEST_CASE("a copy that was cancelled is refused when it comes all the same") {
    leecher l = near_its_end("100");
    l.orders_after(2s);
    l.delivers('B', 1);
    CHECK_FALSE(l.begins('A', 1));
}

TEST_CASE("a chunk that was found elsewhere is cancelled everywhere") {
    leecher l{"100"};
    l.orders();
    const auto cancelled = l.tested.found({1});
    CHECK(cancelled == std::vector<order>{{order::kind::cancel, leecher::id('A'), chunk_index{1}}});
    CHECK(l.tested.missing() == set_of("2-3"));
    CHECK(l.open_at('A') == 0);
}

TEST_CASE("a chunk that was found elsewhere before it was agreed is never asked for") {
    scheduler s{2, {}, {}, 1};
    s.peer_joined({1}, {});
    s.peer_has({1}, set_of("1"));
    CHECK(s.found({1}).empty());
    s.agreed({1});
    CHECK(s.next_orders({}).empty());
}

// --- wrong chunks and refusals

TEST_CASE("a chunk that came wrong is asked of another peer") {
    leecher l{"100", one_each};
    l.orders();
    l.sends_wrong('A', 1);
    l.join("100");
    CHECK(l.orders() == "B1");
}

TEST_CASE("a chunk that came wrong is not asked of the same peer again while something else is open") {
    leecher l{"100 010", one_each};
    l.orders();
    CHECK_FALSE(l.sends_wrong('A', 1));
    CHECK(l.orders().empty());
    l.delivers('B', 2);
    CHECK(l.orders() == "A1");
}

TEST_CASE("a chunk that came wrong is asked of its only source again when there is nothing else to do") {
    leecher l{"100", one_each};
    l.orders();
    CHECK_FALSE(l.sends_wrong('A', 1));
    CHECK(l.orders() == "A1");
    CHECK(l.sends_wrong('A', 1));
}

TEST_CASE("when the other source of a chunk that came wrong leaves, the first one is asked again") {
    leecher l{"100", one_each};
    l.orders();
    l.sends_wrong('A', 1);
    l.join("100");
    CHECK(l.orders() == "B1");
    l.leaves('B');
    CHECK(l.orders() == "A1");
}

TEST_CASE("after one wrong chunk a peer is asked for others") {
    leecher l{"100", one_each};
    l.orders();
    l.sends_wrong('A', 1);
    l.has('A', "010");
    CHECK(l.orders() == "A2");
}

TEST_CASE("a peer is dropped when it has sent as many wrong chunks as the limit") {
    leecher l{"1110", {.open_per_peer = 3, .wrong_limit = 3}};
    l.orders();
    CHECK_FALSE(l.sends_wrong('A', 1));
    CHECK_FALSE(l.sends_wrong('A', 2));
    CHECK(l.sends_wrong('A', 3));
}

TEST_CASE("a peer that is wrong once in ten times is not dropped, and once more often is") {
    const std::string all(30, '1');
    leecher l{all, {.open_per_peer = 30, .open_total = 30, .wrong_limit = 2}};
    l.orders();
    for (std::uint32_t chunk = 1; chunk <= 18; ++chunk) l.delivers('A', chunk);
    CHECK_FALSE(l.sends_wrong('A', 19));
    CHECK_FALSE(l.sends_wrong('A', 20));
    CHECK(l.sends_wrong('A', 21));
}

TEST_CASE("a wrong chunk leaves the other copy alone") {
    leecher l = near_its_end("100");
    l.orders_after(2s);
    l.sends_wrong('B', 1);
    CHECK(l.open_at('A') == 1);
    CHECK(l.orders().empty());
    CHECK(l.delivers('A', 1).empty());
}

TEST_CASE("a chunk that a peer refuses is asked of another one") {
    leecher l{"100", one_each};
    l.orders();
    l.refuses('A', 1);
    CHECK(l.open_at('A') == 0);
    CHECK(l.orders().empty());
    l.join("100");
    CHECK(l.orders() == "B1");
}

TEST_CASE("refusing is no wrong chunk") {
    leecher l{"1110", {.open_per_peer = 3, .wrong_limit = 2}};
    l.orders();
    l.refuses('A', 1);
    l.refuses('A', 2);
    CHECK_FALSE(l.sends_wrong('A', 3));
}

// --- peers that leave

TEST_CASE("what was open at a peer that left is asked of others") {
    leecher l{"110", two_each};
    l.orders();
    l.leaves('A');
    l.join("110");
    CHECK(sorted(l.orders()) == "B1 B2");
}

TEST_CASE("what was open at a peer that left takes no room") {
    leecher l{"110", {.open_per_peer = 2, .open_total = 2}};
    l.orders();
    l.leaves('A');
    CHECK(l.open_at('A') == 0);
    l.join("110");
    l.orders();
    CHECK(l.open_at('B') == 2);
}

TEST_CASE("when one of two copies leaves the other one goes on") {
    leecher l = near_its_end("100");
    l.orders_after(2s);
    l.leaves('A');
    CHECK(l.orders().empty());
    CHECK(l.delivers('B', 1).empty());
}

TEST_CASE("a peer that left before it joined is no matter") {
    leecher l{"100"};
    l.leaves('Z');
    CHECK(l.orders() == "A1");
}

// --- when to look again

TEST_CASE("with nothing open there is nothing to wait for") {
    leecher l{"000"};
    l.orders();
    CHECK_FALSE(l.tested.next_deadline());
}

TEST_CASE("the next look is due when the first peer would be slow") {
    leecher l{"100 000", {.open_per_peer = 1, .stall_after = 10s, .copies_at_end = 1}};
    l.orders();
    l.now += 3s;
    l.has('B', "010");
    l.orders();
    CHECK(l.until_deadline() == 7s);
}

TEST_CASE("bytes that come put the look for slow peers off") {
    leecher l{"100", {.open_per_peer = 1, .stall_after = 10s, .copies_at_end = 1}};
    l.orders();
    l.now += 3s;
    l.begins('A', 1);
    CHECK(l.until_deadline() == 10s);
}

TEST_CASE("near the end the next look is due when a second copy is") {
    leecher l = near_its_end("100");
    l.orders();
    CHECK(l.until_deadline() == 2s);
}

TEST_CASE("a second copy that nobody can send is not looked for again and again") {
    leecher l = near_its_end("");
    l.orders();
    CHECK(l.until_deadline() == 2s);
    l.orders_after(2s);
    CHECK(l.until_deadline() == 8s);
}

TEST_CASE("a peer that is slow already is waited for as long again before it is tried once more") {
    leecher l{"100", stall_after_10s};
    l.orders();
    l.orders_after(10s);
    CHECK(l.until_deadline() == 10s);
}

// --- peers that only keep up appearances

TEST_CASE("a peer that drags on with a chunk is left for others, though bytes come") {
    leecher l{"100 010", {.open_per_peer = 1, .stall_after = 10s, .copies_at_end = 1}};
    l.orders();
    l.begins('A', 1);
    l.now += 1s;
    l.delivers('B', 2);  // that took a second
    l.has('B', "100");
    for (int second = 2; second < 8; ++second) {
        CHECK(l.orders_after(1s).empty());
        l.progresses('A');
    }
    CHECK(l.orders_after(1s) == "B1");
    l.progresses('A');
    CHECK(l.open_at('A') == 1);
    CHECK(l.delivers('B', 1) == "-A1");
}

TEST_CASE("a peer that refuses several chunks in a row rests, longer each time") {
    leecher l{"1111111110", {.open_per_peer = 1, .stall_after = 10s, .refusal_limit = 4}};
    const auto refuse_next = [&l] {
        const std::string order = l.orders();
        REQUIRE(order.starts_with("A"));
        l.refuses('A', static_cast<std::uint32_t>(std::stoul(order.substr(1))));
    };
    for (int i = 0; i < 4; ++i) refuse_next();
    CHECK(l.orders().empty());
    CHECK(l.until_deadline() == 10s);
    l.now += 10s;
    for (int i = 0; i < 4; ++i) refuse_next();
    CHECK(l.orders().empty());
    CHECK(l.until_deadline() == 20s);
    CHECK(l.orders_after(20s).starts_with("A"));
}

TEST_CASE("a peer that refuses now and then is asked on") {
    leecher l{"11111111", {.open_per_peer = 1, .refusal_limit = 2}};
    l.refuses_any('A');
    for (int i = 0; i < 4; ++i) {
        const std::string refused = l.orders();
        REQUIRE(refused.starts_with("A"));
        l.refuses('A', static_cast<std::uint32_t>(std::stoul(refused.substr(1))));
        const std::string delivered = l.orders();
        REQUIRE(delivered.starts_with("A"));
        l.delivers('A', static_cast<std::uint32_t>(std::stoul(delivered.substr(1))));
    }
}

TEST_CASE("a chunk that comes twice before the first copy is hashed answers both requests for any") {
    leecher l{"111111", two_each};
    CHECK(l.orders() == "A* A*");
    CHECK(l.begins('A', 3));
    CHECK_FALSE(l.begins('A', 3));
    CHECK(l.open_at('A') == 1);
    CHECK(l.finishes('A', 3).empty());
    CHECK(l.open_at('A') == 0);
    CHECK(l.orders() == "A* A*");
}

TEST_CASE("what a peer sends unasked does not keep its requests open") {
    leecher l{"0110 1110", one_each};
    REQUIRE(sorted(l.orders()).starts_with("A"));
    const std::uint32_t other = l.except('A').find('2') == std::string::npos ? 2 : 3;
    for (int i = 0; i < 9; ++i) {
        l.orders_after(1s);
        CHECK_FALSE(l.begins('A', other));
    }
    l.orders_after(2s);
    CHECK(l.orders_after(20s).find("-A") != std::string::npos);
}

TEST_CASE("requests that a peer has lost are cancelled, and it is asked again") {
    leecher l{"011", two_each};
    CHECK(sorted(l.orders()) == "A2 A3");
    CHECK(l.orders_after(10s).empty());
    CHECK(l.until_deadline() == 10s);
    CHECK(sorted(l.orders_after(10s)) == "-A2 -A3 A2 A3");
    CHECK(l.delivers('A', 2).empty());
    CHECK(l.delivers('A', 3).empty());
}

TEST_CASE("a chunk that its only source has refused is asked of it again after a while") {
    leecher l{"010", one_each};
    CHECK(l.orders() == "A2");
    l.refuses('A', 2);
    CHECK(l.orders_after(1s).empty());
    CHECK(l.until_deadline() == 9s);
    CHECK(l.orders_after(9s) == "A2");
}

TEST_CASE("a chunk that is lost is fetched again") {
    auto l = leecher::that_has("110", "111", one_each);
    CHECK(l.orders() == "A*");
    CHECK(l.delivers('A', 3).empty());
    CHECK(l.tested.missing().empty());
    l.tested.lost({2});
    CHECK(l.tested.missing() == set_of("2"));
    CHECK(l.except('A').empty());
    CHECK(l.orders() == "A*");
    CHECK(l.delivers('A', 2).empty());
    CHECK(l.tested.missing().empty());
}

TEST_CASE("what was not asked for any more is asked for again when the download goes on") {
    leecher l{"011", two_each};
    CHECK(sorted(l.orders()) == "A2 A3");
    l.begins('A', 2);
    CHECK(l.winds_down() == "-A3");
    CHECK(l.finishes('A', 2).empty());
    l.leaves('A');
    l.join("011");
    CHECK(l.orders() == "B3");
}
