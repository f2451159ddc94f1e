// Each limit that the programs have: beyond it there is an error, and the connection ends.

#include "support/programs.hpp"
#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

namespace p2p::test {

namespace {

using namespace std::chrono_literals;

std::string hello_to_tracker(const std::string& name, std::uint16_t port, const std::string& host = {}) {
    return R"({"type":"hello","version":1,"name":")" + name + R"(","transfer_port":)" + std::to_string(port) +
           (host.empty() ? "" : R"(,"advertise":")" + host + '"') + "}";
}

std::string announce_of(const std::string& set, std::uint32_t from, std::uint32_t to) {
    std::string claims;
    for (std::uint32_t chunk = from; chunk <= to; ++chunk)
        claims += (claims.empty() ? "" : ",") + (R"({"chunk":)" + std::to_string(chunk)) +
                  R"(,"hash":"d4b7bdc562e874490faa4cd9d8c4e3c6","size":6})";
    return R"({"type":"announce","fileset":")" + set + R"(","count":10000,"chunks":[)" + claims + "]}";
}

std::string id_of(char digit) {
    return std::string(64, digit);
}

std::string publish_of(char digit) {
    return R"({"type":"publish","id":")" + id_of(digit) + R"(","name":"set","size":1,"count":100000})";
}

std::string announce_published(char digit, const std::string& ranges) {
    return R"({"type":"announce","id":")" + id_of(digit) + R"(","chunks":")" + ranges + R"("})";
}

/// The last line that comes before the program closes; what was sent too much is no reason to miss it.
std::string last_words(tcp_client& line) {
    std::string all = line.read_to_end();
    if (all.ends_with('\n')) all.pop_back();
    return all.substr(all.rfind('\n') + 1);
}

std::string code(const std::string& code) {
    return R"({"type":"error","code":")" + code + '"';
}

/// Sends a little again and again, so that it never is silent, until the program says something. false: that
/// went on for many times as long as the limits of these tests.
bool trickle(tcp_client& line, const std::string& bytes) {
    constexpr auto pause = 20ms;
    constexpr int most = 250;  // a peer says ping after ten seconds
    for (int i = 0; i < most; ++i) {
        line.send(bytes);
        if (line.hears_something(pause)) return true;
    }
    return false;
}

void pings(tcp_client& line) {
    line.send_line(R"({"type":"ping"})");
    CHECK(line.read_line() == R"({"type":"pong"})");
}

}  // namespace

// --- the tracker

TEST_CASE("a tracker turns away more connections than it may have, until one of them ends") {
    const tracker_program tracker{{"--max-connections", "2"}};
    std::optional<tcp_client> first = tracker.join("first", 1);
    tcp_client second = tracker.join("second", 2);
    tcp_client third = tracker.visit();
    CHECK(contains(last_words(third), code("too_many_connections")));
    pings(second);
    first.reset();
    wait_until(
        [&] {
            tcp_client again = tracker.visit();
            again.send_line(hello_to_tracker("again", 3));
            return contains(again.read_line(), "welcome");
        },
        "a place that is free again");
}

TEST_CASE("a tracker turns away more connections from a host than that may have, and no other host") {
    const tracker_program tracker{{"--max-connections-per-host", "2"}};
    tcp_client first = tracker.join("first", 1, "127.0.0.2");
    tcp_client second = tracker.join("second", 2, "127.0.0.2");
    tcp_client third = tcp_client::connect(tracker.port(), "127.0.0.2");
    CHECK(contains(last_words(third), code("too_many_connections")));
    tcp_client other = tracker.join("other", 1, "127.0.0.3");
    pings(other);
    pings(first);
}

TEST_CASE("a tracker says in its log whom it refuses, and why, a line of each kind in a while") {
    tracker_program tracker{{"--max-connections-per-host", "2"}};
    tcp_client first = tracker.join("first", 1, "127.0.0.2");
    tcp_client second = tracker.join("second", 2, "127.0.0.2");
    tcp_client third = tcp_client::connect(tracker.port(), "127.0.0.2");
    tracker.wait_for("127.0.0.2 is refused: 2 connections from 127.0.0.2 are open already");
    tcp_client future = tcp_client::connect(tracker.port(), "127.0.0.3");
    future.send_line(R"({"type":"hello","version":99,"name":"x","transfer_port":1})");
    tracker.wait_for("127.0.0.3 is refused: this side speaks version 1");
    for (int i = 0; i < 20; ++i) {
        tcp_client again = tcp_client::connect(tracker.port(), "127.0.0.3");
        again.send_line("no JSON");
        CHECK(contains(last_words(again), code("bad_json")));
    }
    const std::string said = tracker.output();
    CHECK(said.find("127.0.0.3 is refused") == said.rfind("127.0.0.3 is refused"));
}

TEST_CASE("a tracker reads lines up to its limit, and shorter ones before hello") {
    const tracker_program tracker{{"--max-line", "30KiB"}};
    const std::string ping = R"({"type":"ping","filler":")";
    tcp_client peer = tracker.join("peer", 1);
    peer.send_line(ping + std::string(30 * 1024 - ping.size() - 2, 'x') + "\"}");
    CHECK(peer.read_line() == R"({"type":"pong"})");
    peer.send(std::string(30 * 1024 + 1, 'x'));
    CHECK(contains(last_words(peer), code("line_too_long")));
    tcp_client stranger = tracker.visit();
    stranger.send(std::string(4097, 'x'));
    CHECK(contains(last_words(stranger), code("line_too_long")));
}

TEST_CASE("a tracker reads JSON as deep as its limit") {
    const tracker_program tracker{{"--max-json-depth", "4"}};
    tcp_client peer = tracker.join("peer", 1);
    peer.send_line(R"({"type":"ping","deep":[[[]]]})");
    CHECK(peer.read_line() == R"({"type":"pong"})");
    peer.send_line(R"({"type":"ping","deep":[[[[]]]]})");
    CHECK(contains(last_words(peer), code("bad_json")));
}

TEST_CASE("a tracker takes names as long as its limit") {
    const tracker_program tracker{{"--max-name", "5"}};
    tcp_client peer = tracker.visit();
    peer.send_line(hello_to_tracker("sixsix", 1));
    CHECK(contains(peer.read_line(), "1 to 5 bytes"));
    peer.send_line(hello_to_tracker("five5", 1));
    CHECK(contains(peer.read_line(), "welcome"));
    peer.send_line(announce_of("sixsix", 1, 1));
    CHECK(contains(peer.read_line(), code("bad_field")));
}

TEST_CASE("who has not said hello to a tracker in time is out, whatever else it says") {
    const tracker_program tracker{{"--hello-limit", "300ms"}};
    SUBCASE("nothing") {
        tcp_client line = tracker.visit();
        CHECK(contains(last_words(line), code("timed_out")));
    }
    SUBCASE("a byte now and then") {
        tcp_client line = tracker.visit();
        CHECK(trickle(line, " "));
        CHECK(contains(last_words(line), code("timed_out")));
    }
    SUBCASE("messages that there are not") {
        tcp_client line = tracker.visit();
        for (int i = 0; i < 500; ++i) {
            line.send_line(R"({"type":"dance"})");
            if (!contains(line.read_line(), "unknown_type")) return;
            line.hears_something(20ms);
        }
        FAIL("it may dance for ever");
    }
    SUBCASE("a visitor may ask and ask") {
        tcp_client line = tracker.visit();
        for (int i = 0; i < 30; ++i) {
            line.send_line(R"({"type":"list"})");
            CHECK(contains(line.read_line(), "filesets"));
            CHECK_FALSE(line.hears_something(20ms));
        }
        CHECK(contains(last_words(line), code("timed_out")));
    }
}

TEST_CASE("a peer whose bytes never become a line is silent for a tracker") {
    const tracker_program tracker{{"--silence-limit", "300ms"}};
    tcp_client peer = tracker.join("peer", 1);
    CHECK(trickle(peer, "x"));
    CHECK(contains(last_words(peer), code("timed_out")));
    tracker.join("peer", 1);
}

TEST_CASE("a tracker has so many file-sets of one peer and no more") {
    const tracker_program tracker{{"--max-sets-per-peer", "2"}};
    for (const bool published : {false, true}) {
        CAPTURE(published);
        tcp_client peer = tracker.join("peer", 1);
        for (const char set : {'a', 'b', 'c'})
            peer.send_line(published ? publish_of(set) : announce_of(std::string(1, set), 1, 1));
        CHECK(contains(last_words(peer), code("too_many_sets")));
    }
    tcp_client again = tracker.join("peer", 1);
    again.send_line(R"({"type":"list"})");
    CHECK_FALSE(contains(again.read_line(), R"("leechers":1)"));
}

TEST_CASE("a tracker has so many chunks of one peer and no more") {
    const tracker_program tracker{{"--max-chunks-per-peer", "200"}};
    tcp_client peer = tracker.join("peer", 1);
    peer.send_line(announce_of("set", 1, 100));
    CHECK(contains(peer.read_line(), R"("pending":"1-100")"));
    peer.send_line(announce_of("set", 101, 250));
    CHECK(contains(last_words(peer), code("too_many_chunks")));
    tcp_client again = tracker.join("peer", 1);
    again.send_line(publish_of('a'));
    again.send_line(announce_published('a', "1-90000"));
    CHECK(contains(again.read_line(), R"("agreed":"1-90000")"));
    again.send_line(publish_of('b'));
    again.send_line(announce_published('b', "90000"));
    CHECK(contains(last_words(again), code("too_many_chunks")));
}

TEST_CASE("a tracker has so many file-sets in all, and room again when their members leave") {
    const tracker_program tracker{{"--max-sets", "2"}};
    std::optional<tcp_client> first = tracker.join("first", 1);
    first->send_line(announce_of("a", 1, 1));
    first->send_line(announce_of("b", 1, 1));
    first->read_line();
    first->read_line();
    tcp_client second = tracker.join("second", 2);
    second.send_line(announce_of("c", 1, 1));
    CHECK(contains(last_words(second), code("tracker_full")));
    tcp_client locating = tracker.join("locating", 2);
    locating.send_line(R"({"type":"locate","fileset":"d","count":3,"chunks":"1"})");
    CHECK(contains(last_words(locating), code("tracker_full")));
    first->send_line(R"({"type":"leave"})");
    first->read_to_end();
    tcp_client third = tracker.join("third", 3);
    third.send_line(announce_of("c", 1, 1));
    CHECK(contains(third.read_line(), R"("pending":"1")"));
}

TEST_CASE("a tracker has so many chunks in all") {
    const tracker_program tracker{{"--max-chunks", "300"}};
    tcp_client first = tracker.join("first", 1);
    first.send_line(announce_of("a", 1, 128));
    CHECK(contains(first.read_line(), R"("pending":"1-128")"));
    tcp_client second = tracker.join("second", 2);
    second.send_line(announce_of("b", 1, 128));
    CHECK(contains(last_words(second), code("tracker_full")));
    pings(first);
}

TEST_CASE("who announces or asks faster than a tracker allows is out") {
    const tracker_program tracker{{"--announce-rate", "1", "--max-chunks-per-peer", "1000"}};
    SUBCASE("the same chunks again and again") {
        tcp_client peer = tracker.join("peer", 1);
        for (int i = 0; i < 20; ++i) peer.send_line(announce_of("set", 1, 128));
        const std::string heard = peer.read_to_end();
        CHECK(contains(heard, R"("pending":"1-128")"));
        CHECK(contains(heard, code("too_fast")));
    }
    SUBCASE("a visitor") {
        tcp_client visitor = tracker.visit();
        for (int i = 0; i < 2100; ++i) visitor.send_line(R"({"type":"list"})");
        CHECK(contains(last_words(visitor), code("too_fast")));
    }
    SUBCASE("nonsense") {
        tcp_client peer = tracker.join("peer", 1);
        for (int i = 0; i < 2100; ++i) peer.send_line(R"({"type":"dance"})");
        CHECK(contains(last_words(peer), code("too_fast")));
    }
}

// Each chunk that somebody has at last is told to whoever waits for it, with all who might have it soon.
TEST_CASE("a tracker keeps so much for a peer that does not read and no more") {
    tracker_program tracker{{"--quorum", "1", "--max-buffered", "64KiB", "--allow-advertise"}};
    std::vector<tcp_client> members;
    for (std::uint16_t port = 1; port <= 50; ++port) {
        members.push_back(tracker.visit());
        members.back().send_line(hello_to_tracker(std::string(100, 'n'), port, std::string(250, 'h')));
        members.back().send_line(announce_of("set", 1, 0));
        members.back().read_line();
        members.back().read_line();
    }
    tcp_client deaf = tracker.join("deaf", 1001);
    deaf.send_line(R"({"type":"locate","fileset":"set","count":10000,"chunks":"1-10000"})");
    deaf.read_line();
    tcp_client busy = tracker.join("busy", 1002);
    for (std::uint32_t chunk = 1; chunk <= 2000; ++chunk) busy.send_line(announce_of("set", chunk, chunk));
    tracker.wait_for("reads too slowly");
    CHECK(contains(last_words(deaf), code("reads_too_slowly")));
    pings(members.front());
}

TEST_CASE("what a peer did not read before its connection was closed is told to nobody else") {
    const tracker_program tracker{{"--allow-advertise"}};
    std::vector<tcp_client> members;
    for (std::uint16_t port = 1; port <= 50; ++port) {
        members.push_back(tracker.visit());
        members.back().send_line(hello_to_tracker(std::string(100, 'n'), port, std::string(250, 'h')));
        members.back().read_line();
        members.back().send_line(publish_of('a'));
    }
    tcp_client deaf = tracker.join("deaf", 1001);
    const std::string question = R"({"type":"locate","id":")" + std::string(64, 'a') + "\"}\n";
    constexpr int more_than_a_connection_holds = 1'000;  // each answer is 20 KB
    for (int i = 0; i < more_than_a_connection_holds; ++i) deaf.send(question);
    constexpr int turns_until_it_is_full = 1'000;
    for (int i = 0; i < turns_until_it_is_full; ++i) pings(members.front());
    const tcp_client again = tracker.join("deaf", 1001);
    const std::size_t before = tracker.open_descriptors();
    wait_until([&] { return tracker.open_descriptors() < before; },
               "the end of the connection that is not read");
    for (std::uint16_t port = 2001; port <= 2005; ++port) {
        tcp_client late = tracker.visit();
        late.send_line(hello_to_tracker("late", port));
        CHECK(late.read_line().starts_with(R"({"type":"welcome")"));
    }
}

TEST_CASE("a tracker keeps so much of lines that have begun on all connections together") {
    const tracker_program tracker{{"--max-buffered-in-all", "100KiB"}};
    std::vector<tcp_client> peers;
    for (std::uint16_t port = 1; port <= 10; ++port) {
        peers.push_back(tracker.join("peer", port));
        peers.back().send(std::string(30'000, 'x'));
    }
    const auto ended =
        std::count_if(peers.begin(), peers.end(), [](tcp_client& one) { return one.hears_something(1s); });
    CHECK(ended >= 1);
    CHECK(ended <= 7);
    const auto one =
        std::find_if(peers.begin(), peers.end(), [](tcp_client& peer) { return peer.hears_something(0ms); });
    REQUIRE(one != peers.end());
    CHECK(contains(last_words(*one), code("too_much_buffered")));
}

// --- a peer

namespace {

/// A peer that has all of a small set.
struct serving_peer {
    explicit serving_peer(const words& more)
        : peer{tracker, make_folder(here / "peer", set, "1-4"), "peer", more} {}

    file_set set{4, 1'000};
    temp_folder here;
    tracker_program tracker{{"--quorum", "1"}};
    peer_program peer;
};

}  // namespace

TEST_CASE("a peer turns away more connections than it may have, also before their hello") {
    serving_peer alice{{"--max-connections", "3"}};
    tcp_client guest = alice.peer.join(alice.set, "1-4");
    tcp_client silent = alice.peer.visit();
    tcp_client other = alice.peer.visit();
    tcp_client last = alice.peer.visit();
    CHECK(contains(last_words(last), code("too_many_connections")));
    guest.finish();
    guest.read_to_end();
    wait_until(
        [&] {
            tcp_client again = alice.peer.visit();
            again.send_line(hello_to_peer(alice.set, "", 9, 1));
            return contains(again.read_line(), R"("type":"hello")");
        },
        "a place that is free again");
}

TEST_CASE("a peer turns away more connections from a host than that may have, and no other host") {
    serving_peer alice{{"--max-connections-per-host", "2"}};
    const std::uint16_t port = alice.peer.port();
    tcp_client first = tcp_client::connect(port, "127.0.0.2");
    tcp_client second = tcp_client::connect(port, "127.0.0.2");
    tcp_client third = tcp_client::connect(port, "127.0.0.2");
    CHECK(contains(last_words(third), code("too_many_connections")));
    alice.peer.join(alice.set, "1-4");
}

TEST_CASE("who has not said hello to a peer in time is out, also with a byte now and then") {
    serving_peer alice{{"--hello-limit", "300ms"}};
    tcp_client silent = alice.peer.visit();
    CHECK(contains(last_words(silent), code("timed_out")));
    tcp_client slow = alice.peer.visit();
    CHECK(trickle(slow, " "));
    CHECK(contains(last_words(slow), code("timed_out")));
}

TEST_CASE("a peer whose bytes never become a line is silent for another") {
    serving_peer alice{{"--silence-limit", "1s"}};
    tcp_client guest = alice.peer.join(alice.set, "1-4");
    CHECK(trickle(guest, "x"));
    CHECK(contains(last_words(guest), code("timed_out")));
}

TEST_CASE("a peer reads lines up to its limit") {
    serving_peer alice{{"--max-line", "30KiB"}};
    tcp_client guest = alice.peer.join(alice.set, "1-4");
    guest.send_line(R"({"type":"ping","filler":")" + std::string(30'000, 'x') + "\"}");
    guest.send_line(R"({"type":"request","chunk":1})");
    CHECK(contains(guest.read_line(), R"("type":"chunk")"));
    guest.read_exact(alice.set.chunk(1).size());
    guest.send(std::string(30 * 1024 + 1, 'x'));
    CHECK(contains(last_words(guest), code("line_too_long")));
}

TEST_CASE("a peer that asks another for more than that keeps is out") {
    const file_set set{2, 1'000'000};
    const temp_folder here;
    const tracker_program tracker{{"--quorum", "1"}};
    peer_program alice{tracker,
                       make_folder(here / "alice", set, "1-2"),
                       "alice",
                       {"--max-open-requests", "100", "--limit-up", "1MiB/s"}};
    tcp_client guest = alice.join(set, "1-2");
    for (int i = 0; i < 101; ++i) guest.send_line(R"({"type":"request","chunk":1})");
    CHECK_FALSE(contains(guest.read_line(), "error"));
    for (int i = 0; i < 2; ++i) guest.send_line(R"({"type":"request","chunk":1})");
    CHECK(contains(guest.read_to_end(), code("too_many_requests")));
}

TEST_CASE("get takes no manifest over its limit") {
    const temp_folder here;
    const tree content = files(here / "set", 20, 1'000);
    sharer alice{content};
    const finished_process refused =
        get({alice.link(), here / "copy", "--max-manifest", "300", "--give-up-after", "1s"});
    CHECK(refused.exit_code == 5);
    CHECK(contains(refused.output, "more than 300 B (see --max-manifest)"));
    CHECK(get({alice.link(), here / "copy", "--max-manifest", "2KiB"}).exit_code == 0);
    CHECK(tree_difference(here / "copy", content) == "");
}

TEST_CASE("limits that would stop the programs' own messages are refused") {
    CHECK(contains(run_tracker({"--max-line", "1KiB"}).output, "1KiB is not from 24.0 KiB to"));
    CHECK(contains(run_tracker({"--max-json-depth", "2"}).output, "--max-json-depth"));
    CHECK(contains(run_tracker({"--max-name", "101"}).output, "--max-name"));
    CHECK(contains(run_client({"--folder", "x", "--max-open-requests", "10"}).output, "--max-open-requests"));
    CHECK(contains(run_client({"--folder", "x", "--open-per-peer", "65"}).output, "--open-per-peer"));
}

}  // namespace p2p::test
