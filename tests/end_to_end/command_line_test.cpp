// What the programs are told on the command line and by signals, and what they exit with.

#include "support/programs.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <thread>

namespace p2p::test {

namespace {

const file_set small{4, 100};

constexpr int usage = 2;
constexpr int storage = 3;
constexpr int network = 4;
constexpr int incomplete = 5;

// A tracker's address at which nobody listens any more.
std::string address_of_nobody() {
    return "127.0.0.1:" + std::to_string(tcp_listener{}.port());
}

// Says the same to everybody who connects.
class parrot {
public:
    explicit parrot(std::string says) : says_{std::move(says)} {}
    ~parrot() {
        over_ = true;
        tcp_client::connect(listener_.port());
        thread_.join();
    }

    std::string address() const { return "127.0.0.1:" + std::to_string(listener_.port()); }

private:
    void talk() {
        while (!over_) listener_.accept().send(says_);
    }

    std::string says_;
    tcp_listener listener_;
    std::atomic<bool> over_ = false;
    std::thread thread_{[this] { talk(); }};
};

}  // namespace

TEST_CASE("wrong options of p2pclient are told in a line, and exit 2") {
    const std::vector<std::pair<words, std::string>> table{
        {{}, "--folder is missing"},
        {{"--folder", "/tmp", "--name", ""}, "--name"},
        {{"--folder", "/tmp", "--fileset", "a\tb"}, "--fileset"},
        {{"--folder", "/tmp", "--advertise", "bad host"}, "--advertise"},
        {{"--nonsense"}, "--nonsense"},
        {{"--folder"}, "--folder"},
        {{"--transfer-port", "70000"}, "--transfer-port"},
        {{"--transfer-port", "-1"}, "--transfer-port"},
        {{"--limit-up", "fast"}, "--limit-up"},
        {{"--limit-down", "0"}, "--limit-down"},
        {{"--upload-slots", "0"}, "--upload-slots"},
        {{"--stall-after", "soon"}, "--stall-after"},
        {{"--tracker", "host:port"}, "--tracker"},
        {{"--seed-for", "3s"}, "--once"},
        {{"--give-up-after", "3s"}, "--once"},
        {{"--folder", "/tmp", "--name", "x", "--log-level", "loud"}, "no such log level: loud"},
        {{"split"}, "FILE"},
        {{"split", "file"}, "--into"},
        {{"split", "file", "--into", "folder", "--chunk-size", "big"}, "--chunk-size"},
        {{"join"}, "DIR"},
        {{"join", "folder"}, "OUTFILE"},
    };
    for (const auto& [options, message] : table) {
        CAPTURE(options);
        const auto ended = run_client(options);
        CHECK(ended.exit_code == usage);
        CHECK_MESSAGE(contains(ended.output, message), ended.output);
    }
}

TEST_CASE("wrong options of p2ptracker are told in a line, and exit 2") {
    const std::vector<std::pair<words, std::string>> table{
        {{"--nonsense"}, "--nonsense"},
        {{"--quorum", "0"}, "--quorum"},
        {{"--one-vote-per", "planet"}, "--one-vote-per"},
        {{"--listen", "127.0.0.1:x"}, "--listen"},
        {{"--silence-limit", "long"}, "--silence-limit"},
        {{"--log-level", "loud"}, "no such log level: loud"},
    };
    for (const auto& [options, message] : table) {
        CAPTURE(options);
        const auto ended = run_tracker(options);
        CHECK(ended.exit_code == usage);
        CHECK_MESSAGE(contains(ended.output, message), ended.output);
    }
}

TEST_CASE("--help says what the exit codes mean, and exits 0") {
    for (const auto& ended : {run_client({"--help"}), run_tracker({"--help"})}) {
        CHECK(ended.exit_code == 0);
        CHECK(contains(ended.output, "Exit codes: 0"));
    }
}

TEST_CASE("a folder that is not there exits 3, with its name") {
    const auto ended = run_client({"--folder", "/nowhere/at/all", "--name", "alice"});
    CHECK(ended.exit_code == storage);
    CHECK(contains(ended.output, "/nowhere/at/all: No such file or directory"));
}

TEST_CASE("a folder without local_chunks.txt exits 3, with its name") {
    const temp_folder here;
    const auto ended = run_client({"--folder", here.path(), "--name", "alice"});
    CHECK(ended.exit_code == storage);
    CHECK(contains(ended.output, (here / "local_chunks.txt").native() + ": No such file or directory"));
}

TEST_CASE("every wrong local_chunks.txt exits 3, with file and line, and is left as it is") {
    struct row {
        std::string text;
        std::string message;  // behind the file's name
    };
    const std::vector<row> table{
        {"", ": the last line, COUNT,LASTCHUNK, is missing"},
        {"1,chunk_1\n2,chunk_2\n", ": the last line, COUNT,LASTCHUNK, is missing"},
        {"1,chunk_1\n0,chunk_0\n4,LASTCHUNK\n", ":2: index 0"},
        {"1,chunk_1\n5,chunk_5\n4,LASTCHUNK\n", ":2: index 5 is over the count of 4"},
        {"\n\n5,chunk_5\n4,LASTCHUNK\n", ":3: index 5 is over the count of 4"},
        {"1,chunk_1\n1,chunk_2\n4,LASTCHUNK\n", ":2: index 1 is listed twice"},
        {"4,LASTCHUNK\n1,chunk_1\n", ":2: nothing may follow"},
        {"0,LASTCHUNK\n", ":1: the count is 0"},
        {"1000000000,LASTCHUNK\n", ":1: the count is over the limit"},
        {"99999999999999999999,LASTCHUNK\n", ":1: the count is over the limit"},
        {"one,chunk_1\n4,LASTCHUNK\n", ":1: expected INDEX,FILENAME"},
        {"-1,chunk_1\n4,LASTCHUNK\n", ":1: expected INDEX,FILENAME"},
        {"1 chunk_1\n4,LASTCHUNK\n", ":1: expected INDEX,FILENAME"},
        {"1,\n4,LASTCHUNK\n", ":1: expected INDEX,FILENAME"},
        {"1,/etc/passwd\n4,LASTCHUNK\n", ":1: the file name \"/etc/passwd\" is absolute"},
        {"1,../secret\n4,LASTCHUNK\n", ":1: the file name \"../secret\""},
        {"1,a/../../secret\n4,LASTCHUNK\n", ":1: the file name"},
        {"1,local_chunks.txt\n4,LASTCHUNK\n", ":1: the file name"},
        {"1,.p2p-part-1\n4,LASTCHUNK\n", ":1: the file name"},
        {std::string{"1,chunk\0_1\n4,LASTCHUNK\n", 24}, ":1: the file name"},
        {std::string{"\x7F"
                     "ELF\2\1\1\0\0\0\0\0\n\n\3\0>",
                     17},
         ":1: expected INDEX,FILENAME"},
    };
    for (const row& one : table) {
        CAPTURE(one.text);
        const temp_folder here;
        make_folder(here.path(), small, "1-2");
        write_text(here / "local_chunks.txt", one.text);
        const auto ended = run_client({"--folder", here.path(), "--name", "alice"});
        CHECK(ended.exit_code == storage);
        const std::string message = (here / "local_chunks.txt").native() + one.message;
        CHECK_MESSAGE(contains(ended.output, message), ended.output);
        CHECK(std::count(ended.output.begin(), ended.output.end(), '\n') == 1);
        CHECK(read_text(here / "local_chunks.txt") == one.text);
    }
}

TEST_CASE("a chunk file that cannot be read exits 3, with its name") {
    const temp_folder here;
    const auto folder = make_folder(here / "folder", small, "1-3");
    auto file = folder / "chunk_2";
    std::string message;
    SUBCASE("because it is not there") {
        std::filesystem::remove(file);
        message = "No such file or directory";
    }
    SUBCASE("because it must not be read") {
        std::filesystem::permissions(file, std::filesystem::perms::none);
        message = "Permission denied";
    }
    SUBCASE("because it is a folder") {
        std::filesystem::remove(file);
        std::filesystem::create_directory(file);
        message = "not a regular file";
    }
    SUBCASE("because it is a symbolic link that leads outside") {
        std::filesystem::remove(file);
        std::filesystem::create_symlink("/etc/passwd", file);
        message = "leads through a symbolic link";
    }
    SUBCASE("because its folder is a symbolic link that leads outside") {
        std::filesystem::create_symlink("/etc", folder / "sub");
        write_text(folder / "local_chunks.txt", "1,sub/passwd\n4,LASTCHUNK\n");
        file = folder / "sub" / "passwd";
        message = "leads through a symbolic link";
    }
    const auto ended = run_client({"--folder", folder, "--name", "alice", "--tracker", address_of_nobody()},
                                  {.obeys_permissions = true});
    CHECK(ended.exit_code == storage);
    CHECK_MESSAGE(contains(ended.output, file.native() + ": " + message), ended.output);
}

TEST_CASE("a folder that must not be written to exits 3 as soon as something comes") {
    const temp_folder here;
    const tracker_program tracker{{"--quorum", "1"}};
    const peer_program alice{tracker, make_folder(here / "alice", small, "1-4"), "alice"};
    const auto folder = make_folder(here / "carol", small, "");
    std::filesystem::permissions(folder,
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
    peer_program carol{tracker, folder, "carol", {"--once"}, {.obeys_permissions = true}};
    CHECK(carol.wait_for_exit() == storage);
    CHECK(carol.said(folder.native()));
    CHECK(carol.said("Permission denied"));
}

TEST_CASE("a folder that another p2pclient is using exits 3") {
    const temp_folder here;
    const tracker_program tracker;
    peer_program first{tracker, make_folder(here / "alice", small, "1-4"), "alice"};
    first.port();
    peer_program second{tracker, here / "alice", "alice"};
    CHECK(second.wait_for_exit() == storage);
    CHECK(second.said("another peer is using this folder"));
}

TEST_CASE("a port that is in use exits 4, with the address") {
    const temp_folder here;
    const tcp_listener taken;
    const std::string port = std::to_string(taken.port());
    const std::string message = "cannot listen on 127.0.0.1:" + port + ": Address already in use";
    const auto tracker = run_tracker({"--listen", "127.0.0.1:" + port});
    CHECK(tracker.exit_code == network);
    CHECK(contains(tracker.output, message));
    const auto client = run_client({"--folder", make_folder(here / "alice", small, "1-4"), "--name", "alice",
                                    "--listen", "127.0.0.1", "--transfer-port", port});
    CHECK(client.exit_code == network);
    CHECK(contains(client.output, message));
}

TEST_CASE("a one-shot peer that cannot reach the tracker exits 4, with its address") {
    const temp_folder here;
    const std::string nobody = address_of_nobody();
    peer_program alice{nobody, make_folder(here / "alice", small, "1"), "alice", {"--once"}};
    CHECK(alice.wait_for_exit() == network);
    CHECK(alice.said("p2pclient: cannot reach the tracker at " + nobody));
}

TEST_CASE("one-shot peers whose tracker answers rubbish exit 4, and say so") {
    const std::vector<std::string> table{
        "220 ftp.example ready\r\n",
        "{\"jsonrpc\":\"2.0\"}\n",
        std::string{"\x16\x03\x01\0\xA5\n\xFF\xFE\n", 9},
        std::string(100'000, 'x'),
        "{\"type\":\"welcome\"}\n",
    };
    const temp_folder here;
    std::deque<parrot> trackers;
    std::deque<peer_program> peers;  // all at once: each tries for some seconds
    for (const std::string& rubbish : table) {
        const std::string name = "peer_" + std::to_string(peers.size());
        trackers.emplace_back(rubbish);
        peers.emplace_back(trackers.back().address(), make_folder(here / name, small, "1"), name,
                           words{"--once"});
    }
    for (std::size_t i = 0; i < peers.size(); ++i) {
        CAPTURE(table[i].substr(0, 30));
        CHECK(peers[i].wait_for_exit() == network);
        CHECK(peers[i].said("p2pclient: cannot reach the tracker at " + trackers[i].address() +
                            ": it does not speak the protocol"));
    }
}

TEST_CASE("a one-shot peer that nobody can help gives up after the time it was given, and exits 5") {
    const temp_folder here;
    const tracker_program tracker;
    peer_program alice{
        tracker, make_folder(here / "alice", small, "2"), "alice", {"--once", "--give-up-after", "1s"}};
    CHECK(alice.wait_for_exit() == incomplete);
    CHECK(alice.said("chunks 1,3-4 are still missing"));
}

TEST_CASE("a one-shot peer that is interrupted before it is complete exits 5") {
    const temp_folder here;
    tracker_program tracker;
    peer_program alice{tracker, make_folder(here / "alice", small, "2"), "alice", {"--once"}};
    tracker.wait_for("alice at");
    alice.signal(SIGINT);
    CHECK(alice.wait_for_exit() == incomplete);
}

TEST_CASE("a set of the largest count starts, and stops") {
    const temp_folder here;
    write_text(here / "alice" / "local_chunks.txt", "16777216,LASTCHUNK\n");
    const tracker_program tracker;
    peer_program alice{tracker, here / "alice", "alice", {"--once", "--give-up-after", "1s"}};
    CHECK(alice.wait_for_exit() == incomplete);
}

TEST_CASE("SIGTERM has a peer say goodbye and exit 0") {
    const temp_folder here;
    tracker_program tracker{{"--quorum", "1", "--log-level", "debug"}};
    peer_program alice{tracker, make_folder(here / "alice", small, "1-2"), "alice"};
    tracker.wait_for("chunk 2 agreed");
    alice.signal(SIGTERM);
    CHECK(alice.wait_for_exit() == 0);
    tracker.wait_for("left: said goodbye");
}

TEST_CASE("a peer that is told to stop lets an upload end") {
    const file_set set{2, 600'000};
    const temp_folder here;
    const tracker_program tracker{{"--quorum", "1"}};
    peer_program alice{tracker, make_folder(here / "alice", set, "1-2"), "alice", {"--limit-up", "1MB/s"}};
    tcp_client guest = alice.join(set, "1-2");
    guest.send_line(R"({"type":"request","chunk":1})");
    REQUIRE(guest.hears_something(patience));
    alice.signal(SIGTERM);
    const std::string parts = guest.read_to_end();
    CHECK(contains(parts, set.chunk(1).substr(set.chunk(1).size() - 1'000)));  // the end of the chunk
    CHECK(alice.wait_for_exit() == 0);
}

TEST_CASE("a peer that is told to stop twice does not wait for who does not read") {
    const file_set set{2, 30'000'000};
    const temp_folder here;
    tracker_program tracker{{"--quorum", "1"}};
    peer_program alice{tracker, make_folder(here / "alice", set, "1"), "alice"};
    tcp_client guest = alice.join(set, "1");
    guest.send_line(R"({"type":"request","chunk":1})");
    REQUIRE(guest.hears_something(patience));
    alice.signal(SIGTERM);
    tracker.wait_for("left: said goodbye");
    const auto before = std::chrono::steady_clock::now();
    alice.signal(SIGTERM);
    CHECK(alice.wait_for_exit() == 0);
    CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds{3});  // the grace time is 5
}

TEST_CASE("a peer that is told to stop does not wait for ever for the rest of a chunk") {
    const file_set set{2, 1'000};
    const temp_folder here;
    const tracker_program tracker{{"--quorum", "1"}};
    fake_peer mallory{tracker, set};
    peer_program bob{tracker, make_folder(here / "bob", set, ""), "bob", {"--stall-after", "1s"}};
    tcp_client line = mallory.next_visitor();
    line.read_line();  // a request
    line.send(part(1, 0, 4, set.chunk(1).size()) + set.chunk(1).substr(0, 4));
    bob.signal(SIGTERM);
    bob.wait_for("finishing transfers in progress");
    CHECK(bob.wait_for_exit() == 0);
}

TEST_CASE("a peer whose standard input is closed serves") {
    const temp_folder here;
    const tracker_program tracker{{"--quorum", "1"}};
    peer_program alice{tracker,
                       make_folder(here / "alice", small, "1-3"),
                       "alice",
                       {},
                       {.in = process_settings::input::closed}};
    alice.join(small, "1-3");
    alice.signal(SIGTERM);
    CHECK(alice.wait_for_exit() == 0);
}

TEST_CASE("SIGTERM and SIGINT have the tracker exit 0") {
    const temp_folder here;
    for (const int number : {SIGTERM, SIGINT}) {
        tracker_program tracker;
        const peer_program alice{tracker, make_folder(here / std::to_string(number), small, "1-2"), "alice"};
        tracker.wait_for("alice at");
        tracker.signal(number);
        CHECK(tracker.wait_for_exit() == 0);
    }
}

TEST_CASE("split makes a chunk folder out of a file, and join the file out of the folder") {
    const file_set set{5, 1'000};
    const temp_folder here;
    write_text(here / "original", set.whole());
    const auto split =
        run_client({"split", here / "original", "--into", here / "folder", "--chunk-size", "1000"});
    CHECK(split.exit_code == 0);
    CHECK(contains(split.output, "5 chunks"));
    CHECK(difference(here / "folder", set) == "");
    const auto joined = run_client({"join", here / "folder", here / "copy"});
    CHECK(joined.exit_code == 0);
    CHECK(read_text(here / "copy") == set.whole());
}

TEST_CASE("split and join exit 3 with a line that names the file") {
    const temp_folder here;
    const auto partial = make_folder(here / "partial", small, "1,3");
    write_text(here / "empty", "");
    write_text(here / "file", "content");
    const std::vector<std::pair<words, std::string>> table{
        {{"split", "/nowhere", "--into", here / "new"}, "/nowhere: No such file or directory"},
        {{"split", here.path(), "--into", here / "new"}, ": not a regular file"},
        {{"split", here / "empty", "--into", here / "new"}, "/empty: is empty"},
        {{"split", here / "file", "--into", partial}, "/partial: is a chunk folder already"},
        {{"split", here / "file", "--into", here / "file"}, "/file: "},
        {{"join", here / "nowhere", here / "copy"}, "/nowhere/local_chunks.txt: No such file or directory"},
        {{"join", partial, here / "copy"}, "/partial: 2 of 4 chunks missing: 2,4"},
    };
    for (const auto& [options, message] : table) {
        CAPTURE(options);
        const auto ended = run_client(options);
        CHECK(ended.exit_code == storage);
        CHECK_MESSAGE(contains(ended.output, message), ended.output);
    }
    CHECK_FALSE(std::filesystem::exists(here / "new"));
    CHECK_FALSE(std::filesystem::exists(here / "copy"));
}

TEST_CASE("a one-shot command at a folder that is complete announces it and exits 0") {
    const temp_folder folder;
    const tracker_program tracker;
    make_folder(folder.path() / "whole", small, "1-4");
    peer_program once{tracker, folder.path() / "whole", "once", {"--once"}};
    CHECK(once.wait_for_exit() == 0);
    CHECK(tracker.said("once at"));
}

TEST_CASE("quit is obeyed also before the peer has begun to serve") {
    const temp_folder folder;
    const tracker_program tracker;
    make_folder(folder.path() / "part", small, "1-2");
    peer_program hasty{tracker, folder.path() / "part", "hasty", {}, {.in = process_settings::input::pipe}};
    hasty.type("quit\n");
    CHECK(hasty.wait_for_exit() == 0);
}

}  // namespace p2p::test
