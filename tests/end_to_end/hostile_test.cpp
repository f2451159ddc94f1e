// Whatever is thrown at an open port, the program is there afterwards and works.

#include "support/programs.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <sys/resource.h>

namespace p2p::test {

namespace {

struct throw_in {
    const char* name;
    std::string bytes;
    std::string answer;  // what the program says to it; "": nothing
};

std::string repeated(const std::string& text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += text;
    return all;
}

// What is thrown at the tracker and at a peer alike, instead of a hello.
std::vector<throw_in> noise() {
    return {
        {"nothing at all", "", ""},
        {"half a line", R"({"type":"hel)", ""},
        {"an empty line", "\n", "bad_json"},
        {"binary noise", file_set{2, 3'000}.chunk(1) + "\n", "bad_json"},
        {"a NUL in a line", std::string{"{\"type\":\"ping\"\0}\n", 17}, "bad_json"},
        {"invalid UTF-8", "{\"type\":\"\xC3\x28\"}\n", "bad_json"},
        {"an array", "[]\n", "bad_json"},
        {"a deep nest", repeated("{\"a\":[", 500) + "\n", "bad_json"},
        {"a line over the limit", std::string(70'000, ' ') + "\n", "line_too_long"},
        {"an endless line", std::string(1'000'000, '{'), "line_too_long"},
        {"a message that says no type", "{\"version\":1}\n", "\"error\""},
        {"a type that is no text", "{\"type\":{\"type\":\"hello\"}}\n", "\"error\""},
    };
}

std::vector<throw_in> operator+(std::vector<throw_in> first, const std::vector<throw_in>& more) {
    first.insert(first.end(), more.begin(), more.end());
    return first;
}

// As many as the system lets this process have, but no more than are asked for.
std::size_t descriptors(std::size_t wanted) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    constexpr rlim_t others = 500;
    return std::min<std::size_t>(wanted, limit.rlim_cur - others);
}

}  // namespace

TEST_CASE("the tracker survives whatever is sent instead of a hello") {
    const tracker_program tracker;
    const std::vector<throw_in> table =
        noise() + std::vector<throw_in>{
                      {"no name",
                       R"({"type":"hello","version":1,"transfer_port":1})"
                       "\n",
                       "bad_field"},
                      {"an empty name",
                       R"({"type":"hello","version":1,"name":"","transfer_port":1})"
                       "\n",
                       "bad_field"},
                      {"a name with a control character",
                       R"({"type":"hello","version":1,"name":"\u001b[2J","transfer_port":1})"
                       "\n",
                       "bad_field"},
                      {"a name over the limit",
                       R"({"type":"hello","version":1,"name":")" + std::string(101, 'x') +
                           R"(","transfer_port":1})"
                           "\n",
                       "bad_field"},
                      {"port 0",
                       R"({"type":"hello","version":1,"name":"x","transfer_port":0})"
                       "\n",
                       "bad_field"},
                      {"port 65536",
                       R"({"type":"hello","version":1,"name":"x","transfer_port":65536})"
                       "\n",
                       "bad_field"},
                      {"port -1",
                       R"({"type":"hello","version":1,"name":"x","transfer_port":-1})"
                       "\n",
                       "bad_field"},
                      {"a port that is no number",
                       R"({"type":"hello","version":1,"name":"x","transfer_port":"1"})"
                       "\n",
                       "bad_field"},
                      {"a port with a fraction",
                       R"({"type":"hello","version":1,"name":"x","transfer_port":1.5})"
                       "\n",
                       "bad_field"},
                  };
    for (const throw_in& one : table) {
        CAPTURE(one.name);
        tcp_client line = tracker.visit();
        line.send(one.bytes);
        line.finish();
        CHECK(contains(line.read_to_end(), one.answer));
    }
    tracker.join("honest", 1);
}

TEST_CASE("the tracker survives whatever is sent after the hello, and keeps the connection") {
    const tracker_program tracker;
    tcp_client line = tracker.join("mallory", 1);
    const std::string announce_of_3 = R"({"type":"announce","fileset":"default","count":3,"chunks":)";
    const std::string locate_in_3 = R"({"type":"locate","fileset":"default","count":3,"chunks":)";
    const std::string hash = R"("hash":"d4b7bdc562e874490faa4cd9d8c4e3c6")";
    const std::vector<throw_in> table{
        {"chunk 0", announce_of_3 + R"([{"chunk":0,)" + hash + R"(,"size":6}]})", ""},
        {"a chunk over the count", announce_of_3 + R"([{"chunk":4,)" + hash + R"(,"size":6}]})", ""},
        {"no hash", announce_of_3 + R"([{"chunk":1,"size":6}]})", ""},
        {"a short hash", announce_of_3 + R"([{"chunk":1,"hash":"d4b7","size":6}]})", ""},
        {"a hash of other letters",
         announce_of_3 + R"([{"chunk":1,"hash":")" + std::string(32, 'g') + R"(","size":6}]})", ""},
        {"a negative size", announce_of_3 + R"([{"chunk":1,)" + hash + R"(,"size":-6}]})", ""},
        {"a size over the limit",
         announce_of_3 + R"([{"chunk":1,)" + hash + R"(,"size":9223372036854775808}]})", ""},
        {"claims that are no array", announce_of_3 + R"({"chunk":1})" + "}", ""},
        {"ranges that go back", locate_in_3 + R"("2-1"})", ""},
        {"ranges that overlap", locate_in_3 + R"("1-2,2-3"})", ""},
        {"ranges over the count", locate_in_3 + R"("1-4"})", ""},
        {"ranges that are noise", locate_in_3 + R"("1-,x"})", ""},
        {"a count of a billion", R"({"type":"locate","fileset":"default","count":1000000000,"chunks":"1"})",
         ""},
        {"a set without a name", R"({"type":"locate","fileset":"","count":3,"chunks":"1"})", ""},
    };
    for (const throw_in& one : table) {
        CAPTURE(one.name);
        line.send_line(one.bytes);
        CHECK(contains(line.read_line(), R"("code":"bad_field")"));
    }
    line.send_line(R"({"type":"ping"})");
    CHECK(line.read_line() == R"({"type":"pong"})");
}

TEST_CASE("a tracker's client that never reads does not stop the others") {
    const file_set set{4, 100};
    const tracker_program tracker;
    tcp_client deaf = tracker.join("deaf", 1);
    for (int i = 0; i < 500; ++i)  // answers of many megabytes
        deaf.send_line(R"({"type":"locate","fileset":"default","count":12800,"chunks":"1-12800"})");
    tcp_client other = tracker.join("other", 2);
    other.send_line(locate(set, "1-4"));
    CHECK(contains(other.read_line(), R"("unknown":"1-4")"));
}

TEST_CASE("connections that are reset at once are no further host, and have no vote") {
    const file_set set{3, 1'000};
    tracker_program tracker{{"--one-vote-per", "host", "--quorum", "2"}};
    tcp_client patient = tracker.join("mallory", 1);
    patient.send_line(announce(set, "1"));
    REQUIRE(contains(patient.read_line(), R"("pending":"1")"));
    tracker.signal(SIGSTOP);  // when it looks at them, nobody is there any more
    for (int port = 2; port < 52; ++port) {
        tcp_client hasty = tracker.visit();
        hasty.send_line(R"({"type":"hello","version":1,"name":"mallory","transfer_port":)" +
                        std::to_string(port) + "}");
        hasty.send_line(announce(set, "1"));
        hasty.reset();
    }
    tracker.signal(SIGCONT);
    tracker.join("last", 52);
    patient.send_line(R"({"type":"ping"})");
    CHECK(patient.read_line() == R"({"type":"pong"})");
    CHECK_FALSE(tracker.said("0.0.0.0"));
}

TEST_CASE("thousands of half-open connections do not keep two peers from their tracker") {
    const file_set set{16, 10'000};
    const temp_folder here;
    const tracker_program tracker{{"--quorum", "1"}};
    const std::size_t wanted = descriptors(10'000);
    CHECK(wanted >= 400);
    std::vector<tcp_client> open;
    while (open.size() < wanted) open.push_back(tcp_client::connect(tracker.port(), "127.0.0.3"));
    const peer_program alice{tracker, make_folder(here / "alice", set, "1-16"), "alice"};
    peer_program carol{tracker, make_folder(here / "carol", set, ""), "carol", {"--once"}};
    CHECK(carol.wait_for_exit() == 0);
    CHECK(difference(here / "carol", set) == "");
    for (tcp_client& one : open) one.reset();
}

TEST_CASE("thousands of half-open connections do not keep a peer from serving") {
    const file_set set{4, 10'000};
    const temp_folder here;
    const tracker_program tracker{{"--quorum", "1"}};
    peer_program alice{tracker, make_folder(here / "alice", set, "1-4"), "alice"};
    const std::size_t wanted = descriptors(2'000);
    std::vector<tcp_client> open;
    while (open.size() < wanted) open.push_back(tcp_client::connect(alice.port(), "127.0.0.3"));
    peer_program carol{tracker, make_folder(here / "carol", set, ""), "carol", {"--once"}};
    CHECK(carol.wait_for_exit() == 0);
    CHECK(difference(here / "carol", set) == "");
    for (tcp_client& one : open) one.reset();
}

TEST_CASE("a peer survives whatever is sent instead of a hello") {
    const file_set set{4, 1'000};
    const temp_folder here;
    const tracker_program tracker{{"--quorum", "1"}};
    peer_program alice{tracker, make_folder(here / "alice", set, "1-3"), "alice"};
    const std::string hello = R"({"type":"hello","version":1,"name":"x","transfer_port":1,"instance":)";
    const std::string rest = R"(,"fileset":"default","count":4,"chunks":"1"})"
                             "\n";
    const std::vector<throw_in> table =
        noise() + std::vector<throw_in>{
                      {"instance 0", hello + "0" + rest, "bad_field"},
                      {"an instance over the limit", hello + "18446744073709551616" + rest, "\"error\""},
                      {"no instance", hello + "null" + rest, "bad_field"},
                      {"chunks over the count",
                       hello + R"(7,"fileset":"default","count":4,"chunks":"1-5"})"
                               "\n",
                       "bad_field"},
                      {"a chunk that nobody asked for", part(1, 0, 10, 10) + "0123456789", "hello_first"},
                  };
    for (const throw_in& one : table) {
        CAPTURE(one.name);
        tcp_client line = alice.visit();
        line.send(one.bytes);
        line.finish();
        CHECK(contains(line.read_to_end(), one.answer));
    }
    tcp_client guest = alice.join(set, "1-3");
    guest.send_line(R"({"type":"request","chunk":1})");
    guest.read_line();
    CHECK(guest.read_exact(set.chunk(1).size()) == set.chunk(1));
}

TEST_CASE("a peer survives whatever is sent after the hello") {
    const file_set set{4, 1'000};
    const temp_folder here;
    const tracker_program tracker{{"--quorum", "1"}};
    peer_program alice{tracker, make_folder(here / "alice", set, "1-3"), "alice"};
    const std::vector<throw_in> table{
        {"half a line", R"({"type":"requ)", ""},
        {"a request for chunk 0", "{\"type\":\"request\",\"chunk\":0}\n", "bad_field"},
        {"a request for nothing", "{\"type\":\"request\"}\n", "bad_field"},
        {"a request that excepts noise", "{\"type\":\"request\",\"any\":true,\"except\":\"x\"}\n",
         "bad_field"},
        {"news of a chunk over the count", "{\"type\":\"have\",\"chunks\":\"5\"}\n", "bad_field"},
        {"a second hello", hello_to_peer(set, "", 1, 1) + "\n", "bad_field"},
        {"a tracker's message", "{\"type\":\"pong\"}\n", "unknown_type"},
        {"a part over the limit", part(4, 0, 1'048'577, 2'000'000), "bad_field"},
        {"half a part that nobody asked for", part(4, 0, 1'000, 1'000) + "half", ""},
        {"a refusal of what nobody asked for", "{\"type\":\"refuse\",\"chunk\":1,\"reason\":\"\"}\n", ""},
        {"a goodbye with an error", "{\"type\":\"error\",\"code\":\"x\",\"message\":\"y\"}\n", ""},
        {"a line over the limit", std::string(70'000, 'x') + "\n", "line_too_long"},
    };
    for (const throw_in& one : table) {
        CAPTURE(one.name);
        tcp_client line = alice.join(set, "1-3");
        line.send(one.bytes);
        line.finish();
        CHECK(contains(line.read_to_end(), one.answer));
    }
    tcp_client guest = alice.join(set, "1-3");
    guest.send_line(R"({"type":"request","chunk":1})");
    guest.read_line();
    CHECK(guest.read_exact(set.chunk(1).size()) == set.chunk(1));
}

TEST_CASE("more requests than are kept end the connection that they come on, and no other") {
    constexpr std::uint32_t requests = 1000;
    const file_set set{requests + 1, 1'000};
    const temp_folder here;
    const tracker_program tracker{{"--quorum", "1"}};
    peer_program alice{tracker, make_folder(here / "alice", set, set.ranges()), "alice"};
    tcp_client mallory = alice.join(set, set.ranges());
    std::string all;
    for (std::uint32_t chunk = 1; chunk <= requests; ++chunk)
        all += R"({"type":"request","chunk":)" + std::to_string(chunk) + "}\n";
    mallory.send(all);
    CHECK(contains(mallory.read_to_end(), R"("code":"too_many_requests")"));
    tcp_client guest = alice.join(set, set.ranges());
    constexpr std::size_t as_many_as_are_kept = 64;
    std::size_t end = 0;
    for (std::size_t i = 0; i < as_many_as_are_kept; ++i) end = all.find('\n', end) + 1;
    guest.send(all.substr(0, end));
    for (std::uint32_t chunk = 1; chunk <= as_many_as_are_kept; ++chunk) {
        guest.read_line();
        REQUIRE(guest.read_exact(set.chunk(chunk).size()) == set.chunk(chunk));
    }
}

TEST_CASE("who asks for the same chunk again and again is sent away, and others are served") {
    const file_set set{2, 10'000};
    const temp_folder here;
    const tracker_program tracker{{"--quorum", "1"}};
    peer_program alice{tracker, make_folder(here / "alice", set, "1-2"), "alice"};
    tcp_client greedy = alice.join(set, "1-2");
    const std::string request = R"({"type":"request","chunk":1})";
    constexpr int more_than_enough = 50;
    std::string answer;
    for (int i = 0; i < more_than_enough && !contains(answer, "error"); ++i) {
        greedy.send_line(request);
        answer = greedy.read_line();
        if (contains(answer, R"("type":"chunk")")) greedy.read_exact(set.chunk(1).size());
    }
    CHECK(contains(answer, R"("code":"idle_talk")"));
    tcp_client guest = alice.join(set, "1-2");
    guest.send_line(request);
    guest.read_line();
    CHECK(guest.read_exact(set.chunk(1).size()) == set.chunk(1));
}

TEST_CASE("chunks that are larger than allowed are not fetched, whoever agrees on them") {
    const file_set set{2, 10'000};
    const temp_folder here;
    const tracker_program tracker;
    const peer_program alice{tracker, make_folder(here / "alice", set, "1-2"), "alice"};
    const peer_program bob{tracker, make_folder(here / "bob", set, "1-2"), "bob"};
    peer_program carol{tracker, make_folder(here / "carol", set, ""), "carol", {"--max-chunk", "9999"}};
    carol.wait_for("such chunks are not fetched (see --max-chunk)");
    peer_program dave{tracker, make_folder(here / "dave", set, ""), "dave", {"--max-chunk", "10000"}};
    dave.wait_for("complete");
}

}  // namespace p2p::test
