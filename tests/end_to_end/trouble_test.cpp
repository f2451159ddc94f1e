// Programs that die in the middle, and peers that do not do what they should. Who remains ends complete.

#include "core/base/units.hpp"
#include "support/programs.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <optional>

namespace p2p::test {

namespace {

// Two complete peers.
struct seeders {
    seeders(const tracker_program& tracker, const file_set& set, const temp_folder& here)
        : alice{tracker, make_folder(here / "alice", set, set.ranges()), "alice"},
          bob{tracker, make_folder(here / "bob", set, set.ranges()), "bob"} {}
    peer_program alice;
    peer_program bob;
};

}  // namespace

TEST_CASE("a peer that is killed in the middle and started again fetches only what it had not yet") {
    const file_set set{40, 50'000};
    const temp_folder here;
    const tracker_program tracker;
    const seeders others{tracker, set, here};
    const auto folder = make_folder(here / "carol", set, "");
    {
        peer_program carol{tracker, folder, "carol", {"--limit-down", "500KB/s"}};
        wait_until([&] { return chunks_listed(folder) >= 4; }, "some chunks");
        carol.kill_hard();
    }
    const std::uint32_t lacks = set.count() - chunks_stored(folder);
    REQUIRE(lacks > 0);
    peer_program again{tracker, folder, "carol", {"--once"}};
    CHECK(again.wait_for_exit() == 0);
    CHECK(again.said("complete, " + p2p::show_count(lacks, "chunk") + " fetched"));
    CHECK(difference(folder, set) == "");
}

TEST_CASE("a tracker that is killed and started again in the middle of transfers is found again") {
    const file_set set{40, 50'000};
    const temp_folder here;
    std::optional<tracker_program> tracker{std::in_place};
    seeders others{*tracker, set, here};
    peer_program carol{
        *tracker, make_folder(here / "carol", set, "1-5"), "carol", {"--limit-down", "1MiB/s"}};
    peer_program dave{*tracker, make_folder(here / "dave", set, "4-9"), "dave", {"--limit-down", "1MiB/s"}};
    wait_until([&] { return chunks_listed(here / "carol") >= 8; }, "some chunks");
    const std::uint16_t port = tracker->port();
    tracker->kill_hard();
    carol.wait_for("lost the tracker");
    tracker.emplace(words{}, port);

    // What was agreed is forgotten, with the tracker; peers that come now depend on all that is announced
    // again.
    peer_program erin{*tracker, make_folder(here / "erin", set, ""), "erin", {"--once"}};
    CHECK(erin.wait_for_exit() == 0);
    CHECK(lasting_difference(here / "carol", set) == "");
    CHECK(lasting_difference(here / "dave", set) == "");
    CHECK(difference(here / "erin", set) == "");
}

TEST_CASE("transfers between connected peers go on while there is no tracker") {
    const file_set set{20, 50'000};
    const temp_folder here;
    tracker_program tracker;
    const seeders others{tracker, set, here};
    peer_program carol{tracker, make_folder(here / "carol", set, ""), "carol", {"--limit-down", "1MiB/s"}};
    wait_until([&] { return chunks_listed(here / "carol") >= 2; }, "some chunks");
    tracker.kill_hard();
    CHECK(lasting_difference(here / "carol", set) == "");
}

TEST_CASE("a peer that waits finds a tracker that is started later") {
    const file_set set{4, 5'000};
    const temp_folder here;
    std::optional<tracker_program> tracker{std::in_place, words{"--quorum", "1"}};
    const std::uint16_t port = tracker->port();
    const std::string address = tracker->address();
    tracker.reset();
    peer_program alice{address, make_folder(here / "alice", set, "1-4"), "alice"};
    alice.wait_for("cannot reach the tracker at " + address);
    tracker.emplace(words{"--quorum", "1"}, port);
    tracker->wait_for("every chunk is agreed");
}

TEST_CASE("a peer that vanishes while it uploads is replaced by others") {
    const file_set set{40, 50'000};
    const temp_folder here;
    tracker_program tracker;
    seeders others{tracker, set, here};
    tracker.wait_for("every chunk is agreed");
    others.alice.signal(SIGSTOP);  // so that it is certain who uploads
    peer_program carol{
        tracker, make_folder(here / "carol", set, ""), "carol", {"--once", "--limit-down", "1MiB/s"}};
    wait_until([&] { return chunks_listed(here / "carol") >= 8; }, "some chunks");
    others.bob.kill_hard();
    others.alice.signal(SIGCONT);
    CHECK(carol.wait_for_exit() == 0);
    CHECK(carol.said("from 2 peers"));
    CHECK(difference(here / "carol", set) == "");
}

TEST_CASE("of a peer that vanishes without a word the tracker forgets what it has, not what was agreed") {
    const file_set set{2, 100};
    const temp_folder here;
    tracker_program tracker;
    std::optional<seeders> both{std::in_place, tracker, set, here};
    tracker.wait_for("every chunk is agreed");
    both.reset();
    wait_until(
        [&] {
            tcp_client carol = tracker.join("carol", 1);
            carol.send_line(locate(set, "1-2"));
            const std::string answer = carol.read_line();
            return contains(answer, R"("holders":[])") && contains(answer, set.claims("1-2"));
        },
        "an answer without holders");
}

namespace {

// Carol, who has nothing, may fetch from Alice, who is honest, and from Mallory. Alice stands still until she
// is woken up: so whatever Mallory does, she does it first.
struct bad_company {
    file_set set{12, 20'000};
    temp_folder here;
    tracker_program tracker{{"--quorum", "1"}};
    peer_program alice{tracker, make_folder(here / "alice", set, set.ranges()), "alice"};
    fake_peer mallory = after_alice();
    peer_program carol{
        tracker, make_folder(here / "carol", set, ""), "carol", {"--once", "--stall-after", "500ms"}};
    tcp_client victim = mallory.next_visitor();

    bad_company() { victim.read_line(); }  // the first request

    void wake_alice() { alice.signal(SIGCONT); }

private:
    fake_peer after_alice() {
        tracker.wait_for("every chunk is agreed");
        alice.signal(SIGSTOP);
        return {tracker, set};
    }
};

}  // namespace

TEST_CASE("a peer that sends wrong bytes is found out, and the chunks come from others") {
    bad_company all;
    for (const std::uint32_t chunk : {3U, 7U}) {
        const std::string wrong(all.set.chunk(chunk).size(), 'x');
        all.victim.send(part(chunk, 0, wrong.size(), wrong.size()) + wrong);
    }
    CHECK(contains(all.victim.read_to_end(), R"("code":"wrong_chunks")"));
    all.wake_alice();
    CHECK(all.carol.wait_for_exit() == 0);
    CHECK(all.carol.said("sent chunk 3 with wrong content: it is fetched elsewhere"));
    CHECK(all.carol.said("it is left alone for a while"));
    CHECK(difference(all.here / "carol", all.set) == "");
}

namespace {

struct misdeed {
    const char* name;
    std::function<void(tcp_client&, const file_set&)> what;
    const char* answer;  // that is heard before the connection is closed; none: it stays open
};

void half_a_chunk(tcp_client& victim, const file_set& set) {
    victim.send(part(1, 0, set.chunk(1).size(), set.chunk(1).size()) + set.chunk(1).substr(0, 9'000));
}

const std::vector<misdeed> misdeeds{
    {"sends half a chunk and stops", half_a_chunk, nullptr},
    {"sends half a chunk and hangs up",
     [](tcp_client& victim, const file_set& set) {
         half_a_chunk(victim, set);
         victim.finish();
     },
     ""},
    {"says nothing at all", [](tcp_client&, const file_set&) {}, nullptr},
    {"refuses everything",
     [](tcp_client& victim, const file_set&) {
         for (int i = 0; i < 4; ++i) victim.send_line(R"({"type":"refuse","any":true,"reason":"no"})");
     },
     nullptr},
    {"leaves a gap in a chunk",
     [](tcp_client& victim, const file_set& set) {
         victim.send(part(1, 0, 5'000, 20'000) + set.chunk(1).substr(0, 5'000));
         victim.send(part(1, 6'000, 14'000, 20'000) + set.chunk(1).substr(6'000));
     },
     "bad_field"},
    {"sends a chunk of another size",
     [](tcp_client& victim, const file_set&) { victim.send(part(1, 0, 10, 10) + "0123456789"); }, nullptr},
    {"sends a part that is over the limit",
     [](tcp_client& victim, const file_set&) { victim.send(part(1, 0, 1'048'577, 4'000'000)); }, "bad_field"},
    {"sends a part that is larger than its chunk",
     [](tcp_client& victim, const file_set&) { victim.send(part(1, 19'000, 5'000, 20'000)); }, "bad_field"},
    {"sends an empty part of a chunk that is not empty",
     [](tcp_client& victim, const file_set&) { victim.send(part(1, 0, 0, 20'000)); }, "bad_field"},
    {"sends a chunk that the set does not have",
     [](tcp_client& victim, const file_set&) { victim.send(part(999, 0, 10, 10) + "0123456789"); },
     "bad_field"},
    {"begins a chunk before the last one is over",
     [](tcp_client& victim, const file_set& set) {
         for (const std::uint32_t chunk : {1U, 2U})
             victim.send(part(chunk, 0, 5'000, 20'000) + set.chunk(chunk).substr(0, 5'000));
     },
     "bad_field"},
    {"sends binary noise", [](tcp_client& victim, const file_set& set) { victim.send(set.chunk(1) + "\n"); },
     "bad_json"},
};

}  // namespace

TEST_CASE("whatever one peer does, the chunks come from others") {
    for (const misdeed& one : misdeeds) {
        SUBCASE(one.name) {
            bad_company all;
            one.what(all.victim, all.set);
            if (one.answer != nullptr) CHECK(contains(all.victim.read_to_end(), one.answer));
            all.wake_alice();
            CHECK(all.carol.wait_for_exit() == 0);
            CHECK(difference(all.here / "carol", all.set) == "");
        }
    }
}

}  // namespace p2p::test
