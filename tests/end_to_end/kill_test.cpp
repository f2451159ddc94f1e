// A peer that is killed again and again, wherever it is in a transfer: what it had is never fetched again,
// what it has is right, and in the end it is complete.

#include "support/programs.hpp"
#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <random>
#include <sstream>
#include <thread>

namespace p2p::test {

namespace {

namespace fs = std::filesystem;

const unsigned kills = times(20, 200);

/// A number behind this text in what the program says as it starts: "has 7 of 400 chunks".
std::uint32_t said_number(process& by, std::string_view before) {
    return static_cast<std::uint32_t>(std::stoul(by.wait_for_rest_of_line(before)));
}

/// Stored chunks that are not what they should be, or that are listed and not there.
unsigned wrong_chunks(const fs::path& folder, const file_set& set) {
    unsigned wrong = 0;
    for (std::uint32_t chunk = 1; chunk <= set.count(); ++chunk) {
        const fs::path file = folder / ("chunk_" + std::to_string(chunk));
        if (fs::exists(file) && read_text(file) != set.chunk(chunk)) ++wrong;
    }
    std::istringstream lines(read_text(folder / "local_chunks.txt"));
    for (std::string line; std::getline(lines, line);) {
        const std::string name = line.substr(line.find(',') + 1);
        if (name != "LASTCHUNK" && !fs::exists(folder / name)) ++wrong;
    }
    return wrong;
}

/// Kills it after a moment, which is another one each time.
void kill_sometime(process& victim, std::mt19937& random) {
    constexpr unsigned longest = 30'000;
    std::this_thread::sleep_for(std::chrono::microseconds{random() % longest});
    victim.kill_hard();
}

}  // namespace

TEST_CASE("a peer that fetches a chunk folder may be killed again and again, and fetches nothing twice") {
    const file_set set{2'000, 2'000};
    const temp_folder here;
    const tracker_program tracker{{"--quorum", "1"}};
    peer_program alice{tracker, make_folder(here / "alice", set, set.ranges()), "alice"};
    const fs::path folder = make_folder(here / "carol", set, "");
    std::mt19937 random{1};
    std::uint32_t had = 0;
    unsigned in_the_middle = 0;
    for (unsigned kill = 0; kill < kills; ++kill) {
        CAPTURE(kill);
        peer_program carol{tracker, folder, "carol", {"--limit-down", "400KB/s"}};
        const std::uint32_t listed = said_number(carol, "has ");
        CHECK(listed <= had);
        if (random() % 4 != 0)  // otherwise while it begins
            wait_until([&] { return chunks_stored(folder) > had || had == set.count(); }, "another chunk");
        kill_sometime(carol, random);
        CHECK(wrong_chunks(folder, set) == 0);
        CHECK(chunks_stored(folder) >= had);
        had = chunks_stored(folder);
        if (had < set.count()) ++in_the_middle;
    }
    CHECK(in_the_middle > kills / 2);
    const std::uint32_t lacks = set.count() - had;
    peer_program carol{tracker, folder, "carol", {"--once"}};
    CHECK(carol.wait_for_exit() == 0);
    CHECK(difference(folder, set) == "");
    if (lacks > 0) CHECK(said_number(carol, "complete, ") == lacks);

    alice.kill_hard();
    const peer_program serves{tracker, folder, "carol"};
    peer_program dave{tracker, make_folder(here / "dave", set, ""), "dave", {"--once"}};
    CHECK(dave.wait_for_exit() == 0);
    CHECK_FALSE(dave.said("wrong content"));
    CHECK(difference(here / "dave", set) == "");
}

TEST_CASE("a get may be killed again and again, and fetches nothing twice that was recorded") {
    constexpr byte_count chunk_size = 4096;
    const temp_folder here;
    const tracker_program tracker;
    const tree set = files(here / "set", 20, 50 * chunk_size);
    sharer alice{tracker, set, {"--chunk-size", "4KiB"}};
    const fs::path copy = here / "copy";
    std::mt19937 random{1};
    std::uint32_t had = 0;
    unsigned in_the_middle = 0;
    for (unsigned kill = 0; kill < kills; ++kill) {
        CAPTURE(kill);
        getter gets{{alice.link(), copy, "--limit-down", "800KB/s"}};
        if (random() % 4 != 0)  // otherwise while it begins
            wait_until(
                [&] {
                    const std::uint32_t recorded = chunks_recorded(copy, alice.parsed());
                    return recorded > had || recorded == 1'000;
                },
                "another chunk");
        kill_sometime(gets, random);
        CHECK(wrong_in_part(copy, set) == "");
        const std::uint32_t has = chunks_recorded(copy, alice.parsed());
        CHECK(has >= had);
        had = has;
        if (had < 1'000) ++in_the_middle;
    }
    CHECK(in_the_middle > kills / 2);
    const finished_process ended = get({alice.link(), copy});
    CHECK(ended.exit_code == exits::done);
    CHECK(tree_difference(copy, set) == "");
    CHECK(chunks_fetched(ended.output) <= 1'000 - had);

    const std::string link = alice.link();
    alice.kill_hard();
    const server serves{tracker, {copy}};
    CHECK(get({link, here / "other"}).exit_code == exits::done);
    CHECK(tree_difference(here / "other", set) == "");
}

}  // namespace p2p::test
