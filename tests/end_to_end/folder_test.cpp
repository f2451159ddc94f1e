// Chunk folders of every shape, and what happens to their files while a peer serves them.

#include "support/programs.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

namespace p2p::test {

TEST_CASE("empty chunks, and chunks of several parts, arrive as they are") {
    const std::string large = file_set{2, 3'000'000}.chunk(1);
    const file_set set{std::vector<std::string>{"", "a", large, "", large + "b"}};
    const temp_folder here;
    const tracker_program tracker;
    const peer_program alice{tracker, make_folder(here / "alice", set, "1-5"), "alice"};
    const peer_program bob{tracker, make_folder(here / "bob", set, "1-5"), "bob"};
    peer_program carol{tracker, make_folder(here / "carol", set, ""), "carol", {"--once"}};
    CHECK(carol.wait_for_exit() == 0);
    CHECK(difference(here / "carol", set) == "");
}

TEST_CASE("a folder keeps its own names, and fetched chunks find free ones") {
    const file_set set{5, 1'000};
    const temp_folder here;
    const tracker_program tracker{{"--quorum", "1"}};
    const peer_program alice{tracker, make_folder(here / "alice", set, "1-5"), "alice"};
    write_text(here / "carol" / "chunk_2", set.chunk(1));
    write_text(here / "carol" / "chunk_4" / "part.bin", set.chunk(3));
    write_text(here / "carol" / "local_chunks.txt", "1,chunk_2\n3,chunk_4/part.bin\n5,LASTCHUNK\n");
    peer_program carol{tracker, here / "carol", "carol", {"--once"}};
    CHECK(carol.wait_for_exit() == 0);
    CHECK(difference(here / "carol", set) == "");
    CHECK(read_text(here / "carol" / "local_chunks.txt") ==
          "1,chunk_2\n2,chunk_2_\n3,chunk_4/part.bin\n4,chunk_4_\n5,chunk_5\n5,LASTCHUNK\n");
}

TEST_CASE("a listing with CRLF, blank lines and no final newline is read, and written anew") {
    const file_set set{3, 1'000};
    const temp_folder here;
    const tracker_program tracker{{"--quorum", "1"}};
    const peer_program alice{tracker, make_folder(here / "alice", set, "1-3"), "alice"};
    make_folder(here / "carol", set, "1-2");
    write_text(here / "carol" / "local_chunks.txt", "2,chunk_2\r\n\r\n1,chunk_1\r\n3,LASTCHUNK");
    peer_program carol{tracker, here / "carol", "carol", {"--once"}};
    CHECK(carol.wait_for_exit() == 0);
    CHECK(difference(here / "carol", set) == "");
    CHECK(read_text(here / "carol" / "local_chunks.txt") == "1,chunk_1\n2,chunk_2\n3,chunk_3\n3,LASTCHUNK\n");
}

TEST_CASE("a disk that takes no more ends a peer with 3, blames nobody, and leaves the folder whole") {
    const file_set set{std::vector<std::string>{"small", std::string(300'000, 'x'), "small as well"}};
    const temp_folder here;
    const tracker_program tracker{{"--quorum", "1"}};
    const peer_program alice{tracker, make_folder(here / "alice", set, "1-3"), "alice"};
    const auto folder = make_folder(here / "carol", set, "1");
    peer_program carol{tracker, folder, "carol", {}, {.largest_file = 100'000}};
    CHECK(carol.wait_for_exit() == 3);
    CHECK(carol.said("p2pclient: " + (folder / "chunk_2").native() + ": File too large"));
    CHECK_FALSE(carol.said("wrong content"));

    peer_program again{tracker, folder, "carol", {"--once"}};
    CHECK(again.wait_for_exit() == 0);
    CHECK(difference(folder, set) == "");
}

TEST_CASE("files that are not listed stay as they are") {
    const file_set set{3, 1'000};
    const temp_folder here;
    const tracker_program tracker{{"--quorum", "1"}};
    const peer_program alice{tracker, make_folder(here / "alice", set, "1-3"), "alice"};
    make_folder(here / "carol", set, "1");
    write_text(here / "carol" / "notes.txt", "mine");
    peer_program carol{tracker, here / "carol", "carol", {"--once"}};
    CHECK(carol.wait_for_exit() == 0);
    CHECK(names_in(here / "carol") ==
          std::set<std::string>{"chunk_1", "chunk_2", "chunk_3", "local_chunks.txt", "notes.txt"});
    CHECK(read_text(here / "carol" / "notes.txt") == "mine");
}

TEST_CASE("a chunk whose file changes under a peer that serves it is refused, never sent wrong") {
    const file_set set{3, 1'000};
    const temp_folder here;
    const tracker_program tracker{{"--quorum", "1"}};
    peer_program alice{tracker, make_folder(here / "alice", set, "1-3"), "alice"};
    tcp_client guest = alice.join(set, "1-3");
    const auto file = here / "alice" / "chunk_2";
    SUBCASE("it is gone") {
        std::filesystem::remove(file);
    }
    SUBCASE("it has other content") {
        write_text(file, std::string(1'000, 'x'));
    }
    SUBCASE("it is cut short") {
        std::filesystem::resize_file(file, 10);
    }
    SUBCASE("it is another file") {
        write_text(here / "other", std::string(1'000, 'x'));
        std::filesystem::rename(here / "other", file);
    }
    SUBCASE("it is a symbolic link") {
        write_text(here / "other", set.chunk(2));
        std::filesystem::remove(file);
        std::filesystem::create_symlink(here / "other", file);
    }
    guest.send_line(R"({"type":"request","chunk":2})");
    CHECK(contains(guest.read_line(), R"({"type":"refuse","chunk":2,)"));
    alice.wait_for("chunk 2 is not served any more");

    // The tracker is told, and the other chunks are served.
    wait_until(
        [&] {
            tcp_client line = tracker.join("anybody", 1);
            line.send_line(locate(set, "1-3"));
            return contains(line.read_line(), R"("chunks":"1,3")");
        },
        "the tracker to forget the chunk");
    guest.send_line(R"({"type":"request","chunk":3})");
    CHECK(guest.read_line() + '\n' == part(3, 0, set.chunk(3).size(), set.chunk(3).size()));
}

}  // namespace p2p::test
