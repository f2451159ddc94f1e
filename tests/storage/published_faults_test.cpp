// A published set whose files, folders and state are tampered with, or run into trouble, at the worst
// moments.

#include "storage/files.hpp"
#include "storage/published_store.hpp"
#include "support/small_set.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <sys/stat.h>
#include <thread>

using namespace p2p;
using namespace p2p::test;
namespace fs = std::filesystem;

TEST_CASE("after a save that failed nothing more is written down, and nothing staged is lost") {
    const temp_folder here;
    const small_set what{{file("a", "12345678"), file("b", "abcdefgh")}, 8};
    set_peer peer{what, here / "root"};
    peer.find_out();
    fs::create_directory(peer / "a");
    peer.arrive(1);
    CHECK(peer.try_to_save() != "");
    fs::remove(peer / "a");
    peer.arrive(2);
    CHECK(peer.try_to_save() != "");
    CHECK_FALSE(look_at_journal(peer.root(), what.set()).complete);

    peer.restart();
    CHECK(peer.store().missing().empty());
    peer.save();
    CHECK(peer.tree() == what.tree());
}

TEST_CASE("a root of which the name is no UTF-8, or has control characters, is as good as any") {
    for (const std::string name : {"caf\xe9", "a\nb"}) {
        CAPTURE(name);
        const temp_folder here;
        const small_set what{{file("a", "12345678")}, 8};
        fetch_all(what, here / name);
        set_peer again{what, here / name};
        CHECK(again.find_out().checked.by_xxh3.empty());
        CHECK(again.store().missing().empty());
        CHECK_FALSE(fs::exists(again.state("incoming") / "0"));
    }
}

TEST_CASE("a damaged manifest is replaced, even by one of its size") {
    const temp_folder here;
    const small_set what{{file("a", "12345678")}, 8};
    set_peer peer{what, here / "root"};
    spoil_end(peer.state("manifest"));
    CHECK_FALSE(read_manifest(peer.root(), what.id()));
    peer.open();
    CHECK(read_manifest(peer.root(), what.id()).has_value());
}

TEST_CASE("who may run a file of a complete set is put right") {
    const temp_folder here;
    const small_set what{{program("a", "12345678")}, 8};
    fetch_all(what, here / "root");
    ::chmod((here / "root" / "a").c_str(), 0644);
    set_peer peer{what, here / "root"};
    peer.find_out();
    peer.save();
    CHECK(peer.tree() == what.tree());
}

TEST_CASE("what a killed run had begun to copy from a damaged file is still found in it") {
    const temp_folder here;
    const small_set what{{file("a", "0123456789abcdef01234567ABCDEFGH")}, 8};
    fetch_all(what, here / "root");
    spoil_end(here / "root" / "a");
    set_peer peer{what, here / "root"};
    const auto to_check = peer.store().what_to_check();
    REQUIRE(to_check);
    for (const chunk_index chunk : to_check->by_xxh3)
        peer.store().checked(chunk,
                             peer.is_there(chunk, check_by::xxh3, published_store::looked_in::staged_first));
    CHECK(peer.store().conclude(false) == chunks("1-3"));
    peer.copy({1}, {peer.store().shared_disk(), {1}, chunk_source::look_in::places});
    peer.restart();
    CHECK(peer.store().missing() == chunks("4"));
}

TEST_CASE("a chunk can be served at every moment while its files are moved to their places") {
    const temp_folder here;
    std::vector<set_item> items;
    for (int i = 0; i < 1000; ++i)
        items.push_back(file("f" + std::to_string(10000 + i), std::to_string(i) + "xyz"));
    const small_set what{items, 8};
    set_peer peer{what, here / "root"};
    peer.find_out();
    peer.fetch_missing();
    std::atomic<bool> over = false;
    std::atomic<int> wrong = 0;
    const std::uint32_t count = peer.store().count();
    std::thread reader{[&] {
        for (std::uint32_t i = 1; !over; i = i % count + 1)
            if (peer.served(i, 1000) != what.chunk(i)) ++wrong;
    }};
    const auto saved = peer.store().save_job()();
    over = true;
    reader.join();
    CHECK(saved);
    CHECK(wrong == 0);
}

TEST_CASE("a folder that is moved away while its files arrive takes no more of them along") {
    const temp_folder here;
    const small_set what{{file("d/a", "12345678"), file("d/b", "abcdefgh"), file("e", "x")}, 8};
    set_peer peer{what, here / "root"};
    peer.find_out();
    peer.arrive(1);
    peer.save();
    SUBCASE("moved") {
        fs::rename(peer / "d", here / "elsewhere");
    }
    SUBCASE("deleted") {
        fs::remove_all(peer / "d");
    }
    peer.arrive(2);
    CHECK(peer.try_to_save() == "");
    CHECK_FALSE(fs::exists(here / "elsewhere" / "b"));
    CHECK(fs::exists(peer / "d/b"));
}

TEST_CASE("a second copy of a chunk that comes after the set was completed does no harm") {
    const temp_folder here;
    const small_set what{{file("a", "12345678")}, 8};
    set_peer peer{what, here / "root"};
    peer.find_out();
    const auto first = peer.receive(1);
    const auto second = peer.receive(1);
    REQUIRE(first->write(bytes_of("12345678")));
    peer.noted(first->finish());
    peer.save();
    CHECK(second->write(bytes_of("wrong")));
    CHECK(peer.tree() == what.tree());
}

TEST_CASE("a chunk that is there and comes again, wrong, is left as it was") {
    const temp_folder here;
    const small_set what{{file("a", "1234567812345679")}, 8};
    set_peer peer{what, here / "root"};
    peer.find_out();
    peer.arrive(1);
    CHECK_FALSE(peer.arrive(1, "xxxxxxxx"));
    peer.arrive(2);
    peer.save();
    CHECK(peer.tree() == what.tree());
}

TEST_CASE(
    "a set that shares an unchanged file with a newer one is not forgotten, "
    "though the file was written anew") {
    const temp_folder here;
    const small_set older{{file("a", "01234")}, 4};
    const small_set newer{{file("a", "01234"), file("b", "56789")}, 4};
    fetch_all(older, here / "root");
    fetch_all(newer, here / "root");
    forget_outdated(here / "root", newer.set());
    CHECK(sets_in(here / "root").size() == 2);
}
