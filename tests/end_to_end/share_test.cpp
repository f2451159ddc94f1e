// What share takes and refuses, what it prints, and what list says about it.

#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <sys/stat.h>

namespace p2p::test {

namespace {

namespace fs = std::filesystem;

finished_process share(const fs::path& what, words more = {}, const process_settings& how = {}) {
    more.insert(more.begin(), {"share", what, "--with-tracker", "127.0.0.1:0", "--listen", "127.0.0.1"});
    return run_client(more, how);
}

finished_process list(const tracker_program& tracker) {
    return run_client({"list", "--tracker", tracker.address()});
}

}  // namespace

TEST_CASE("share prints the link on standard output, and nothing else there") {
    const temp_folder here;
    files(here / "set", 3, 1'000);
    const fs::path printed = here / "printed";
    process sharer{"/bin/sh",
                   {"-c", R"(exec "$@" > ")" + printed.native() + '"', "sh", program("p2pclient"), "share",
                    here / "set", "--with-tracker", "127.0.0.1:0", "--listen", "127.0.0.1"}};
    wait_until([&] { return fs::exists(printed) && read_text(printed).ends_with('\n'); }, "the link");
    const std::string link = read_text(printed);
    CHECK(get({link.substr(0, link.size() - 1), here / "copy"}).exit_code == exits::done);
    sharer.signal(SIGTERM);
    CHECK(sharer.wait_for_exit() == exits::done);
    CHECK(read_text(printed) == link);
    CHECK(link.starts_with("p2p://127.0.0.1:"));
    CHECK(link.ends_with("/set\n"));
    CHECK(std::count(link.begin(), link.end(), '\n') == 1);
}

TEST_CASE(
    "the same tree has the same id wherever it is shared, and another one as soon as anything differs") {
    const temp_folder here;
    const tracker_program tracker;
    for (const char* where : {"one", "two"}) some_of_everything(here / where / "set");
    const std::string first = link_of(tracker, here / "one" / "set");
    CHECK(link_of(tracker, here / "two" / "set") == first);
    SUBCASE("a byte") {
        damage(here / "two" / "set" / "deep/er/other");
    }
    SUBCASE("who may run it") {
        fs::permissions(here / "two" / "set" / "bin/run.sh", fs::perms::owner_read);
    }
    SUBCASE("an empty folder") {
        fs::remove(here / "two" / "set" / "empty folder");
    }
    SUBCASE("where a link leads") {
        fs::remove(here / "two" / "set" / "link to file");
        fs::create_symlink("a.txt/", here / "two" / "set" / "link to file");
    }
    CHECK(link_of(tracker, here / "two" / "set") != first);
}

TEST_CASE("what cannot be shared exits 3, with its name") {
    const temp_folder here;
    const tree set{here / "set"};
    fs::path names = here / "set";
    std::string message;
    fs::path what = here / "set";
    SUBCASE("because nothing is there") {
        what = names = here / "nowhere";
        message = "No such file or directory";
    }
    SUBCASE("because it is neither a file nor a folder") {
        what = names = "/dev/null";
        message = "neither a file nor a folder";
    }
    SUBCASE("because nothing is in it") {
        message = "nothing in it is left to share";
    }
    SUBCASE("because a link leads outside") {
        fs::create_symlink("../../secret", set / "way out");
        names = set / "way out";
        message = "its target \"../../secret\"";
    }
    SUBCASE("because a link is absolute") {
        fs::create_symlink("/etc/passwd", set / "way out");
        names = set / "way out";
        message = "its target \"/etc/passwd\"";
    }
    SUBCASE("because a name is not UTF-8") {
        write_text(set / "not \xFF UTF-8", "content");
        names = set / "not ? UTF-8";
        message = "UTF-8";
    }
    SUBCASE("because a file must not be read") {
        write_text(set / "locked", "content");
        fs::permissions(set / "locked", fs::perms::none);
        names = set / "locked";
        message = "Permission denied";
    }
    const auto ended = share(what, {}, {.obeys_permissions = true});
    CHECK(ended.exit_code == exits::storage);
    CHECK_MESSAGE(contains(ended.output, names.native() + ": "), ended.output);
    CHECK_MESSAGE(contains(ended.output, message), ended.output);
    CHECK_FALSE(contains(ended.output, "p2p://"));
}

TEST_CASE("a name that a set cannot have exits 2, and says why") {
    const temp_folder here;
    files(here / "set", 1, 100);
    for (const char* name : {"", "a/b", "..", ".p2p", "line\nbreak", "not \xFF UTF-8"}) {
        CAPTURE(name);
        const auto ended = share(here / "set", {"--name", name});
        CHECK(ended.exit_code == exits::usage);
        CHECK_MESSAGE(contains(ended.output, "--name"), ended.output);
    }
    write_text(here / std::string(200, 'x'), "content");
    const auto ended = share(here / std::string(200, 'x'));
    CHECK(ended.exit_code == exits::usage);
    CHECK_MESSAGE(contains(ended.output, "choose one with --name"), ended.output);
}

TEST_CASE("wrong options of share are told in a line, and exit 2") {
    const temp_folder here;
    files(here / "set", 1, 100);
    const std::vector<std::pair<words, std::string>> table{
        {{"--chunk-size", "1"}, "--chunk-size"},
        {{"--chunk-size", "1TiB"}, "--chunk-size"},
        {{"--chunking", "random"}, "--chunking"},
        {{"--tracker", "host:port"}, "--tracker"},
    };
    for (const auto& [options, message] : table) {
        CAPTURE(options);
        const auto ended = share(here / "set", options);
        CHECK(ended.exit_code == exits::usage);
        CHECK_MESSAGE(contains(ended.output, message), ended.output);
    }
}

TEST_CASE("the tracker of a sharer needs no address") {
    const temp_folder here;
    // That its option was taken shows what is wrong after that.
    const auto ended = run_client({"share", here / "nothing", "--with-tracker"});
    CHECK(ended.exit_code == exits::storage);
    CHECK_MESSAGE(contains(ended.output, "nothing: No such file or directory"), ended.output);
}

TEST_CASE("a chunk size that content cannot be cut by is refused before anything begins") {
    const temp_folder here;
    files(here / "set", 1, 100);
    const auto ended = share(here / "set", {"--chunking", "cdc", "--chunk-size", "100000"});
    CHECK(ended.exit_code == exits::usage);
    CHECK_MESSAGE(contains(ended.output, "--chunk-size"), ended.output);
    CHECK_FALSE(contains(ended.output, "tracker listens"));
}

TEST_CASE("what is excluded is not in the set, also where it could not be shared") {
    const temp_folder here;
    tree set = files(here / "set", 2, 1'000);
    set.file("build/object.o", "a").file("sub/object.o", "b").file("sub/data/x.tmp", "c").link("out", "/etc");
    const sharer sharer{set, {"--exclude", "*.o", "--exclude", "sub/data/*.tmp", "--exclude", "out"}};
    REQUIRE(get({sharer.link(), here / "copy"}).exit_code == exits::done);
    tree rest = files(here / "rest", 2, 1'000);
    rest.folder("build").folder("sub/data");
    CHECK(tree_difference(here / "copy", rest) == "");
}

TEST_CASE("what a peer keeps about a folder is never shared, and the second share has the same id") {
    const temp_folder here;
    const tracker_program tracker;
    const tree set = files(here / "set", 2, 1'000);
    const std::string first = link_of(tracker, set);
    CHECK(fs::exists(set / ".p2p"));
    const sharer again{tracker, set};
    CHECK(again.link() == first);
    CHECK(get({again.link(), here / "copy"}).exit_code == exits::done);
    CHECK(tree_difference(here / "copy", set) == "");
}

TEST_CASE("pipes and sockets are left out, with a warning") {
    const temp_folder here;
    const tree set = files(here / "set", 1, 1'000);
    REQUIRE(::mkfifo((set / "pipe").c_str(), 0600) == 0);
    const sharer sharer{set};
    CHECK(sharer.said((set / "pipe").native() + ": left out"));
    REQUIRE(get({sharer.link(), here / "copy"}).exit_code == exits::done);
    fs::remove(set / "pipe");
    CHECK(tree_difference(here / "copy", set) == "");
}

TEST_CASE("a folder that is being shared cannot be shared a second time") {
    const temp_folder here;
    files(here / "set", 1, 1'000);
    const sharer first{here / "set"};
    const auto second = share(here / "set");
    CHECK(second.exit_code == exits::storage);
    CHECK_MESSAGE(contains(second.output, "another peer is using"), second.output);
    CHECK(get({first.link(), here / "copy"}).exit_code == exits::done);
}

TEST_CASE("a folder that must not be written to is shared all the same, with a warning") {
    const temp_folder here;
    const tree set = files(here / "set", 2, 1'000);
    fs::permissions(set, fs::perms::owner_read | fs::perms::owner_exec);
    {
        const sharer sharer{set, {}, {.obeys_permissions = true}};
        CHECK(sharer.said("cannot be kept"));
        CHECK(get({sharer.link(), here / "copy"}).exit_code == exits::done);
    }
    CHECK(tree_difference(here / "copy", set) == "");
    CHECK_FALSE(fs::exists(set / ".p2p"));
    fs::permissions(set, fs::perms::owner_all);
}

TEST_CASE("share without a tracker exits 0 when it is told to stop") {
    const temp_folder here;
    files(here / "set", 1, 1'000);
    const std::string nobody = "127.0.0.1:" + std::to_string(tcp_listener{}.port());
    process sharer{program("p2pclient"),
                   {"share", here / "set", "--tracker", nobody, "--listen", "127.0.0.1"}};
    sharer.wait_for("cannot reach the tracker at " + nobody);
    sharer.signal(SIGTERM);
    CHECK(sharer.wait_for_exit() == exits::done);
    CHECK_FALSE(sharer.said("p2p://"));
}

TEST_CASE("list says what was published, how large it is, and who has it") {
    const temp_folder here;
    const tracker_program tracker;
    CHECK(list(tracker).exit_code == exits::done);
    CHECK(list(tracker).output == "");

    files(here / "books", 4, 65'536);
    files(here / "films", 3, 65'536);
    sharer books{tracker, here / "books"};
    sharer films{tracker, here / "films", {"--name", "moving pictures"}};
    getter part{{films.link(), here / "part", "--limit-down", "10KiB/s"}};
    const auto line_of = [](const sharer& one, const std::string& rest) { return one.id() + rest; };
    const std::string all = "id" + std::string(62, ' ') + "       size   chunks seeders leechers  name\n" +
                            line_of(books, "    256 KiB        4       1        0  books\n") +
                            line_of(films, "    192 KiB        3       1        1  moving pictures\n");
    wait_until([&] { return contains(list(tracker).output, "1        1  moving pictures"); }, "the getter");
    CHECK(list(tracker).output == all);

    part.kill_hard();
    films.stop();
    wait_until([&] { return contains(list(tracker).output, "0        0  moving pictures"); }, "its end");
    CHECK(contains(list(tracker).output, "1        0  books"));
}

TEST_CASE("list exits 4 where there is no tracker, with its address") {
    const std::string nobody = "127.0.0.1:" + std::to_string(tcp_listener{}.port());
    const auto ended = run_client({"list", "--tracker", nobody});
    CHECK(ended.exit_code == exits::network);
    CHECK(contains(ended.output, "cannot reach the tracker at " + nobody));
}

TEST_CASE("who says that it has more chunks than the set has is sent away") {
    const temp_folder here;
    const tracker_program tracker;
    sharer shares{tracker, files(here / "set", 3, 10)};
    const auto port = static_cast<std::uint16_t>(std::stoul(shares.wait_for_rest_of_line("serves at port ")));
    tcp_client visitor = tcp_client::connect(port);
    visitor.send_line(R"({"type":"hello","version":1,"name":"x","transfer_port":1,"instance":7,"id":")" +
                      shares.id() + R"(","chunks":"1-16777216"})");
    CHECK(contains(visitor.read_to_end(), R"("code":"bad_field")"));
}

// So that those who come at once get it of each other, and not each its own of the only one who has it.
TEST_CASE("of three who get the manifest at the same time one is sent to the others, until they have it") {
    const temp_folder here;
    const tracker_program tracker;
    sharer only{tracker, files(here / "set", 3, 10)};
    const auto port = static_cast<std::uint16_t>(std::stoul(only.wait_for_rest_of_line("serves at port ")));
    const auto ask = [](tcp_client& visitor, int offset, int size) {
        visitor.send_line(R"({"type":"get_manifest","offset":)" + std::to_string(offset) + R"(,"size":)" +
                          std::to_string(size) + "}");
        return visitor.read_line();
    };
    const auto visit = [&](int instance) {
        tcp_client visitor = tcp_client::connect(port);
        visitor.send_line(R"({"type":"hello","version":1,"name":"x","transfer_port":1,"instance":)" +
                          std::to_string(instance) + R"(,"id":")" + only.id() + R"(","chunks":""})");
        CHECK(contains(visitor.read_line(), "\"hello\""));
        return visitor;
    };
    tcp_client first = visit(1);
    tcp_client second = visit(2);
    tcp_client third = visit(3);
    CHECK(contains(ask(first, 0, 1), R"("manifest","offset":0)"));
    CHECK(contains(ask(second, 0, 1), R"("manifest","offset":0)"));
    CHECK(contains(ask(third, 0, 1), R"("refuse","manifest":true)"));
    first.read_exact(1);
    CHECK(contains(ask(first, 1, 100'000), R"("manifest","offset":1)"));
    CHECK(contains(ask(third, 0, 1), R"("manifest","offset":0)"));
}

}  // namespace p2p::test
