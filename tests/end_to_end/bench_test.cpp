// What of `bench swarm --with` needs neither root nor the tools that it measures.

#include "support/programs.hpp"
#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

namespace p2p::test {

namespace {

namespace fs = std::filesystem;

const fs::path scripts = fs::path{P2P_SOURCE_DIR} / "tools/bench";
constexpr const char* python = "/usr/bin/python3";
const bool has_bench = fs::exists(program("bench"));  // tools/nightly builds it

/// What the tracker answers to a peer that listens at this port of this host.
std::string announce(std::uint16_t tracker, const std::string& host, const std::string& port) {
    tcp_client peer = tcp_client::connect(tracker, host);
    peer.send("GET /announce?info_hash=%01&left=7&port=" + port + " HTTP/1.0\r\n\r\n");
    return peer.read_to_end();
}

}  // namespace

TEST_CASE("bench says which package has a tool that it is to measure" *
          doctest::skip(!has_bench || fs::exists("/usr/bin/aria2c"))) {
    const auto ended = run(program("bench"), {"swarm", "--with", "aria2"});
    CHECK(ended.exit_code == 1);
    CHECK(ended.output == "bench: aria2 is not installed (Debian: aria2, python3)\n");
}

TEST_CASE("bench measures no tool that it does not know" * doctest::skip(!has_bench)) {
    const auto ended = run(program("bench"), {"swarm", "--with", "floppy disks"});
    CHECK(ended.exit_code == 2);
    CHECK_MESSAGE(contains(ended.output, "rsync"), ended.output);
}

TEST_CASE("the tracker that bench has for BitTorrent makes a torrent, and tells peers of those before them") {
    const temp_folder here;
    write_text(here / "content", "seven b");
    process tracker{
        python, {scripts / "bittorrent_tracker.py", here / "content", "4", "127.0.0.1:0", here / "torrent"}};
    const auto port = static_cast<std::uint16_t>(std::stoul(tracker.wait_for_rest_of_line("127.0.0.1:")));
    CHECK(contains(read_text(here / "torrent"),
                   "4:infod6:lengthi7e4:name7:content12:piece lengthi4e6:pieces40:"));
    CHECK(announce(port, "127.0.0.2", "258").ends_with("5:peers0:e"));
    CHECK(announce(port, "127.0.0.3", "259")
              .ends_with(std::string{"5:peers6:\x7f\0\0\x02\x01\x02"
                                     "e",
                                     16}));
    tracker.wait_for("127.0.0.3 lacks 7 bytes");
}

TEST_CASE("the script that bench has for libtorrent can be read by Python") {
    const auto ended = run(python, {"-c", "import ast, sys; ast.parse(open(sys.argv[1]).read())",
                                    scripts / "libtorrent_peer.py"});
    CHECK_MESSAGE(ended.exit_code == 0, ended.output);
}

}  // namespace p2p::test
