// Sets that are served and verified after they were shared or fetched.

#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace p2p::test {

namespace {

namespace fs = std::filesystem;

const words chunks_of_16k{"--chunk-size", "16KiB"};
constexpr byte_count chunk_size = 16 * 1024;

std::size_t lines(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

// As if nothing had happened, as far as one can see without reading.
void damage_in_secret(const fs::path& file) {
    const auto before = fs::last_write_time(file);
    damage(file);
    fs::last_write_time(file, before);
}

// What was shared from `set` and fetched to `copy`; nobody serves it any more.
struct shared_and_fetched {
    temp_folder here;
    tracker_program tracker;
    tree set = files(here / "set", 6, 4 * chunk_size).program("run", "#!/bin/sh\n").file("empty", "");
    fs::path copy = here / "copy";
    std::string link;

    shared_and_fetched() {
        const sharer one{tracker, set, chunks_of_16k};
        link = one.link();
        if (get({link, copy}).exit_code != exits::done) throw std::runtime_error{"cannot get"};
    }
};

}  // namespace

TEST_CASE("the folder of a sharer and that of a getter can be served later") {
    const shared_and_fetched all;
    fs::path from = all.set;
    SUBCASE("of the sharer") {}
    SUBCASE("of the getter") {
        from = all.copy;
    }
    const server serves{all.tracker, {from}};
    CHECK(serves.said("has 25 of 25 chunks"));
    CHECK(get({all.link, all.here / "third"}).exit_code == exits::done);
    CHECK(tree_difference(all.here / "third", all.set) == "");
}

TEST_CASE("what is recorded is served without being read again") {
    const shared_and_fetched all;
    const fs::path locked = all.copy / "f3";
    fs::permissions(locked, fs::perms::none);  // whoever read it now would find nothing
    const server serves{all.tracker, {all.copy}, {.obeys_permissions = true}};
    CHECK(serves.said("has 25 of 25 chunks"));
}

TEST_CASE("serve finds the trackers where the set was published") {
    const shared_and_fetched all;
    process serves{program("p2pclient"), {"serve", all.copy, "--listen", "127.0.0.1"}};
    serves.wait_for("serves at port ");
    CHECK(get({all.link, all.here / "third"}).exit_code == exits::done);
    serves.signal(SIGTERM);
    CHECK(serves.wait_for_exit() == exits::done);
}

TEST_CASE("what has changed since is not served, and the rest is") {
    const shared_and_fetched all;
    std::string missing;
    SUBCASE("other bytes") {
        damage(all.copy / "f3");
        missing = "1 of 25 chunks";
    }
    SUBCASE("cut short") {
        fs::resize_file(all.copy / "f3", chunk_size);
        missing = "3 of 25 chunks";
    }
    SUBCASE("gone") {
        fs::remove(all.copy / "f3");
        missing = "4 of 25 chunks";
    }
    SUBCASE("a link to the same") {
        fs::rename(all.copy / "f3", all.here / "moved");
        fs::create_symlink(all.here / "moved", all.copy / "f3");
        missing = "4 of 25 chunks";
    }
    const server serves{all.tracker, {all.copy}};
    CHECK(serves.said(missing + " are not there or have changed: they are not served"));
    const auto ended = get({all.link, all.here / "third", "--give-up-after", "1s"});
    CHECK(ended.exit_code == exits::incomplete);
    CHECK(contains(ended.output, missing + " are still missing"));
    CHECK(wrong_in_part(all.here / "third", all.set) == "");
    CHECK(names_in(all.here / "third") == std::set<std::string>{".p2p", "f0", "f1", "f2", "f4", "f5", "run"});
}

TEST_CASE("serve leaves everything as it is, also what has changed since") {
    const shared_and_fetched all;
    tree set = all.set;
    set.file("empty", "not any more").file("f1", "something else").file("new", "a file more");
    fs::remove(set / "f2");
    fs::create_directory(set / "f2");
    const fs::path before = all.here / "before";
    fs::copy(set, before, fs::copy_options::recursive);
    {
        const server serves{all.tracker, {set}};
        get({all.link, all.here / "third", "--give-up-after", "300ms"});
    }
    CHECK(tree_difference(set, before) == "");
}

TEST_CASE("serve exits 3 where nothing was shared or fetched, with the folder's name") {
    const temp_folder here;
    const auto ended = run_client({"serve", here.path()});
    CHECK(ended.exit_code == exits::storage);
    CHECK(contains(ended.output, here.path().native() + ": nothing was shared from here"));
}

TEST_CASE("serve exits 5 where nothing of a set is there any more") {
    const shared_and_fetched all;
    for (const std::string& name : names_in(all.copy))
        if (name != ".p2p") fs::remove(all.copy / name);
    const auto ended = run_client({"serve", all.copy, "--tracker", all.tracker.address()});
    CHECK(ended.exit_code == exits::incomplete);
    CHECK(contains(ended.output, all.copy.native() + ": nothing of set is there"));
}

TEST_CASE("one process serves two folders, and two getters fetch at once") {
    const temp_folder here;
    const tracker_program tracker;
    const tree red = files(here / "red", 6, 4 * chunk_size);
    const tree blue = files(here / "blue", 9, 3 * chunk_size + 100);
    const std::string red_link = link_of(tracker, red, chunks_of_16k);
    const std::string blue_link = link_of(tracker, blue, chunks_of_16k);
    server both{tracker, {red, blue}};
    both.wait_for("red: has 24 of 24 chunks, serves at port ");
    const std::string port = both.wait_for_rest_of_line("red: has 24 of 24 chunks, serves at port ");
    CHECK(both.wait_for_rest_of_line("blue: has 28 of 28 chunks, serves at port ") == port);
    getter gets_red{{red_link, here / "r", "--limit-down", "2MiB/s"}};
    getter gets_blue{{blue_link, here / "b", "--limit-down", "2MiB/s"}};
    CHECK(gets_red.wait_for_exit() == exits::done);
    CHECK(gets_blue.wait_for_exit() == exits::done);
    CHECK(tree_difference(here / "r", red) == "");
    CHECK(tree_difference(here / "b", blue) == "");
    both.signal(SIGTERM);
    CHECK(both.wait_for_exit() == exits::done);
}

TEST_CASE("of two folders that one process serves, one loses its files and the other goes on") {
    const temp_folder here;
    const tracker_program tracker;
    const tree red = files(here / "red", 6, 4 * chunk_size);
    const tree blue = files(here / "blue", 6, 4 * chunk_size + 1);
    const std::string red_link = link_of(tracker, red, chunks_of_16k);
    const std::string blue_link = link_of(tracker, blue, chunks_of_16k);
    server both{tracker, {red, blue}};
    both.wait_for("red: has 24 of 24 chunks");
    both.wait_for("blue: has 25 of 25 chunks");
    getter gets_blue{{blue_link, here / "b", "--limit-down", "400KiB/s"}};
    wait_until([&] { return chunks_recorded(here / "b", parse_link(blue_link).value()) > 0; },
               "the first chunk");
    for (int i = 1; i < 6; ++i) fs::remove(red / ("f" + std::to_string(i)));
    const auto ended = get({red_link, here / "r", "--give-up-after", "500ms"});
    CHECK(ended.exit_code == exits::incomplete);
    CHECK(both.said("red: chunk "));
    CHECK(both.said(" is not served any more: "));
    CHECK(gets_blue.wait_for_exit() == exits::done);
    CHECK(tree_difference(here / "b", blue) == "");
    CHECK(read_text(here / "r" / "f0") == read_text(red / "f0"));
}

TEST_CASE("a folder that cannot be served does not keep others from being served") {
    const shared_and_fetched all;
    const tree nothing{all.here / "nothing"};
    server serves{all.tracker, {nothing, all.copy}};
    serves.wait_for("nothing was shared from here");
    CHECK(get({all.link, all.here / "third"}).exit_code == exits::done);
    serves.signal(SIGTERM);
    CHECK(serves.wait_for_exit() == exits::storage);
}

TEST_CASE("verify exits 0 where every byte is what was published, also while it is served") {
    const shared_and_fetched all;
    const server serves{all.tracker, {all.copy}};
    for (const fs::path& folder : {all.set.root(), all.copy}) {
        write_text(folder / "mine", "not of the set");
        const auto ended = verify(folder);
        CHECK(ended.exit_code == exits::done);
        CHECK(ended.output == "set: every byte is what was published\n");
    }
}

TEST_CASE("verify exits 7 and names what differs, nothing else, and get repairs it") {
    const temp_folder here;
    tree set = files(here / "set", 20, 2 * chunk_size + 77);
    set.file("empty", "").folder("folder").link("link", "f1");
    const sharer sharer{set, chunks_of_16k};
    const fs::path copy = here / "copy";
    REQUIRE(get({sharer.link(), copy}).exit_code == exits::done);
    std::string line;
    SUBCASE("other bytes, and nothing that shows it") {
        damage_in_secret(copy / "f10");
        line = "f10: differs\n";
    }
    SUBCASE("other bytes") {
        damage(copy / "f10");
        line = "f10: differs\n";
    }
    SUBCASE("missing") {
        fs::remove(copy / "f10");
        line = "f10: is missing\n";
    }
    SUBCASE("longer") {
        write_text(copy / "f10", read_text(set / "f10") + "more");
        line = "f10: differs in size\n";
    }
    SUBCASE("an empty file filled") {
        write_text(copy / "empty", "not any more");
        line = "empty: differs in size\n";
    }
    SUBCASE("a folder gone") {
        fs::remove(copy / "folder");
        line = "folder: is missing\n";
    }
    SUBCASE("a link that leads elsewhere") {
        fs::remove(copy / "link");
        fs::create_symlink("f2", copy / "link");
        line = "link: is missing, or leads elsewhere\n";
    }
    const auto found = verify(copy);
    CHECK(found.exit_code == exits::differs);
    CHECK_MESSAGE(contains("\n" + found.output, "\n" + line), found.output);
    CHECK_MESSAGE(lines(found.output) == 2, found.output);
    CHECK(contains(found.output, "p2pclient: set: "));

    CHECK(get({sharer.link(), copy}).exit_code == exits::done);
    CHECK(tree_difference(copy, set) == "");
    CHECK(verify(copy).exit_code == exits::done);
}

TEST_CASE("verify exits 7 where who may run a file differs, and get repairs that too") {
    const shared_and_fetched all;
    std::string line;
    SUBCASE("no program any more") {
        fs::permissions(all.copy / "run", fs::perms::owner_read);
        line = "run: is not executable\n";
    }
    SUBCASE("a program that should not be one") {
        fs::permissions(all.copy / "f3", fs::perms::owner_all);
        line = "f3: is executable\n";
    }
    const auto found = verify(all.copy);
    CHECK(found.exit_code == exits::differs);
    CHECK_MESSAGE(contains("\n" + found.output, "\n" + line), found.output);
    CHECK(get({all.link, all.copy}).exit_code == exits::done);
    CHECK(verify(all.copy).exit_code == exits::done);
}

TEST_CASE("what verify found is not served, even where nothing shows it") {
    const shared_and_fetched all;
    damage_in_secret(all.copy / "f3");
    CHECK(verify(all.copy).exit_code == exits::differs);
    const server serves{all.tracker, {all.copy}};
    CHECK(serves.said("1 of 25 chunks are not there or have changed"));
}

TEST_CASE("a chunk that was changed in secret is found out by whoever fetches it") {
    const shared_and_fetched all;
    damage_in_secret(all.copy / "f3");
    const server serves{all.tracker, {all.copy}};
    const auto ended = get({all.link, all.here / "third", "--give-up-after", "1s"});
    CHECK(ended.exit_code == exits::incomplete);
    CHECK(contains(ended.output, "with wrong content"));
    CHECK(wrong_in_part(all.here / "third", all.set) == "");
    CHECK_FALSE(fs::exists(all.here / "third" / "f3"));
}

TEST_CASE("verify and serve exit 3 where what is kept about a set is damaged") {
    const shared_and_fetched all;
    const std::string id = parse_link(all.link).value().id.to_hex();
    damage(all.copy / ".p2p" / id / "manifest");
    for (const char* what : {"verify", "serve"}) {
        const auto ended = run_client({what, all.copy});
        CHECK(ended.exit_code == exits::storage);
        CHECK_MESSAGE(contains(ended.output, "manifest: is damaged"), ended.output);
    }
}

TEST_CASE("get replaces a manifest that was damaged on the disk") {
    const shared_and_fetched all;
    damage(all.copy / ".p2p" / parse_link(all.link).value().id.to_hex() / "manifest");
    const server serves{all.tracker, {all.set}};
    CHECK(get({all.link, all.copy}).exit_code == exits::done);
    CHECK(verify(all.copy).exit_code == exits::done);
}

}  // namespace p2p::test
