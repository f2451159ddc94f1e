// What a tracker makes of peers that report others: a peer that sends wrong bytes is put out of the set, and
// whoever lies hurts only itself. Every host is a loopback address of its own.

#include "support/programs.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <optional>

namespace p2p::test {

namespace {

std::string report(const file_set& set, std::uint16_t port, const std::string& host = "127.0.0.1") {
    return R"({"type":"report","fileset":"default","count":)" + std::to_string(set.count()) +
           R"(,"chunk":1,"host":")" + host + R"(","port":)" + std::to_string(port) + "}";
}

// A member by hand that has nothing.
tcp_client member(const tracker_program& tracker, const file_set& set, const std::string& name,
                  std::uint16_t port, const std::string& host) {
    tcp_client line = tracker.join(name, port, host);
    line.send_line(announce(set, ""));
    line.read_line();
    return line;
}

// What the tracker answers to the question who has the first chunk.
std::string holders(tcp_client& line, const file_set& set) {
    line.send_line(locate(set, "1"));
    return line.read_line();
}

// Everything that was sent before it has been dealt with.
void wait_until_read(tcp_client& line) {
    line.send_line(R"({"type":"ping"})");
    REQUIRE(line.read_line() == R"({"type":"pong"})");
}

}  // namespace

TEST_CASE("a peer that sends wrong bytes to three hosts is not named any more, and told so") {
    const file_set set{12, 1'000};
    const temp_folder here;
    tracker_program tracker{{"--quorum", "1"}};
    fake_peer mallory{tracker, set};
    tcp_client witness = member(tracker, set, "witness", 6001, "127.0.0.9");
    CHECK(contains(holders(witness, set), "mallory"));

    std::vector<std::unique_ptr<peer_program>> victims;
    for (const std::string host : {"127.0.0.2", "127.0.0.3", "127.0.0.4"}) {
        CAPTURE(host);
        const words from{"--listen", host};
        victims.push_back(
            std::make_unique<peer_program>(tracker, make_folder(here / host, set, ""), "victim", from));
        tcp_client line = mallory.next_visitor();
        line.read_line();  // a request for any
        for (const std::uint32_t chunk : {3U, 7U})
            line.send(part(chunk, 0, 4, set.chunk(chunk).size()) + "bad!" +
                      part(chunk, 4, set.chunk(chunk).size() - 4, set.chunk(chunk).size()) +
                      set.chunk(chunk).substr(4));
        CHECK(contains(line.read_to_end(), R"("code":"wrong_chunks")"));
        tracker.wait_for("victim at " + host + ":" + std::to_string(victims.back()->port()) +
                         " reports that mallory at 127.0.0.1");
        if (host != "127.0.0.4") CHECK(contains(holders(witness, set), "mallory"));
    }
    tracker.wait_for("is put out of default (12 chunks): too many hosts report that it sends wrong bytes");
    CHECK_FALSE(contains(holders(witness, set), "mallory"));
}

TEST_CASE("one host that reports ten times bans nobody, and keeps only itself away") {
    const file_set set{12, 1'000};
    tracker_program tracker{{"--quorum", "1"}};
    const fake_peer honest{tracker, set};
    tcp_client witness = member(tracker, set, "witness", 6001, "127.0.0.9");
    const std::string before = holders(witness, set);
    REQUIRE(contains(before, "mallory"));

    std::vector<tcp_client> liars;
    for (std::uint16_t port = 6001; port <= 6010; ++port) {
        liars.push_back(member(tracker, set, "liar", port, "127.0.0.2"));
        liars.back().send_line(report(set, honest.port()));
        wait_until_read(liars.back());
        CHECK_FALSE(contains(holders(liars.back(), set), "mallory"));
    }
    CHECK(contains(holders(witness, set), "mallory"));
    tcp_client neighbour = member(tracker, set, "neighbour", 7000, "127.0.0.2");
    CHECK(contains(holders(neighbour, set), "mallory"));
}

TEST_CASE("whoever is no member of the set cannot report one of its peers") {
    const file_set set{12, 1'000};
    tracker_program tracker{{"--quorum", "1", "--reports-to-ban", "1"}};
    const fake_peer honest{tracker, set};
    tcp_client witness = member(tracker, set, "witness", 6001, "127.0.0.9");
    for (const std::string host : {"127.0.0.2", "127.0.0.3"}) {
        tcp_client stranger = tracker.join("stranger", 6001, host);
        stranger.send_line(report(set, honest.port()));
        wait_until_read(stranger);
    }
    CHECK(contains(holders(witness, set), "mallory"));
    witness.send_line(report(set, honest.port()));
    tracker.wait_for("is put out of");
}

TEST_CASE("a peer that comes back is put out still") {
    const file_set set{12, 1'000};
    tracker_program tracker{{"--quorum", "1", "--reports-to-ban", "1"}};
    tcp_client witness = member(tracker, set, "witness", 6001, "127.0.0.9");
    std::optional<tcp_client> bad = member(tracker, set, "mallory", 6002, "127.0.0.2");
    witness.send_line(report(set, 6002, "127.0.0.2"));
    CHECK(contains(bad->read_line(), R"("code":"banned")"));
    bad.reset();
    tcp_client again = tracker.join("innocent", 6002, "127.0.0.2");
    again.send_line(announce(set, set.ranges()));
    CHECK(contains(again.read_line(), R"("code":"banned")"));
    CHECK_FALSE(contains(holders(witness, set), "innocent"));
    tracker.wait_for("127.0.0.2 is refused: it is put out of");
}

TEST_CASE("whatever a peer that is put out says of the set, it is told so") {
    const file_set set{12, 1'000};
    const std::string about = R"("fileset":"default","count":12)";
    const tracker_program tracker{{"--quorum", "1", "--reports-to-ban", "1"}};
    tcp_client witness = member(tracker, set, "witness", 6001, "127.0.0.9");
    tcp_client bad = member(tracker, set, "mallory", 6002, "127.0.0.2");
    witness.send_line(report(set, 6002, "127.0.0.2"));
    CHECK(contains(bad.read_line(), R"("code":"banned")"));
    for (const std::string& line :
         {announce(set, ""), locate(set, "1"), report(set, 6001, "127.0.0.9"),
          R"({"type":"withdraw",)" + about + "}", R"({"type":"withdraw",)" + about + R"(,"chunks":"1"})"}) {
        CAPTURE(line);
        bad.send_line(line);
        bad.send_line(R"({"type":"ping"})");
        CHECK(contains(bad.read_line(), R"("code":"banned")"));
        CHECK(bad.read_line() == R"({"type":"pong"})");
    }
}

TEST_CASE("--advertise ends a peer in one line where the tracker does not allow it") {
    const file_set set{3, 1'000};
    const temp_folder here;
    const tracker_program tracker;
    const auto folder = make_folder(here / "alice", set, "1");
    const auto peer = run_client({"--folder", folder, "--tracker", tracker.address(), "--advertise",
                                  "somebody.example", "--log-level", "error"});
    CHECK(peer.exit_code == 4);
    CHECK(contains(peer.output, "refuses this peer"));
    CHECK(contains(peer.output, "--allow-advertise"));
    CHECK(std::count(peer.output.begin(), peer.output.end(), '\n') == 1);
}

TEST_CASE("a peer that listens on one address comes from it") {
    const file_set set{3, 1'000};
    const temp_folder here;
    tracker_program tracker;
    const peer_program alice{
        tracker, make_folder(here / "alice", set, "1"), "alice", {"--listen", "127.0.0.5"}};
    tracker.wait_for("alice at 127.0.0.5:");
}

}  // namespace p2p::test
