#include "core/transfer/upload_queue.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <set>
#include <sstream>
#include <string>

using namespace p2p;

namespace {

chunk_set set_of(const std::string& ranges) {
    return chunk_set::parse(ranges, max_chunk_count).value();
}

/// A queue that is asked by peers A, B, C ...: "A1 B*" is a request of A for chunk 1, then one of B for any.
class requests {
public:
    explicit requests(const std::string& waiting, upload_options options = {}, std::uint64_t seed = 1)
        : tested{options, seed} {
        std::istringstream in{waiting};
        for (std::string word; in >> word;) REQUIRE(add(word));
    }

    bool add(const std::string& word) { return tested.add(id(word[0]), {word[0]}, {chunk(word), {}}); }
    bool cancel(const std::string& word) { return tested.cancel(id(word[0]), chunk(word)); }
    void finished(char name) { tested.finished(id(name)); }
    void leaves(char name) { tested.peer_left(id(name)); }

    /// All that can be started now.
    std::string starts() {
        std::string text;
        while (const auto next = tested.start_next()) {
            text += text.empty() ? "" : " ";
            text += static_cast<char>(next->who.value);
            text += next->what.chunk ? std::to_string(next->what.chunk->value) : "*";
        }
        return text;
    }

    static peer_id id(char name) { return {static_cast<std::uint64_t>(name)}; }

    upload_queue tested;

private:
    static std::optional<chunk_index> chunk(const std::string& word) {
        if (word[1] == '*') return std::nullopt;
        return chunk_index{static_cast<std::uint32_t>(std::stoul(word.substr(1)))};
    }
};

constexpr upload_options one_slot{.slots = 1};

}  // namespace

TEST_CASE("requests of different peers are served first come, first served") {
    requests r{"C3 A1 B2"};
    CHECK(r.starts() == "C3 A1 B2");
}

TEST_CASE("no more uploads run at a time than there are slots") {
    requests r{"A1 B2 C3", {.slots = 2}};
    CHECK(r.starts() == "A1 B2");
    CHECK(r.tested.serving() == 2);
    CHECK(r.tested.waiting() == 1);
}

TEST_CASE("an upload that is over makes room for the next") {
    requests r{"A1 B2", one_slot};
    REQUIRE(r.starts() == "A1");
    r.finished('A');
    CHECK(r.starts() == "B2");
}

TEST_CASE("a peer has one upload at a time") {
    requests r{"A1 A2 B3"};
    CHECK(r.starts() == "A1 B3");
    r.finished('A');
    CHECK(r.starts() == "A2");
}

TEST_CASE("a peer that asked for much does not keep the others waiting") {
    requests r{"A1 A2 A3 A4 B5", {.slots = 2}};
    CHECK(r.starts() == "A1 B5");
}

TEST_CASE("after its upload a peer queues behind those who asked before") {
    requests r{"A1 B2 A3", one_slot};
    REQUIRE(r.starts() == "A1");
    r.finished('A');
    CHECK(r.starts() == "B2");
    r.finished('B');
    CHECK(r.starts() == "A3");
}

TEST_CASE("a peer that has too many requests waiting is told so") {
    requests r{"A1 A2", {.slots = 1, .queued_per_peer = 2}};
    CHECK_FALSE(r.add("A3"));
    CHECK(r.add("B3"));
}

TEST_CASE("a request that is being served does not count as waiting") {
    requests r{"A1 A2", {.slots = 1, .queued_per_peer = 2}};
    REQUIRE(r.starts() == "A1");
    CHECK(r.add("A3"));
}

TEST_CASE("a request for any carries what it leaves out") {
    upload_queue queue{{}, 1};
    REQUIRE(queue.add({1}, "here", {std::nullopt, set_of("2-3")}));
    const auto next = queue.start_next();
    REQUIRE(next);
    CHECK(next->what.except == set_of("2-3"));
}

TEST_CASE("of several requests for any the latest knows what to leave out") {
    upload_queue queue{{}, 1};
    REQUIRE(queue.add({1}, "here", {std::nullopt, set_of("2-3")}));
    REQUIRE(queue.add({1}, "here", {std::nullopt, set_of("2-5")}));
    for (int i = 0; i < 2; ++i) {
        const auto next = queue.start_next();
        REQUIRE(next);
        CHECK(next->what.except == set_of("2-5"));
        queue.finished({1});
    }
}

TEST_CASE("the peers of one site do not have all slots") {
    upload_queue queue{{.slots = 4}, 1};
    for (std::uint64_t i = 1; i <= 4; ++i) REQUIRE(queue.add({i}, "there", {chunk_index{1}, {}}));
    for (int i = 0; i < 3; ++i) CHECK(queue.start_next());
    CHECK_FALSE(queue.start_next());
    REQUIRE(queue.add({5}, "elsewhere", {chunk_index{1}, {}}));
    const auto next = queue.start_next();
    REQUIRE(next);
    CHECK(next->who == peer_id{5});
}

TEST_CASE("a request that was cancelled is not served") {
    requests r{"A1 B2"};
    CHECK(r.cancel("A1"));
    CHECK(r.starts() == "B2");
}

TEST_CASE("cancelling takes back one request, the oldest") {
    requests r{"A* B2 A*", one_slot};
    CHECK(r.cancel("A*"));
    CHECK(r.starts() == "B2");
    r.finished('B');
    CHECK(r.starts() == "A*");
}

TEST_CASE("cancelling what is not waiting does nothing") {
    requests r{"A1 B2", one_slot};
    REQUIRE(r.starts() == "A1");
    for (const auto* word : {"A1", "A2", "B*", "C2"}) {
        CAPTURE(word);
        CHECK_FALSE(r.cancel(word));
    }
    CHECK(r.tested.waiting() == 1);
}

TEST_CASE("the requests of a peer that left are not served") {
    requests r{"A1 A2 B3"};
    r.leaves('A');
    CHECK(r.starts() == "B3");
}

TEST_CASE("a peer that leaves during its upload makes room for the next") {
    requests r{"A1 B2", one_slot};
    REQUIRE(r.starts() == "A1");
    r.leaves('A');
    CHECK(r.starts() == "B2");
}

TEST_CASE("a seeder picks the chunk that it sent least often") {
    upload_queue queue{{}, 1};
    for (const std::uint32_t chunk : {1, 1, 2, 3, 3}) queue.count_sent({chunk});
    CHECK(queue.pick(set_of("1-3")) == chunk_index{2});
    CHECK(queue.pick(set_of("1,3")).has_value());
    CHECK(queue.pick(set_of("1-4")) == chunk_index{4});
}

TEST_CASE("no chunk leaves a seeder twice before every chunk has left it once") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        upload_queue queue{{}, seed};
        for (int round = 0; round < 3; ++round) {
            chunk_set sent;
            for (int i = 0; i < 20; ++i) {
                const auto chunk = queue.pick(set_of("1-20"));
                REQUIRE(chunk);
                queue.count_sent(*chunk);
                CHECK(sent.insert(*chunk));
            }
        }
    }
}

TEST_CASE("among chunks that were sent equally often chance decides") {
    std::set<std::uint32_t> picked;
    for (std::uint64_t seed = 1; seed <= 60; ++seed)
        picked.insert(upload_queue{{}, seed}.pick(set_of("1-4")).value().value);
    CHECK(picked == std::set<std::uint32_t>{1, 2, 3, 4});
}

TEST_CASE("out of nothing nothing is picked") {
    CHECK_FALSE(upload_queue{{}, 1}.pick(chunk_set{}));
}

TEST_CASE("how often a chunk was sent is counted") {
    upload_queue queue{{}, 1};
    queue.count_sent({7});
    queue.count_sent({7});
    CHECK(queue.times_sent({7}) == 2);
    CHECK(queue.times_sent({8}) == 0);
}
