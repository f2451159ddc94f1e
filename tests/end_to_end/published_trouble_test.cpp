// Kills, disks that are full or in the way, sources that change, and manifests that mean harm. Whatever
// happens, each file in its place is whole and right, nothing outside is touched, and the next start ends
// complete.

#include "core/base/sha256.hpp"
#include "support/published.hpp"
#include "support/socket.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <random>
#include <span>

namespace p2p::test {

namespace {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;

const words chunks_of_16k{"--chunk-size", "16KiB"};
constexpr byte_count chunk_size = 16 * 1024;

std::size_t lines(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("a get that is killed in the middle goes on where it was, and no file is ever there in part") {
    const temp_folder here;
    const tree set = files(here / "set", 8, 8 * chunk_size);
    const sharer sharer{set, chunks_of_16k};
    const fs::path copy = here / "copy";
    std::string wrong;
    {
        getter killed{{sharer.link(), copy, "--limit-down", "400KiB/s"}};
        wait_until(
            [&] {
                wrong += wrong_in_part(copy, set);
                return chunks_recorded(copy, sharer.parsed()) >= 20;
            },
            "some chunks");
        killed.kill_hard();
    }
    CHECK(wrong == "");
    CHECK(wrong_in_part(copy, set) == "");
    const std::uint32_t had = chunks_recorded(copy, sharer.parsed());
    REQUIRE(had < 64);

    const auto ended = get({sharer.link(), copy});
    CHECK(ended.exit_code == exits::done);
    CHECK(tree_difference(copy, set) == "");
    CHECK(report_of(ended.output).were_there >= had * chunk_size);
    CHECK(chunks_fetched(ended.output) <= 64 - had);
    CHECK(verify(copy).exit_code == exits::done);
}

TEST_CASE("a get that was killed and lost its journal still knows what it has") {
    const temp_folder here;
    const tree set = files(here / "set", 4, 8 * chunk_size);
    const sharer sharer{set, chunks_of_16k};
    const fs::path copy = here / "copy";
    const fs::path journal = copy / ".p2p" / sharer.id() / "journal";
    std::uint32_t had = 0;
    {
        getter killed{{sharer.link(), copy, "--limit-down", "1MiB/s"}};
        wait_until([&] { return (had = chunks_recorded(copy, sharer.parsed())) >= 10; }, "some chunks");
        killed.kill_hard();
    }
    SUBCASE("lost") {
        fs::remove(journal);
    }
    SUBCASE("cut") {
        fs::resize_file(journal, fs::file_size(journal) - 5);
    }
    SUBCASE("damaged") {
        damage(journal);
    }
    SUBCASE("of another set") {
        write_text(journal, "p2p journal 1 " + std::string(64, 'a') + " #12345678\n");
    }
    SUBCASE("full of noise") {
        write_text(journal, noise(10'000));
    }
    const auto ended = get({sharer.link(), copy});
    CHECK(ended.exit_code == exits::done);
    CHECK(report_of(ended.output).were_there >= had * chunk_size);
    CHECK(tree_difference(copy, set) == "");
}

TEST_CASE("staged files that were damaged while nobody looked are found out") {
    const temp_folder here;
    const tree set = files(here / "set", 2, 16 * chunk_size);
    const sharer sharer{set, chunks_of_16k};
    const fs::path copy = here / "copy";
    {
        getter killed{{sharer.link(), copy, "--limit-down", "1MiB/s"}};
        wait_until([&] { return chunks_recorded(copy, sharer.parsed()) >= 8; }, "some chunks");
        killed.kill_hard();
    }
    for (const auto& staged : fs::directory_iterator{copy / ".p2p" / sharer.id() / "incoming"})
        write_text(staged.path(), std::string(fs::file_size(staged.path()), 'x'));
    CHECK(get({sharer.link(), copy}).exit_code == exits::done);
    CHECK(tree_difference(copy, set) == "");
}

TEST_CASE("share and get may be killed at any moment") {
    const auto seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random{seed};
    const temp_folder here;
    const tracker_program tracker;
    tree set = files(here / "set", 12, 5 * chunk_size + 1'000);
    for (int i = 0; i < 30; ++i)
        set.file("small/" + std::to_string(i), noise(100, static_cast<std::uint32_t>(i + 1)));
    set.program("run", noise(3'000, 5)).file("empty", "").link("link", "f1").folder("folder");
    fs::copy(set, here / "original", fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    const fs::path original = here / "original";
    const fs::path copy = here / "copy";

    // Long enough to be killed in, and that is all: what it does then is up to the machine.
    const auto wait_at_most = [&](clock::duration whole) {
        std::uniform_int_distribution<clock::rep> instant{0, whole.count()};
        std::this_thread::sleep_for(clock::duration{instant(random)});
    };
    const auto time_of = [](const auto& what) {
        const auto began = clock::now();
        what();
        return clock::now() - began;
    };

    const words share_it{"share",    set,         "--tracker",    tracker.address(),
                         "--listen", "127.0.0.1", "--chunk-size", "16KiB"};
    std::string link;
    const auto sharing = time_of([&] { link = link_of(tracker, set, chunks_of_16k); });
    for (int i = 0; i < 15; ++i) {
        process killed{program("p2pclient"), share_it};
        wait_at_most(sharing);
        killed.kill_hard();
        REQUIRE(tree_difference(set, original) == "");
    }
    const sharer seeder{tracker, set, chunks_of_16k};
    REQUIRE(seeder.link() == link);

    const words get_it{link, copy, "--limit-down", "6MiB/s"};
    const auto getting = time_of([&] { REQUIRE(get(get_it).exit_code == exits::done); });
    fs::remove_all(copy);
    for (int i = 0; i < 40; ++i) {
        CAPTURE(i);
        getter killed{get_it};
        wait_at_most(getting + getting / 4);
        killed.kill_hard();
        REQUIRE(wrong_in_part(copy, original) == "");
        if (tree_difference(copy, original).empty() && i % 2 == 0) fs::remove_all(copy);
    }
    CHECK(get({link, copy}).exit_code == exits::done);
    CHECK(tree_difference(copy, original) == "");
    CHECK(verify(copy).exit_code == exits::done);
}

TEST_CASE("a tracker and a sharer that are killed in the middle of a get and come back are found again") {
    const temp_folder here;
    std::optional<tracker_program> tracker{std::in_place};
    const tree set = files(here / "set", 8, 8 * chunk_size);
    std::optional<sharer> seeder{std::in_place, *tracker, set, chunks_of_16k};
    getter waits{{seeder->link(), here / "copy", "--limit-down", "500KiB/s"}};
    wait_until([&] { return chunks_recorded(here / "copy", seeder->parsed()) >= 4; }, "some chunks");
    const std::uint16_t port = tracker->port();
    tracker->kill_hard();
    seeder->kill_hard();
    tracker.emplace(words{}, port);
    seeder.emplace(*tracker, set, chunks_of_16k);
    CHECK(waits.wait_for_exit() == exits::done);
    CHECK(tree_difference(here / "copy", set) == "");
}

// --- sources that change

TEST_CASE("what changes while it is shared is not served any more, the rest is, and somebody else has it") {
    const temp_folder here;
    const tracker_program tracker;
    for (const char* where : {"one", "two"}) files(here / where / "set", 6, 4 * chunk_size);
    const fs::path original = here / "two" / "set";
    const fs::path changed = here / "one" / "set" / "f2";
    sharer first{tracker, here / "one" / "set", chunks_of_16k};
    SUBCASE("other bytes") {
        damage(changed);
    }
    SUBCASE("cut short") {
        fs::resize_file(changed, 10);
    }
    SUBCASE("gone") {
        fs::remove(changed);
    }
    SUBCASE("another file of that name") {
        write_text(here / "other", noise(4 * chunk_size, 77));
        fs::rename(here / "other", changed);
    }
    SUBCASE("a link") {
        fs::rename(changed, here / "moved");
        fs::create_symlink(here / "moved", changed);
    }
    const auto ended = get({first.link(), here / "copy", "--give-up-after", "1s"});
    CHECK(ended.exit_code == exits::incomplete);
    CHECK(contains(ended.output, "4 of 24 chunks are still missing"));
    CHECK(first.wait_for_rest_of_line("is not served any more: ").starts_with(changed.native() + ": "));
    CHECK(wrong_in_part(here / "copy", original) == "");
    CHECK(names_in(here / "copy") == std::set<std::string>{".p2p", "f0", "f1", "f3", "f4", "f5"});

    const sharer second{tracker, original, chunks_of_16k};
    REQUIRE(second.link() == first.link());
    const auto again = get({first.link(), here / "copy"});
    CHECK(again.exit_code == exits::done);
    CHECK(chunks_fetched(again.output) == 4);
    CHECK(tree_difference(here / "copy", original) == "");
    CHECK(first.stop() == exits::done);
}

TEST_CASE("a file that is written to while it is fetched never arrives wrong") {
    const temp_folder here;
    files(here / "set", 4, 16 * chunk_size);
    const tree original = files(here / "original", 4, 16 * chunk_size);
    const sharer sharer{here / "set", chunks_of_16k};
    getter gets{{sharer.link(), here / "copy", "--limit-down", "1MiB/s", "--give-up-after", "1s"}};
    wait_until([&] { return chunks_recorded(here / "copy", sharer.parsed()) >= 8; }, "some chunks");
    for (int i = 0; i < 4; ++i)
        write_text(here / "set" / ("f" + std::to_string(i)), noise(16 * chunk_size, 99));
    CHECK(gets.wait_for_exit() == exits::incomplete);
    CHECK(wrong_in_part(here / "copy", original) == "");
}

TEST_CASE("a peer that sends wrong bytes for a published set is found out, and others are asked") {
    const temp_folder here;
    const tracker_program tracker;
    const tree set = files(here / "set", 4, 4 * chunk_size);
    const std::string link = link_of(tracker, set, chunks_of_16k);
    const file_set_id id = parse_link(link).value().id;
    const std::string text = read_text(set / ".p2p" / id.to_hex() / "manifest");
    const fake_publisher mallory{tracker, id, text, manifest::parse(text).value()};
    getter gets{{link, here / "copy"}};
    gets.wait_for("with wrong content: it is fetched elsewhere");
    gets.wait_for("it is left alone for a while");
    const sharer honest{tracker, set, chunks_of_16k};
    CHECK(gets.wait_for_exit() == exits::done);
    CHECK(tree_difference(here / "copy", set) == "");
}

// --- signals

TEST_CASE("a get that is asked to stop lets the chunk on its way arrive, and asked twice it does not") {
    constexpr byte_count large = 400'000;
    const temp_folder here;
    const tree set = files(here / "set", 4, large);
    const sharer sharer{set, {"--chunk-size", "512KiB"}};
    const auto stopped_after = [&](int signals, const std::string& rate) {
        const fs::path copy = here / std::to_string(signals);
        getter gets{{sharer.link(), copy, "--limit-down", rate, "--open-requests", "1"}};
        wait_until(
            [&] {
                const fs::path staged = copy / ".p2p" / sharer.id() / "incoming";
                return fs::exists(staged) && !fs::is_empty(staged);
            },
            "the beginning of a chunk");
        gets.signal(SIGTERM);
        gets.wait_for("finishing transfers in progress");
        if (signals == 2) gets.signal(SIGTERM);
        CHECK(gets.wait_for_exit() == exits::incomplete);
        return chunks_recorded(copy, sharer.parsed());
    };
    CHECK(stopped_after(2, "20KB/s") == 0);
    CHECK(stopped_after(1, "400KB/s") == 1);
}

// --- disks

TEST_CASE("a disk that is full ends a get with 3, and when there is room again it goes on") {
    const temp_folder here;
    tree set = files(here / "set", 4, chunk_size);
    set.file("large", noise(20 * chunk_size, 9));
    const sharer sharer{set, chunks_of_16k};
    const auto full = get({sharer.link(), here / "copy"}, {.largest_file = 8 * chunk_size});
    CHECK(full.exit_code == exits::storage);
    CHECK_MESSAGE(
        contains(full.output, "p2pclient: " + (here / "copy" / "large").native() + ": File too large"),
        full.output);
    CHECK(wrong_in_part(here / "copy", set) == "");
    CHECK(get({sharer.link(), here / "copy"}).exit_code == exits::done);
    CHECK(tree_difference(here / "copy", set) == "");
}

TEST_CASE("a destination that has no room is told before anything is fetched") {
    const temp_folder here;
    const tracker_program tracker;
    constexpr std::uint32_t gigabytes = 50'000;
    std::vector<published_chunk> chunks(gigabytes, {std::uint32_t{1} << 30U, {}, {}});
    const auto huge =
        manifest::make("set", {{entry_kind::file, "huge", byte_count{gigabytes} << 30U, {}}}, chunks);
    const fake_publisher mallory{tracker, huge->id(), huge->text()};
    const auto ended = get({mallory.link(), here / "copy", "--give-up-after", "3s"});
    CHECK(ended.exit_code == exits::storage);
    CHECK_MESSAGE(contains(ended.output, (here / "copy").native() + ": 48.8 TiB are needed, only "),
                  ended.output);
}

TEST_CASE("a destination that must not be written to exits 3, with its name") {
    const temp_folder here;
    const tree set = files(here / "set", 4, 1'000);
    const sharer sharer{set};
    const tree locked{here / "locked"};
    fs::permissions(locked, fs::perms::owner_read | fs::perms::owner_exec);
    fs::path destination = locked;
    SUBCASE("it is there") {}
    SUBCASE("it is to be made") {
        destination /= "copy";
    }
    const auto ended = get({sharer.link(), destination}, {.obeys_permissions = true});
    CHECK(ended.exit_code == exits::storage);
    CHECK_MESSAGE(contains(ended.output, "p2pclient: " + destination.native()), ended.output);
    CHECK_MESSAGE(contains(ended.output, "Permission denied"), ended.output);
}

TEST_CASE("what is in the way at the destination exits 3, with its name, and nothing outside is touched") {
    const temp_folder here;
    tree set = files(here / "set", 3, 1'000);
    set.file("sub/file", "content").file("empty", "").link("link", "f1").folder("folder/empty");
    const sharer sharer{set};
    tree copy{here / "copy"};
    tree outside = files(here / "outside", 2, 100);
    outside.file("file", "not of the set");
    const tree untouched = files(here / "untouched", 2, 100).file("file", "not of the set");
    std::string in_the_way;
    SUBCASE("a folder instead of a file") {
        copy.file("f1/mine", "content");
        in_the_way = "f1";
    }
    SUBCASE("an empty folder instead of a file") {
        copy.folder("f1");
        in_the_way = "f1";
    }
    SUBCASE("a folder instead of an empty file") {
        copy.file("empty/mine", "content");
        in_the_way = "empty";
    }
    SUBCASE("a folder instead of a link") {
        copy.file("link/mine", "content");
        in_the_way = "link";
    }
    SUBCASE("a file instead of a folder") {
        copy.file("sub", "content");
        in_the_way = "sub";
    }
    SUBCASE("a file instead of an empty folder") {
        copy.file("folder/empty", "content");
        in_the_way = "folder/empty";
    }
    SUBCASE("a link that leads outside instead of a folder") {
        copy.link("sub", outside.root().native());
        in_the_way = "sub";
    }
    SUBCASE("a link that leads outside instead of an empty folder") {
        copy.folder("folder").link("folder/empty", outside.root().native());
        in_the_way = "folder/empty";
    }
    SUBCASE("a link that leads outside instead of what the peer keeps") {
        copy.link(".p2p", outside.root().native());
        in_the_way = ".p2p";
    }
    SUBCASE("a file instead of what the peer keeps") {
        copy.file(".p2p", "content");
        in_the_way = ".p2p";
    }
    SUBCASE("a link that leads outside instead of what the peer keeps about this set") {
        copy.link(".p2p/" + sharer.id(), outside.root().native());
        in_the_way = ".p2p/" + sharer.id();
    }
    SUBCASE("a link that leads outside instead of what is incoming") {
        copy.link(".p2p/" + sharer.id() + "/incoming", outside.root().native());
        in_the_way = ".p2p/" + sharer.id() + "/incoming";
    }
    const auto ended = get({sharer.link(), copy});
    CHECK(ended.exit_code == exits::storage);
    CHECK_MESSAGE(contains(ended.output, "p2pclient: " + (copy / in_the_way).native()), ended.output);
    CHECK(tree_difference(outside, untouched) == "");

    fs::remove_all(copy / in_the_way);
    CHECK(get({sharer.link(), copy}).exit_code == exits::done);
    CHECK(tree_difference(copy, set) == "");
}

TEST_CASE("a link or a second name that leads outside is replaced, and what is there stays as it is") {
    const temp_folder here;
    tree set = files(here / "set", 3, 1'000);
    set.program("run", "#!/bin/sh\n").file("empty", "");
    const sharer sharer{set};
    const tree copy{here / "copy"};
    write_text(here / "precious", "not of the set");
    SUBCASE("a link instead of a file") {
        fs::create_symlink(here / "precious", copy / "f1");
    }
    SUBCASE("a link instead of a program") {
        fs::create_symlink(here / "precious", copy / "run");
    }
    SUBCASE("a link instead of an empty file") {
        fs::create_symlink(here / "precious", copy / "empty");
    }
    SUBCASE("a second name of another file") {
        fs::create_hard_link(here / "precious", copy / "f2");
    }
    CHECK(get({sharer.link(), copy}).exit_code == exits::done);
    CHECK(tree_difference(copy, set) == "");
    CHECK(read_text(here / "precious") == "not of the set");
    CHECK(fs::status(here / "precious").permissions() ==
          (fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read | fs::perms::others_read));
}

TEST_CASE("a destination that is a file exits 3, with its name") {
    const temp_folder here;
    const tree set = files(here / "set", 1, 1'000);
    const sharer sharer{set};
    write_text(here / "copy", "content");
    const auto ended = get({sharer.link(), here / "copy"});
    CHECK(ended.exit_code == exits::storage);
    CHECK_MESSAGE(contains(ended.output, (here / "copy").native() + ": "), ended.output);
    CHECK(read_text(here / "copy") == "content");
}

// --- manifests that mean harm

namespace {

// The hashes of a chunk that nobody has.
std::string chunk_of(std::uint32_t size) {
    std::string bytes(52, '\1');
    for (unsigned i = 0; i < 4; ++i) bytes[i] = static_cast<char>(size >> (24 - 8 * i));
    return bytes;
}

std::string manifest_of(const std::vector<std::string>& entries,
                        const std::vector<std::uint32_t>& chunks = {}) {
    std::string text = "p2p manifest 1\nname 3 set\nentries " + std::to_string(entries.size()) + '\n';
    for (const std::string& entry : entries) text += entry + '\n';
    text += "chunks " + std::to_string(chunks.size()) + '\n';
    for (const std::uint32_t size : chunks) text += chunk_of(size);
    return text;
}

std::string file_at(const std::string& path) {
    return "f 0 " + std::to_string(path.size()) + " " + path;
}

std::string link_at(const std::string& path, const std::string& target) {
    return "l " + std::to_string(target.size()) + " " + std::to_string(path.size()) + " " + target + " " +
           path;
}

file_set_id id_of(const std::string& text) {
    return sha256_of(std::as_bytes(std::span{text}));
}

struct harmful_manifest {
    const char* name;
    std::string text;
};

std::vector<harmful_manifest> harmful_manifests() {
    const std::string fine = manifest_of({file_at("a")});
    return {
        {"an absolute path", manifest_of({file_at("/tmp/p2p_test_outside")})},
        {"a way out", manifest_of({file_at("../outside")})},
        {"a way in and out", manifest_of({file_at("a/../../outside")})},
        {"a way out that stays inside", manifest_of({file_at("a/../b")})},
        {"only a way out", manifest_of({file_at("..")})},
        {"the folder itself", manifest_of({file_at(".")})},
        {"an empty component", manifest_of({file_at("a//b")})},
        {"a folder's slash", manifest_of({file_at("a/")})},
        {"an empty path", manifest_of({file_at("")})},
        {"what the peer keeps", manifest_of({file_at(".p2p/x")})},
        {"what the peer keeps, in capitals", manifest_of({file_at(".P2P/x")})},
        {"what a peer keeps further down", manifest_of({file_at("a/.p2p/x")})},
        {"a NUL", manifest_of({file_at(std::string{"a\0b", 3})})},
        {"a component that no file system takes", manifest_of({file_at(std::string(256, 'x'))})},
        {"a link that leads outside", manifest_of({link_at("a", "../outside")})},
        {"an absolute link", manifest_of({link_at("a", "/tmp")})},
        {"a link that goes down and out", manifest_of({link_at("a", "b/../../outside")})},
        {"a link into what the peer keeps", manifest_of({link_at("a", ".p2p")})},
        {"a link, and a path through it", manifest_of({link_at("a", "b"), file_at("a/x")})},
        {"a file, and a path through it", manifest_of({file_at("a"), file_at("a/x")})},
        {"a path twice", manifest_of({file_at("a"), file_at("a")})},
        {"a path twice, as other kinds", manifest_of({file_at("a"), link_at("a", "b")})},
        {"paths in another order", manifest_of({file_at("b"), file_at("a")})},
        {"a size that overflows", manifest_of({"f 18446744073709551616 1 a"}, {1})},
        {"a size over the limit", manifest_of({"f 4611686018427387904 1 a"}, {1})},
        {"sizes that overflow together",
         manifest_of({"f 4611686018427387903 1 a", "f 4611686018427387903 1 b"}, {1})},
        {"sizes that the chunks do not add up to", manifest_of({"f 100 1 a"}, {99})},
        {"chunks without content", manifest_of({file_at("a")}, {10})},
        {"content without chunks", manifest_of({"f 100 1 a"})},
        {"an empty chunk", manifest_of({"f 100 1 a"}, {100, 0})},
        {"a chunk over the limit", manifest_of({"f 4294967295 1 a"}, {4294967295})},
        {"a negative size", manifest_of({"f -1 1 a"})},
        {"more entries than there are",
         "p2p manifest 1\nname 3 set\nentries 4000000000\nf 0 1 a\nchunks 0\n"},
        {"more chunks than there are", "p2p manifest 1\nname 3 set\nentries 1\nf 0 1 a\nchunks 4000000000\n"},
        {"a path that is longer than the manifest",
         "p2p manifest 1\nname 3 set\nentries 1\nf 0 99999999 a\nchunks 0\n"},
        {"something after the end", fine + "more"},
        {"nothing", "x"},
        {"half of it", fine.substr(0, fine.size() / 2)},
        {"another version", "p2p manifest 2" + fine.substr(14)},
        {"a name that is a way out", "p2p manifest 1\nname 2 ..\nentries 1\nf 0 1 a\nchunks 0\n"},
        {"a name with a slash", "p2p manifest 1\nname 6 ../set\nentries 1\nf 0 1 a\nchunks 0\n"},
    };
}

}  // namespace

TEST_CASE("a manifest that means harm is refused in a line, and nothing is made") {
    const temp_folder here;
    const tracker_program tracker;
    const tree inside{here / "a" / "b" / "inside"};
    for (const harmful_manifest& one : harmful_manifests()) {
        CAPTURE(one.name);
        const fake_publisher mallory{tracker, id_of(one.text), one.text};
        const auto ended = get({mallory.link(), "--give-up-after", "3s"}, {.working_folder = inside});
        CHECK(ended.exit_code == exits::incomplete);
        CHECK_MESSAGE(ended.output.starts_with("p2pclient: the manifest is refused: "), ended.output);
        CHECK_MESSAGE(lines(ended.output) == 1, ended.output);
        CHECK(names_in(inside).empty());
        CHECK(names_in(here.path()) == std::set<std::string>{"a"});
        CHECK(names_in(here / "a") == std::set<std::string>{"b"});
        CHECK(names_in(here / "a" / "b") == std::set<std::string>{"inside"});
    }
    CHECK_FALSE(fs::exists("/tmp/p2p_test_outside"));
}

TEST_CASE("a manifest that is another than was asked for is thrown away, and an honest peer is asked") {
    const temp_folder here;
    const tracker_program tracker;
    const tree set = files(here / "set", 3, 1'000);
    const std::string link = link_of(tracker, set);
    const fake_publisher mallory{tracker, parse_link(link).value().id, manifest_of({file_at("wrong")})};
    getter gets{{link, here / "copy"}};
    gets.wait_for("sent a wrong manifest");
    CHECK_FALSE(fs::exists(here / "copy"));
    const sharer honest{tracker, set};
    CHECK(gets.wait_for_exit() == exits::done);
    CHECK(tree_difference(here / "copy", set) == "");
}

TEST_CASE("where only wrong manifests come, get gives up") {
    const temp_folder here;
    const tracker_program tracker;
    const fake_publisher mallory{tracker, id_of("something else"), manifest_of({file_at("wrong")})};
    const auto ended = get({mallory.link(), here / "copy", "--give-up-after", "800ms"});
    CHECK(ended.exit_code == exits::incomplete);
    CHECK(contains(ended.output, "only wrong manifests came"));
    CHECK_FALSE(fs::exists(here / "copy"));
}

TEST_CASE("a file that is damaged under a get that stays is fetched again, and that is said") {
    const temp_folder here;
    const tree set = files(here / "set", 3, 4 * chunk_size);
    const sharer sharer{set, chunks_of_16k};
    getter stays{{sharer.link(), here / "copy", "--stay"}};
    const auto port = static_cast<std::uint16_t>(std::stoul(stays.wait_for_rest_of_line("serves at port ")));
    stays.wait_for("complete, ");
    const fs::path damaged = here / "copy" / "f1";
    wait_until([&] { return tree_difference(here / "copy", set).empty(); }, "the copy");
    SUBCASE("overwritten") {
        write_text(damaged, "nothing like it");
    }
    SUBCASE("deleted") {
        fs::remove(damaged);
    }

    tcp_client asks = tcp_client::connect(port);
    asks.send_line(R"({"type":"hello","version":1,"name":"asks","transfer_port":6009,"instance":7,"id":")" +
                   sharer.id() + R"(","chunks":""})");
    for (int chunk = 1; chunk <= 12; ++chunk)
        asks.send_line(R"({"type":"request","chunk":)" + std::to_string(chunk) + "}");
    stays.wait_for("is not served any more, and is fetched again");
    stays.wait_for("complete, ");
    wait_until([&] { return tree_difference(here / "copy", set).empty(); }, "the copy, whole again");
    stays.signal(SIGTERM);
    CHECK(stays.wait_for_exit() == exits::done);
}

}  // namespace p2p::test
