// Peers that share what they have, as long as everybody means well.

#include "support/programs.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <deque>
#include <stdexcept>
#include <thread>

namespace p2p::test {

namespace {

/// Stands between one peer and the tracker, and counts what the peer announces.
class counting_relay {
public:
    explicit counting_relay(const tracker_program& tracker) : relays_{[this, &tracker] { relay(tracker); }} {}

    std::string address() const { return "127.0.0.1:" + std::to_string(listener_.port()); }
    unsigned announcements() const { return announcements_; }

private:
    void relay(const tracker_program& tracker) {
        tcp_client peer = listener_.accept();
        tcp_client above = tracker.visit();
        const std::jthread down{[&] { copy(above, peer, [](auto&) {}); }};
        copy(peer, above, [this](const std::string& line) {
            if (contains(line, R"("type":"announce")")) ++announcements_;
        });
    }

    template <class See>
    static void copy(tcp_client& from, tcp_client& to, See see) {
        try {
            for (;;) {
                const std::string line = from.read_line();
                see(line);
                to.send_line(line);
            }
        } catch (const std::runtime_error&) {
            to.finish();
        }
    }

    tcp_listener listener_;
    std::atomic<unsigned> announcements_ = 0;
    std::jthread relays_;
};

}  // namespace

TEST_CASE("five peers of which none is complete, and every chunk at two of them, all end complete") {
    const file_set set{20, 40'000};
    const std::vector<std::string> parts{"1-8", "5-12", "9-16", "13-20", "1-4,17-20"};
    const temp_folder here;
    const tracker_program tracker;
    std::deque<peer_program> peers;
    for (const std::string& part : parts) {
        const std::string name = "peer_" + std::to_string(peers.size() + 1);
        peers.emplace_back(tracker, make_folder(here / name, set, part), name);
    }
    for (peer_program& peer : peers) CHECK(peer.wait_for_rest_of_line("complete, ").starts_with("12 chunks"));
    for (const std::string& name : names_in(here.path())) {
        CAPTURE(name);
        CHECK(lasting_difference(here / name, set) == "");
    }

    CHECK(run_client({"join", here / "peer_3", here / "joined"}).exit_code == 0);
    CHECK(read_text(here / "joined") == set.whole());
}

TEST_CASE("an empty peer gets all from two complete ones, and with --once exits 0") {
    const file_set set{16, 10'000};
    const temp_folder here;
    const tracker_program tracker;
    const peer_program alice{tracker, make_folder(here / "alice", set, set.ranges()), "alice"};
    const peer_program bob{tracker, make_folder(here / "bob", set, set.ranges()), "bob"};
    peer_program carol{tracker, make_folder(here / "carol", set, ""), "carol", {"--once"}};
    CHECK(carol.wait_for_exit() == 0);
    CHECK(difference(here / "carol", set) == "");
}

TEST_CASE("a peer announces what it fetches in far fewer lines than chunks") {
    const file_set set{100, 20'000};
    const temp_folder here;
    const tracker_program tracker{{"--quorum", "1"}};
    const peer_program alice{tracker, make_folder(here / "alice", set, set.ranges()), "alice"};
    const counting_relay relay{tracker};
    const std::filesystem::path folder = make_folder(here / "bob", set, "");
    peer_program bob{relay.address(), folder, "bob", {"--once", "--limit-down", "1MB/s"}};
    CHECK(bob.wait_for_exit() == 0);
    CHECK(relay.announcements() > 0);
    CHECK(relay.announcements() < set.count() / 4);
}

TEST_CASE("a chunk that only one peer has is not handed out until a second one announces it") {
    const file_set set{4, 5'000};
    const temp_folder here;
    tracker_program tracker{{"--log-level", "debug"}};
    const peer_program alice{tracker, make_folder(here / "alice", set, "1-4"), "alice"};
    const peer_program bob{tracker, make_folder(here / "bob", set, "1-3"), "bob"};
    for (const char* chunk : {"chunk 1 agreed", "chunk 2 agreed", "chunk 3 agreed"}) tracker.wait_for(chunk);

    tcp_client anybody = tracker.join("anybody", 1);
    anybody.send_line(locate(set, "1-4"));
    CHECK(contains(anybody.read_line(), R"("unknown":"4")"));

    peer_program carol{tracker, make_folder(here / "carol", set, ""), "carol"};
    wait_until([&] { return chunks_listed(here / "carol") == 3; }, "the chunks that are agreed");
    CHECK_FALSE(tracker.said("chunk 4 agreed"));
    CHECK_FALSE(names_in(here / "carol").contains("chunk_4"));

    const peer_program dave{tracker, make_folder(here / "dave", set, "4"), "dave"};
    CHECK(contains(anybody.read_line(), R"("type":"agreed")"));
    carol.wait_for("complete, 4 chunks");
    CHECK(lasting_difference(here / "carol", set) == "");
}

TEST_CASE("a peer that fetches serves what it has got already") {
    const file_set set{8, 5'000};
    const temp_folder here;
    const tracker_program tracker{{"--quorum", "1"}};
    const peer_program alice{tracker, make_folder(here / "alice", set, "1-4"), "alice"};
    peer_program bob{tracker, make_folder(here / "bob", set, ""), "bob"};
    tcp_client carol = bob.join(set, "1-4");  // all that alice has
    carol.send_line(R"({"type":"request","chunk":2})");
    CHECK(carol.read_line() + '\n' == part(2, 0, 5'000, 5'000));
    CHECK(carol.read_exact(5'000) == set.chunk(2));
}

TEST_CASE("two file-sets at one tracker do not mix") {
    const file_set red{6, 5'000, 1};
    const file_set blue{6, 5'000, 2};
    const temp_folder here;
    const tracker_program tracker;
    std::deque<peer_program> seeders;
    for (const char* name : {"alice", "bob"}) {
        const auto folder = here / name;
        seeders.emplace_back(tracker, make_folder(folder / "red", red, "1-6"), name,
                             words{"--fileset", "red"});
        seeders.emplace_back(tracker, make_folder(folder / "blue", blue, "1-6"), name,
                             words{"--fileset", "blue"});
    }
    peer_program wants_red{tracker, make_folder(here / "red", red, ""), "r", {"--once", "--fileset", "red"}};
    peer_program wants_blue{
        tracker, make_folder(here / "blue", blue, ""), "b", {"--once", "--fileset", "blue"}};
    CHECK(wants_red.wait_for_exit() == 0);
    CHECK(wants_blue.wait_for_exit() == 0);
    CHECK(difference(here / "red", red) == "");
    CHECK(difference(here / "blue", blue) == "");
}

TEST_CASE("folders with the same name and other counts are different sets, and both sides say so") {
    const file_set four{4, 100};
    const file_set five{5, 100};
    const temp_folder here;
    tracker_program tracker{{"--quorum", "1"}};
    const peer_program alice{tracker, make_folder(here / "alice", four, "1-4"), "alice"};
    tracker.wait_for("every chunk is agreed");
    peer_program bob{tracker, make_folder(here / "bob", five, ""), "bob"};
    bob.wait_for("other folders that are called default have 4 chunks, this one has 5");
    tracker.wait_for("says that default has 5 chunks, others say 4: these are different sets");
    CHECK(chunks_stored(here / "bob") == 0);
}

TEST_CASE("with --one-vote-per host two peers of one host make no quorum, and two hosts do") {
    const file_set set{1, 100};
    const tracker_program tracker{{"--one-vote-per", "host"}};
    tcp_client alice = tracker.join("alice", 1);
    tcp_client bob = tracker.join("bob", 2);
    tcp_client carol = tracker.join("carol", 1, "127.0.0.2");
    alice.send_line(announce(set, "1"));
    CHECK(contains(alice.read_line(), R"("pending":"1")"));
    bob.send_line(announce(set, "1"));
    CHECK(contains(bob.read_line(), R"("pending":"1")"));
    carol.send_line(announce(set, "1"));
    CHECK(contains(carol.read_line(), R"("agreed":"1")"));
}

TEST_CASE("with --quorum 3 two peers are not enough") {
    const file_set set{1, 100};
    const tracker_program tracker{{"--quorum", "3"}};
    std::deque<tcp_client> peers;
    std::vector<std::string> answers;
    for (std::uint16_t port = 1; port <= 3; ++port) {
        peers.push_back(tracker.join("peer", port));
        peers.back().send_line(announce(set, "1"));
        answers.push_back(peers.back().read_line());
    }
    CHECK(contains(answers[0], R"("pending":"1")"));
    CHECK(contains(answers[1], R"("pending":"1")"));
    CHECK(contains(answers[2], R"("agreed":"1")"));
}

TEST_CASE("a damaged chunk is disputed, its owner warns, and others get the right one") {
    const file_set set{4, 5'000};
    const temp_folder here;
    tracker_program tracker;
    const peer_program alice{tracker, make_folder(here / "alice", set, "1-4"), "alice"};
    const peer_program bob{tracker, make_folder(here / "bob", set, "1-4"), "bob"};
    make_folder(here / "dave", set, "1-4");
    write_text(here / "dave" / "chunk_2", "damaged");
    peer_program dave{tracker, here / "dave", "dave"};
    tracker.wait_for("chunk 2 disputed: dave");
    dave.wait_for("chunks 2 of this folder differ from what other peers agreed on");

    peer_program carol{tracker, make_folder(here / "carol", set, ""), "carol", {"--once"}};
    CHECK(carol.wait_for_exit() == 0);
    CHECK(difference(here / "carol", set) == "");
    CHECK(read_text(here / "dave" / "chunk_2") == "damaged");  // the owner's file is the owner's
}

TEST_CASE("a one-shot peer whose complete folder is disputed exits 6") {
    const file_set set{4, 5'000};
    const temp_folder here;
    const tracker_program tracker;
    const peer_program alice{tracker, make_folder(here / "alice", set, "1-4"), "alice"};
    const peer_program bob{tracker, make_folder(here / "bob", set, "1-4"), "bob"};
    make_folder(here / "dave", set, "1-3");
    write_text(here / "dave" / "chunk_2", "damaged");
    peer_program dave{tracker, here / "dave", "dave", {"--once"}};
    CHECK(dave.wait_for_exit() == 6);
    CHECK(dave.said("complete, but chunks 2 differ from what other peers agreed on"));
}

TEST_CASE("with --seed-for a one-shot peer serves for a while before it exits") {
    const file_set set{4, 5'000};
    const temp_folder here;
    const tracker_program tracker{{"--quorum", "1"}};
    peer_program carol{tracker, make_folder(here / "carol", set, ""), "carol", {"--once"}};
    peer_program alice{
        tracker, make_folder(here / "alice", set, "1-4"), "alice", {"--once", "--seed-for", "1s"}};
    CHECK(carol.wait_for_exit() == 0);
    CHECK(alice.wait_for_exit() == 0);
}

}  // namespace p2p::test
