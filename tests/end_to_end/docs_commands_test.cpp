// The commands of README and the pages under docs/ as they are printed, on a machine of their own: a network
// namespace that has the addresses which are used there. Only what stands for something else is replaced:
// links, other machines, and folders of the system.

#include "support/documents.hpp"
#include "support/own_network.hpp"
#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

namespace p2p::test {

namespace {

namespace fs = std::filesystem;

const bool is_root = can_have_own_network();

/// The lines that are printed apart, of each section of each page.
std::map<std::string, words> read_sections() {
    std::map<std::string, words> sections;
    std::string title;
    for (const std::string& line : lines_of(text_of_documents())) {
        if (line.starts_with("# ") || line.starts_with("## ")) title = line.substr(line.find(' ') + 1);
        if (line.starts_with("    ")) sections[title].push_back(line.substr(4));
    }
    return sections;
}

bool is_command(const std::string& line) {
    const std::string first = line.substr(0, line.find(' '));
    static const std::set<std::string> programs{"p2pclient", "p2ptracker", "simulate", "soak", "bench",
                                                "mkdir",     "cmake",      "nice",     "for"};
    return programs.contains(first) || first.starts_with("tools/");
}

words commands_in(const std::string& section) {
    words lines = read_sections()[section];
    std::erase_if(lines, [](const std::string& line) { return !is_command(line); });
    return lines;
}

void replace_all(std::string& text, const std::string& what, const std::string& by) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
        text.replace(at, what.size(), by);
}

class machine {
public:
    fs::path operator/(std::string_view path) const { return folder_ / path; }

    /// What stands for the link in what is run from now on.
    void knows(const std::string& link) { link_ = link; }

    /// A command that goes on; `replaced` comes first.
    std::unique_ptr<process> start(const std::string& command, const words& replaced = {}) const {
        return network_.start("/bin/sh", {"-c", as_here("exec " + command, replaced)});
    }
    finished_process run(const std::string& command, const words& replaced = {}) const {
        return network_.run("/bin/sh", {"-c", as_here(command, replaced)});
    }
    /// p2pclient share, with its link.
    std::unique_ptr<process> share(const std::string& command) {
        auto shares = start(command);
        link_ = "p2p://" + shares->wait_for_rest_of_line("p2p://");
        return shares;
    }

private:
    std::string as_here(std::string command, const words& replaced) const {
        for (std::size_t i = 0; i + 1 < replaced.size(); i += 2)
            replace_all(command, replaced[i], replaced[i + 1]);
        replace_all(command, "/data/", folder_ / "data" / "");
        replace_all(command, "/run/user/1000/", folder_ / "");
        replace_all(command, "tracker.example", "10.0.0.7");
        if (const std::size_t at = command.find("p2p://"); at != std::string::npos)
            command.replace(at, command.find(' ', at) - at, "LINK");
        replace_all(command, "LINK", link_);
        const std::string path = "PATH=" + fs::path{program("p2pclient")}.parent_path().native() + ":$PATH";
        return "cd " + folder_.path().native() + " && export " + path + " && " + command;
    }

    const temp_folder folder_;
    std::string link_;
    const own_network network_{{"address add 10.0.0.7/32 dev lo", "address add 10.0.0.8/32 dev lo"}};
};

}  // namespace

TEST_CASE("commands in the docs work as printed: share and get" * doctest::skip(!is_root)) {
    machine here;
    const tree set = some_of_everything(here / "data" / "set");
    const auto shown = commands_in("P2P File Transfer");
    REQUIRE(shown.size() == 2);
    const auto shares = here.share(shown[0]);
    CHECK(here.run(shown[1]).exit_code == exits::done);
    CHECK(tree_difference(here / "set", set) == "");
}

TEST_CASE("commands in the docs work as printed: thirty machines" * doctest::skip(!is_root)) {
    machine here;
    const tree set = files(here / "data" / "set", 3, 100'000);
    const auto shown = commands_in("Thirty machines");
    REQUIRE(shown.size() == 1);
    // Folders of one machine stand for others, so that no two peers can have the same port.
    write_text(here / "hosts", "alice\nbob\ncarol\n");
    write_text(here / "ssh", "mkdir $1 && cd $1 && shift && exec \"$@\"\n");
    const words replaced{"ssh", "sh ./ssh", "/data/set", "set", "5101", "0", "10min", "1s"};
    const auto shares = here.share("p2pclient share /data/set --with-tracker");
    CHECK(here.run(shown[0], replaced).exit_code == exits::done);
    for (const std::string host : {"alice", "bob", "carol"})
        CHECK_MESSAGE(tree_difference(here / host / "set", set) == "", host);
}

TEST_CASE("commands in the docs work as printed: a peer is told what to do" * doctest::skip(!is_root)) {
    machine here;
    const tree set = files(here / "data" / "set", 3, 100'000);
    const tree second = files(here / "data" / "second", 3, 50'000);
    const auto shown = commands_in("From elsewhere, through a socket");
    REQUIRE(shown.size() == 4);
    const auto shares = here.share("p2pclient share /data/set --with-tracker");
    const auto gets = here.start(shown[0]);
    gets->wait_for("set: complete");
    const auto status = here.run(shown[1]);
    CHECK_MESSAGE(contains(status.output, "set: serving"), status.output);
    CHECK(here.run(shown[2]).exit_code == exits::done);
    const auto shares_second = here.share("p2pclient share /data/second");
    CHECK(here.run(shown[3]).exit_code == exits::done);
    gets->wait_for("second: complete");
    CHECK(tree_difference(here / "set", set) == "");
    CHECK(tree_difference(here / "data" / "other", second) == "");
}

TEST_CASE("commands in the docs work as printed: page and metrics" * doctest::skip(!is_root)) {
    machine here;
    files(here / "data" / "set", 3, 100'000);
    const auto shown = commands_in("Page and metrics");
    REQUIRE(shown.size() == 2);
    const auto tracker = here.start(shown[0]);
    tracker->wait_for("pages at http://127.0.0.1:5180");
    const auto shares = here.share("p2pclient share /data/set");
    const auto gets = here.start(shown[1]);
    gets->wait_for("pages at http://127.0.0.1:5181");
    CHECK(gets->wait_for_exit() == exits::done);
}

TEST_CASE("commands in the docs work as printed: a secret for the whole swarm" * doctest::skip(!is_root)) {
    machine here;
    const tree set = files(here / "data" / "set", 3, 100'000);
    const auto shown = commands_in("A secret for the whole swarm");
    REQUIRE(shown.size() == 3);
    CHECK(here.run(shown[0]).exit_code == exits::done);
    const auto tracker = here.start(shown[1]);
    tracker->wait_for("tracker listens on");
    const auto shares = here.share(shown[2]);
    CHECK(here.run("p2pclient get LINK copy").exit_code == exits::network);
    CHECK(here.run("p2pclient get LINK copy --secret-file swarm.key").exit_code == exits::done);
    CHECK(tree_difference(here / "copy", set) == "");
}

TEST_CASE("commands in the docs work as printed: a link with a key" * doctest::skip(!is_root)) {
    machine here;
    const tree set = files(here / "data" / "set", 3, 100'000);
    const auto shown = commands_in("A link with a key");
    REQUIRE(shown.size() == 1);
    const auto shares = here.share(shown[0]);
    CHECK(here.run("p2pclient get LINK copy").exit_code == exits::done);
    CHECK(tree_difference(here / "copy", set) == "");
}

TEST_CASE("commands in the docs work as printed: chunk folders" * doctest::skip(!is_root)) {
    machine here;
    constexpr std::size_t chunks_33_and_a_half = (std::size_t{67} << 20U) / 2;
    const std::string content = noise(chunks_33_and_a_half);
    write_text(here / "disk.img", content);
    fs::create_directory(here / "data");
    const auto cut = commands_in("Split and join");
    REQUIRE(cut.size() == 2);
    const std::string &split = cut[0], &join = cut[1];
    CHECK(here.run(split).exit_code == exits::done);
    CHECK(here.run(join).exit_code == exits::done);
    CHECK(read_text(here / "disk.img") == content);

    const auto begun = commands_in("Start a tracker and the peers");
    REQUIRE(begun.size() == 3);
    const std::string &start_tracker = begun[0], &start_peer = begun[1], &make_empty_folder = begun[2];
    const auto tracker = here.start(start_tracker);
    tracker->wait_for("tracker listens on");
    const words as_bob{"/data/", here / "bob" / "", "6001", "6002", "alice", "bob"};
    const words as_carol{"/data/", here / "carol" / "", "6001", "6003", "alice", "carol"};
    fs::create_directory(here / "bob");
    fs::create_directory(here / "carol");
    CHECK(here.run(split, as_bob).exit_code == exits::done);
    const auto alice = here.start(start_peer);
    const auto bob = here.start(start_peer, as_bob);
    CHECK(here.run(make_empty_folder, as_carol).exit_code == exits::done);
    const auto carol = here.start(start_peer, as_carol);
    carol->wait_for("default: complete");
    words of_carol = as_carol;
    of_carol.insert(of_carol.end(), {"disk.img", "copy.img"});
    CHECK(here.run(join, of_carol).exit_code == exits::done);
    CHECK(read_text(here / "copy.img") == content);
}

TEST_CASE("commands in the docs work as printed: options from a file" * doctest::skip(!is_root)) {
    machine here;
    const tree set = files(here / "data" / "set", 3, 100'000);
    const auto shown = read_sections();
    std::string file;
    for (const std::string& line : shown.at("Options from a file or the environment")) file += line + "\n";
    CHECK(contains(file, "[get]"));
    write_text(here / "p2p.toml", file);
    const auto shares = here.share("p2pclient share /data/set --with-tracker");
    const auto gets = here.start("p2pclient --config p2p.toml get LINK");
    gets->wait_for("set: complete");
    CHECK(tree_difference(here / "set", set) == "");
    CHECK_FALSE(gets->ends_within(std::chrono::milliseconds{100}));  // stay = true
}

TEST_CASE("commands in the docs work as printed: what a tracker remembers" * doctest::skip(!is_root)) {
    machine here;
    files(here / "data" / "set", 3, 1'000);
    const auto shown = commands_in("What a tracker remembers");
    REQUIRE(shown.size() == 1);
    {
        const auto tracker = here.start(shown[0]);
        tracker->wait_for("tracker listens on");
        const auto shares = here.share("p2pclient share /data/set");
        tracker->signal(SIGTERM);
        CHECK(tracker->wait_for_exit() == 0);
    }
    const auto tracker = here.start(shown[0]);
    tracker->wait_for("remembers 0 chunk folders and 1 published sets");
}

TEST_CASE("commands in the docs work as printed: simulate" * doctest::skip(!is_root || is_sanitized())) {
    const machine here;
    const auto shown = commands_in("Simulate a swarm");
    REQUIRE(shown.size() >= 4);
    for (const std::string& command : shown) {
        CAPTURE(command);
        const auto ended = here.run(command);
        CHECK_MESSAGE(ended.exit_code == 0, ended.output);
        CHECK(contains(ended.output, "every byte of every peer is right"));
    }
}

TEST_CASE("every section of the docs that shows commands is tried, or takes long") {
    std::set<std::string> sections;
    const auto shown = read_sections();
    for (const auto& [title, lines] : shown)
        if (std::ranges::any_of(lines, is_command)) sections.insert(title);
    const std::set<std::string> tried{"P2P File Transfer",
                                      "Thirty machines",
                                      "From elsewhere, through a socket",
                                      "Page and metrics",
                                      "A secret for the whole swarm",
                                      "A link with a key",
                                      "Split and join",
                                      "Start a tracker and the peers",
                                      "What a tracker remembers",
                                      "Simulate a swarm"};
    const std::set<std::string> take_long{"Install",
                                          "How this was measured",
                                          "Hundreds of peers",
                                          "Measure",
                                          "Soak: keep it going",
                                          "Fuzz: feed it nonsense",
                                          "What a night is for"};
    for (const std::string& title : sections)
        CHECK_MESSAGE((tried.contains(title) || take_long.contains(title)), title);
    for (const auto& known : {tried, take_long})
        for (const std::string& title : known) CHECK_MESSAGE(sections.contains(title), title);
}

}  // namespace p2p::test
