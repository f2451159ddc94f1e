// Sets that are shared and fetched as long as everybody means well: what arrives, where, and how little is
// fetched where something is there already.

#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>

namespace p2p::test {

namespace {

namespace fs = std::filesystem;

const words chunks_of_16k{"--chunk-size", "16KiB"};
constexpr byte_count chunk_size = 16 * 1024;

// Copies files of this machine until there are so many bytes, and returns how many there are.
byte_count copy_some(const fs::path& from, const fs::path& to, byte_count wanted) {
    byte_count copied = 0;
    const auto options = fs::directory_options::skip_permission_denied;
    for (const auto& entry : fs::recursive_directory_iterator{from, options}) {
        if (!entry.is_regular_file() || entry.is_symlink() || copied >= wanted) continue;
        const byte_count size = entry.file_size();
        if (size == 0 || copied + size > wanted + wanted / 10) continue;
        const fs::path copy = to / entry.path().lexically_relative(from);
        fs::create_directories(copy.parent_path());
        fs::copy_file(entry.path(), copy);
        copied += size;
    }
    return copied;
}

fs::path largest_file_in(const fs::path& folder) {
    fs::path largest;
    byte_count size = 0;
    for (const auto& entry : fs::recursive_directory_iterator{folder})
        if (entry.is_regular_file() && entry.file_size() > size) {
            size = entry.file_size();
            largest = entry.path();
        }
    return largest;
}

}  // namespace

TEST_CASE("a tree with some of everything arrives as it is") {
    const temp_folder here;
    const tree set = some_of_everything(here / "set");
    words options;
    SUBCASE("in chunks of the usual size") {}
    SUBCASE("in chunks of which each has several files, and each large file several") {
        options = {"--chunk-size", "1KiB"};
    }
    SUBCASE("in one chunk") {
        options = {"--chunk-size", "256MiB"};
    }
    SUBCASE("in chunks that the content defines") {
        options = {"--chunk-size", "4KiB", "--chunking", "cdc"};
    }
    const sharer sharer{set, options};
    const auto ended = get({sharer.link(), here / "new" / "copy"});
    CHECK(ended.exit_code == exits::done);
    CHECK(tree_difference(here / "new" / "copy", set) == "");
    CHECK(report_of(ended.output).were_there == 0);
}

TEST_CASE("a tree without any content arrives as it is") {
    const temp_folder here;
    tree set{here / "set"};
    set.file("empty", "").folder("folder/in folder").link("link", "empty");
    const sharer sharer{set};
    for (int i = 0; i < 2; ++i)
        CHECK(get({sharer.link(), here / "copy", "--give-up-after", "1s"}).exit_code == exits::done);
    CHECK(tree_difference(here / "copy", set) == "");
}

TEST_CASE("options may stand before, between and behind the words of a command, and take one value each") {
    const temp_folder here;
    const tracker_program tracker;
    const tree set = files(here / "set", 3, 10'000);
    const sharer sharer{tracker, set};
    const std::vector<words> orders{
        {"get", "--tracker", tracker.address(), "set", here / "copy"},
        {"get", "set", "--tracker", tracker.address(), here / "copy"},
        {"get", "set", here / "copy", "--tracker", tracker.address()},
        {"get", "--reuse", set, sharer.link(), here / "copy"},
        {"get", sharer.link(), "--reuse", set, here / "copy", "--reuse", set},
    };
    for (const words& order : orders) {
        CAPTURE(order);
        CHECK(run_client(order).exit_code == exits::done);
        CHECK(tree_difference(here / "copy", set) == "");
        std::filesystem::remove_all(here / "copy");
    }
}

TEST_CASE("a folder to reuse from which nothing can come is an error, before anything is fetched") {
    const temp_folder here;
    const tree set = files(here / "set", 1, 1'000);
    const sharer sharer{set};
    std::filesystem::create_directory(here / "plain");
    for (const char* folder : {"plain", "not there"}) {
        const auto ended = get({sharer.link(), here / "copy", "--reuse", here / folder});
        CHECK(ended.exit_code == exits::storage);
        CHECK(contains(ended.output, "nothing was shared from here"));
    }
    CHECK_FALSE(std::filesystem::exists(here / "copy"));
}

TEST_CASE("without a destination, a folder goes into one of its name, and a file into the working folder") {
    const temp_folder here;
    const tracker_program tracker;
    const tree set = files(here / "set", 3, 10'000);
    const tree elsewhere{here / "elsewhere"};
    const process_settings there{.working_folder = elsewhere};
    SUBCASE("a folder") {
        const sharer sharer{tracker, set};
        for (int i = 0; i < 2; ++i) CHECK(get({sharer.link()}, there).exit_code == exits::done);
        CHECK(tree_difference(elsewhere / "set", set) == "");
        CHECK(names_in(elsewhere) == std::set<std::string>{"set"});
    }
    SUBCASE("a folder with another name") {
        const sharer sharer{tracker, set, {"--name", "two words"}};
        CHECK(get({sharer.link()}, there).exit_code == exits::done);
        CHECK(tree_difference(elsewhere / "two words", set) == "");
    }
    SUBCASE("a file") {
        const sharer sharer{tracker, set / "f1"};
        for (int i = 0; i < 2; ++i) CHECK(get({sharer.link()}, there).exit_code == exits::done);
        CHECK(read_text(elsewhere / "f1") == read_text(set / "f1"));
        CHECK(names_in(elsewhere) == std::set<std::string>{".p2p", "f1"});
    }
    SUBCASE("a file, and a destination") {
        const sharer sharer{tracker, set / "f1"};
        CHECK(get({sharer.link(), "copy"}, there).exit_code == exits::done);
        CHECK(read_text(elsewhere / "copy" / "f1") == read_text(set / "f1"));
    }
}

TEST_CASE("a set can be fetched by its id or name from a tracker that is named") {
    const temp_folder here;
    const tracker_program tracker;
    const tree set = files(here / "set", 3, 10'000);
    const sharer sharer{tracker, set, {"--name", "holiday pictures"}};
    std::string target = sharer.id();
    SUBCASE("id") {}
    SUBCASE("name") {
        target = "holiday pictures";
    }
    const auto ended = get({target, here / "copy", "--tracker", tracker.address()});
    CHECK(ended.exit_code == exits::done);
    CHECK(tree_difference(here / "copy", set) == "");
}

TEST_CASE("a tracker that is named is used instead of those of the link") {
    const temp_folder here;
    const tracker_program tracker;
    const tree set = files(here / "set", 3, 10'000);
    const sharer sharer{tracker, set};
    const std::string elsewhere = "p2p://" + nobodys_address() + "/" + sharer.id();
    CHECK(get({elsewhere, here / "copy", "--tracker", tracker.address()}).exit_code == exits::done);
    CHECK(tree_difference(here / "copy", set) == "");
}

TEST_CASE("of a link's trackers one is enough") {
    const temp_folder here;
    const tracker_program tracker;
    const tree set = files(here / "set", 3, 10'000);
    const sharer sharer{tracker, set};
    const std::string link = "p2p://" + nobodys_address() + "," + tracker.address() + "/" + sharer.id();
    CHECK(get({link, here / "copy"}).exit_code == exits::done);
    CHECK(tree_difference(here / "copy", set) == "");
}

TEST_CASE("what cannot be found is told in a line, and nothing is made") {
    const temp_folder here;
    const tracker_program tracker;
    files(here / "set", 1, 1'000);
    files(here / "other", 2, 1'000);
    const sharer sharer1{tracker, here / "set"};
    const sharer sharer2{tracker, here / "other", {"--name", "set"}};
    const std::string nobody = nobodys_address();
    const std::string unknown(64, 'a');
    words arguments;
    int exit = exits::usage;
    std::string message;
    SUBCASE("a name that nobody published") {
        arguments = {"nonesuch", "--tracker", tracker.address()};
        exit = exits::incomplete;
        message = "knows no file-set called nonesuch";
    }
    SUBCASE("a name that two sets have") {
        arguments = {"set", "--tracker", tracker.address()};
        message = "several file-sets are called set, give an id: ";
    }
    SUBCASE("an id that nobody published") {
        arguments = {unknown, "--tracker", tracker.address(), "--give-up-after", "600ms"};
        exit = exits::incomplete;
        message = "cannot get " + unknown + ": nobody has it";
    }
    SUBCASE("a name at a tracker that is not there") {
        arguments = {"set", "--tracker", nobody};
        exit = exits::network;
        message = "cannot reach the tracker at " + nobody;
    }
    SUBCASE("a link with a tracker that is not there") {
        arguments = {"p2p://" + nobody + "/" + unknown};
        exit = exits::network;
        message = "cannot reach the tracker at " + nobody;
    }
    SUBCASE("a link that is none") {
        arguments = {"p2p://nonsense"};
        message = "p2p://";
    }
    SUBCASE("a link of something else") {
        arguments = {"http://example.org/file"};
        message = "p2p://";
    }
    SUBCASE("a link with a wrong id") {
        arguments = {"p2p://" + nobody + "/" + unknown.substr(1)};
        message = "p2p";
    }
    SUBCASE("a link whose name is a way out") {
        arguments = {"p2p://" + nobody + "/" + unknown + "/%2e%2e"};
        message = "..";
    }
    const tree elsewhere{here / "elsewhere"};
    const auto ended = get(arguments, {.working_folder = elsewhere});
    CHECK(ended.exit_code == exit);
    CHECK_MESSAGE(contains(ended.output, "p2pclient: "), ended.output);
    CHECK_MESSAGE(contains(ended.output, message), ended.output);
    CHECK(names_in(elsewhere).empty());
}

TEST_CASE("a second get fetches nothing, and needs no tracker") {
    const temp_folder here;
    const tree set = files(here / "set", 4, 4 * chunk_size);
    sharer sharer{set, chunks_of_16k};
    const auto first = get({sharer.link(), here / "copy"});
    CHECK(first.exit_code == exits::done);
    CHECK(contains(first.output, "0 B of 256 KiB were there, 256 KiB are to be fetched"));
    CHECK(chunks_fetched(first.output) == 16);
    sharer.stop();
    const auto second = get({sharer.link(), here / "copy"});
    CHECK(second.exit_code == exits::done);
    CHECK(contains(second.output, "256 KiB of 256 KiB were there, 0 B are to be fetched"));
    CHECK(chunks_fetched(second.output) == 0);
    CHECK(tree_difference(here / "copy", set) == "");
}

TEST_CASE("what was damaged is repaired, and only that is fetched") {
    const temp_folder here;
    tree set = files(here / "set", 6, 4 * chunk_size);
    set.program("run", noise(chunk_size, 99))
        .file("empty", "")
        .folder("folder")
        .link("link", "f1")
        .file("last", "x");
    const sharer sharer{set, chunks_of_16k};
    const fs::path copy = here / "copy";
    REQUIRE(get({sharer.link(), copy}).exit_code == exits::done);
    byte_count to_fetch = 0;
    SUBCASE("other bytes") {
        damage(copy / "f3");
        to_fetch = chunk_size;
    }
    SUBCASE("other bytes in another file of that name") {
        fs::remove(copy / "f3");
        write_text(copy / "f3", noise(4 * chunk_size, 77));
        to_fetch = 4 * chunk_size;
    }
    SUBCASE("cut short") {
        fs::resize_file(copy / "f2", chunk_size + 100);
        to_fetch = 3 * chunk_size;
    }
    SUBCASE("longer") {
        fs::resize_file(copy / "f2", 5 * chunk_size);
    }
    SUBCASE("gone") {
        fs::remove(copy / "f4");
        to_fetch = 4 * chunk_size;
    }
    SUBCASE("an empty file gone") {
        fs::remove(copy / "empty");
    }
    SUBCASE("an empty file filled") {
        write_text(copy / "empty", "not any more");
    }
    SUBCASE("a folder gone") {
        fs::remove(copy / "folder");
    }
    SUBCASE("a link gone") {
        fs::remove(copy / "link");
    }
    SUBCASE("a link that leads elsewhere") {
        fs::remove(copy / "link");
        fs::create_symlink("f2", copy / "link");
    }
    SUBCASE("a file instead of a link") {
        fs::remove(copy / "link");
        write_text(copy / "link", "f1");
    }
    SUBCASE("a link instead of a file") {
        fs::rename(copy / "f1", here / "moved away");
        fs::create_symlink(here / "moved away", copy / "f1");
        to_fetch = 4 * chunk_size;
    }
    SUBCASE("everything") {
        for (const std::string& name : names_in(copy))
            if (name != ".p2p") fs::remove_all(copy / name);
        to_fetch = 25 * chunk_size + 1;
    }
    REQUIRE(tree_difference(copy, set) != "");
    const auto ended = get({sharer.link(), copy});
    CHECK(ended.exit_code == exits::done);
    CHECK(tree_difference(copy, set) == "");
    CHECK(report_of(ended.output).to_fetch / chunk_size == to_fetch / chunk_size);
    CHECK(chunks_fetched(ended.output) == (to_fetch + chunk_size - 1) / chunk_size);
}

TEST_CASE("who may run a file is repaired, and nothing is fetched for it") {
    const temp_folder here;
    tree set = files(here / "set", 2, 1'000);
    set.program("run", "#!/bin/sh\n");
    const sharer sharer{set};
    const fs::path copy = here / "copy";
    REQUIRE(get({sharer.link(), copy}).exit_code == exits::done);
    SUBCASE("no program any more") {
        fs::permissions(copy / "run", fs::perms::owner_read | fs::perms::owner_write);
    }
    SUBCASE("a program that should not be one") {
        fs::permissions(copy / "f1", fs::perms::owner_exec, fs::perm_options::add);
    }
    const auto ended = get({sharer.link(), copy});
    CHECK(ended.exit_code == exits::done);
    CHECK(report_of(ended.output).to_fetch == 0);
    CHECK(tree_difference(copy, set) == "");
}

TEST_CASE("files of one's own beside those of the set stay") {
    const temp_folder here;
    const tree set = files(here / "set", 2, 1'000);
    const sharer sharer{set};
    write_text(here / "copy" / "notes", "mine");
    REQUIRE(get({sharer.link(), here / "copy"}).exit_code == exits::done);
    CHECK(read_text(here / "copy" / "notes") == "mine");
    CHECK(wrong_in_part(set, here / "copy") == "");
}

TEST_CASE("a set that is there already, from elsewhere, is not fetched") {
    const temp_folder here;
    const tree set = some_of_everything(here / "set");
    const sharer sharer{set};
    fs::copy(set, here / "copy", fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    fs::remove_all(here / "copy" / ".p2p");
    const auto ended = get({sharer.link(), here / "copy"});
    CHECK(ended.exit_code == exits::done);
    CHECK(report_of(ended.output).to_fetch == 0);
    CHECK(tree_difference(here / "copy", set) == "");
}

TEST_CASE("of an earlier version in the same place only what changed is fetched") {
    const temp_folder here;
    const tracker_program tracker;
    tree set = files(here / "set", 6, 4 * chunk_size);
    REQUIRE(get({sharer{tracker, set, chunks_of_16k}.link(), here / "copy"}).exit_code == exits::done);
    byte_count to_fetch = 0;
    SUBCASE("a file changed") {
        damage(set / "f2");
        to_fetch = chunk_size;
    }
    SUBCASE("a file renamed") {
        fs::rename(set / "f2", set / "z2");
    }
    SUBCASE("a file more, and one that grew") {
        set.file("f9", noise(chunk_size, 50)).file("f5", read_text(set / "f5") + noise(chunk_size, 51));
        to_fetch = 2 * chunk_size;
    }
    SUBCASE("a folder moved, and a file less") {
        fs::create_directory(set / "sub");
        fs::rename(set / "f3", set / "sub" / "f3");
        fs::remove(set / "f4");
        fs::remove(here / "copy" / "f3");  // at its old place it would stay
        fs::remove(here / "copy" / "f4");
        to_fetch = 4 * chunk_size;
    }
    const sharer again{tracker, set, chunks_of_16k};
    const auto ended = get({again.link(), here / "copy"});
    CHECK(ended.exit_code == exits::done);
    CHECK(report_of(ended.output).to_fetch == to_fetch);
    CHECK(chunks_fetched(ended.output) == to_fetch / chunk_size);
    CHECK(wrong_in_part(set, here / "copy") == "");
}

TEST_CASE("of what another folder has only the rest is fetched, and that folder stays as it is") {
    const temp_folder here;
    const tracker_program tracker;
    tree set = files(here / "set", 6, 4 * chunk_size);
    REQUIRE(get({sharer{tracker, set, chunks_of_16k}.link(), here / "earlier"}).exit_code == exits::done);
    const tree original = files(here / "original", 6, 4 * chunk_size);
    fs::rename(set / "f2", set / "a2");
    set.file("f9", noise(chunk_size, 50));
    const sharer again{tracker, set, chunks_of_16k};
    const auto ended = get({again.link(), here / "copy", "--reuse", here / "earlier"});
    CHECK(ended.exit_code == exits::done);
    CHECK(contains(ended.output, "0 B of 400 KiB were there, 384 KiB were copied on this machine, "));
    CHECK(report_of(ended.output).to_fetch == chunk_size);
    CHECK(tree_difference(here / "copy", set) == "");
    CHECK(tree_difference(here / "earlier", original) == "");
}

TEST_CASE("what has changed in a folder to reuse is not taken from there") {
    const temp_folder here;
    const tree set = files(here / "set", 4, 4 * chunk_size);
    const sharer sharer{set, chunks_of_16k};
    REQUIRE(get({sharer.link(), here / "earlier"}).exit_code == exits::done);
    damage(here / "earlier" / "f1");
    fs::remove(here / "earlier" / "f2");
    const auto ended = get({sharer.link(), here / "copy", "--reuse", here / "earlier"});
    CHECK(ended.exit_code == exits::done);
    CHECK(report_of(ended.output).to_fetch == 5 * chunk_size);
    CHECK(tree_difference(here / "copy", set) == "");
}

TEST_CASE("content that is in a set several times is fetched once") {
    const temp_folder here;
    tree set{here / "set"};
    set.file("zeros", std::string(20 * chunk_size, '\0'));
    for (const char* name : {"a", "b", "sub/c", "sub/d"}) set.file(name, noise(3 * chunk_size, 5));
    const sharer sharer{set, chunks_of_16k};
    const fs::path copy = here / "copy";
    const auto first = get({sharer.link(), copy});
    CHECK(first.exit_code == exits::done);
    CHECK(chunks_fetched(first.output) == 4);
    CHECK(tree_difference(copy, set) == "");

    // Also where one of them is there already.
    fs::remove(copy / "b");
    fs::resize_file(copy / "zeros", 2 * chunk_size);
    const auto second = get({sharer.link(), copy});
    CHECK(second.exit_code == exits::done);
    CHECK(chunks_fetched(second.output) == 0);
    CHECK(report_of(second.output).to_fetch == 0);
    CHECK(tree_difference(copy, set) == "");
}

TEST_CASE("an insertion near the start of a large file costs little where the content defines the chunks") {
    const temp_folder here;
    const tracker_program tracker;
    const words by_content{"--chunking", "cdc", "--chunk-size", "8KiB"};
    const std::string content = noise(3'000'000);
    tree set = files(here / "set", 5, 50'000);
    set.file("c/large", content);
    REQUIRE(get({sharer{tracker, set, by_content}.link(), here / "copy"}).exit_code == exits::done);
    set.file("c/large", content.substr(0, 5'000) + noise(3'000, 9) + content.substr(5'000));
    const sharer again{tracker, set, by_content};
    const auto ended = get({again.link(), here / "copy"});
    CHECK(ended.exit_code == exits::done);
    CHECK(report_of(ended.output).to_fetch < 3'253'000 / 50);
    CHECK(tree_difference(here / "copy", set) == "");
}

TEST_CASE("of a real folder with a few KB more in its largest file, less than 2 percent is fetched") {
    const byte_count wanted = byte_count{times(32, 256)} * 1024 * 1024;
    const temp_folder here;
    const tracker_program tracker;
    const words by_content{"--chunking", "cdc"};
    const byte_count size = copy_some("/usr/lib", here / "set", wanted);
    if (size < wanted) {
        MESSAGE("this machine has too few files");
        return;
    }
    REQUIRE(get({sharer{tracker, here / "set", by_content}.link(), here / "copy"}).exit_code == exits::done);
    const fs::path large = largest_file_in(here / "set");
    const std::string content = read_text(large);
    write_text(large, content.substr(0, 1'000) + noise(5'000, 9) + content.substr(1'000));
    const sharer again{tracker, here / "set", by_content};
    const auto ended = get({again.link(), here / "copy"});
    CHECK(ended.exit_code == exits::done);
    CHECK(report_of(ended.output).to_fetch < size / 50);
    CHECK(tree_difference(here / "copy", here / "set") == "");
}

TEST_CASE("two seeders and a getter that serves what it has got feed a crowd") {
    const temp_folder here;
    const tracker_program tracker;
    for (const char* where : {"one", "two"}) files(here / where / "set", 8, 50'000);
    const sharer one{tracker, here / "one" / "set"};
    const sharer two{tracker, here / "two" / "set"};
    REQUIRE(one.link() == two.link());
    std::vector<std::unique_ptr<getter>> crowd;
    for (int i = 0; i < 5; ++i)
        crowd.push_back(std::make_unique<getter>(words{one.link(), here / ("copy" + std::to_string(i))}));
    for (int i = 0; i < 5; ++i) {
        CHECK(crowd[static_cast<std::size_t>(i)]->wait_for_exit() == exits::done);
        CHECK(tree_difference(here / ("copy" + std::to_string(i)), here / "one" / "set") == "");
    }
}

TEST_CASE("with --stay a getter serves on, and with --seed-for for a while") {
    const temp_folder here;
    const tracker_program tracker;
    const tree set = files(here / "set", 3, 50'000);
    std::optional<sharer> first{std::in_place, tracker, set};
    const std::string link = first->link();
    getter stays{{link, here / "one", "--stay"}};
    stays.wait_for("complete, ");
    wait_until([&] { return tree_difference(here / "one", set).empty(); }, "the first copy");
    first->stop();
    getter leaves{{link, here / "two", "--seed-for", "300ms"}};
    CHECK(leaves.wait_for_exit() == exits::done);
    CHECK(tree_difference(here / "two", set) == "");
    stays.signal(SIGTERM);
    CHECK(stays.wait_for_exit() == exits::done);
}

TEST_CASE("a get that is told to stop exits 5, says what is missing, and is taken up again") {
    const temp_folder here;
    const tree set = files(here / "set", 8, 4 * chunk_size);
    const sharer sharer{set, chunks_of_16k};
    getter stopped{{sharer.link(), here / "copy", "--limit-down", "200KiB/s"}};
    wait_until([&] { return chunks_recorded(here / "copy", sharer.parsed()) >= 2; }, "some chunks");
    stopped.signal(SIGINT);
    CHECK(stopped.wait_for_exit() == exits::incomplete);
    CHECK(stopped.said(" of 32 chunks are still missing"));
    const std::uint32_t had = chunks_recorded(here / "copy", sharer.parsed());
    CHECK(wrong_in_part(here / "copy", set) == "");
    const auto ended = get({sharer.link(), here / "copy"});
    CHECK(ended.exit_code == exits::done);
    CHECK(chunks_fetched(ended.output) <= 32 - had);
    CHECK(tree_difference(here / "copy", set) == "");
}

TEST_CASE("a destination that a peer is using is refused") {
    const temp_folder here;
    const tree set = files(here / "set", 8, 4 * chunk_size);
    const sharer sharer{set, chunks_of_16k};
    getter first{{sharer.link(), here / "copy", "--limit-down", "200KiB/s"}};
    first.wait_for("are to be fetched");
    const auto second = get({sharer.link(), here / "copy"});
    CHECK(second.exit_code == exits::storage);
    CHECK_MESSAGE(contains(second.output, "another peer is using"), second.output);
    const auto at_the_source = get({sharer.link(), set});
    CHECK(at_the_source.exit_code == exits::storage);
}

}  // namespace p2p::test
