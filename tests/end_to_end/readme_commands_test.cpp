// README's commands as they are printed, on a machine of their own: a network namespace that has the
// addresses which README uses. Only what stands for something else there is replaced: links, and folders of
// the system.

#include "support/own_network.hpp"
#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <sstream>

namespace p2p::test {

namespace {

namespace fs = std::filesystem;

const bool is_root = can_have_own_network();

/// The lines that README prints apart, of each section.
std::map<std::string, std::vector<std::string>> read_sections() {
    std::map<std::string, std::vector<std::string>> sections;
    std::istringstream readme{read_text(fs::path{P2P_SOURCE_DIR} / "README.md")};
    std::string title;
    for (std::string line; std::getline(readme, line);) {
        if (line.starts_with("# ") || line.starts_with("## ")) title = line.substr(line.find(' ') + 1);
        if (line.starts_with("    ")) sections[title].push_back(line.substr(4));
    }
    return sections;
}

bool is_command(const std::string& line) {
    const std::string first = line.substr(0, line.find(' '));
    static const std::set<std::string> programs{"p2pclient", "p2ptracker", "simulate", "soak",
                                                "bench",     "mkdir",      "cmake"};
    return programs.contains(first) || first.starts_with("tools/");
}

std::vector<std::string> commands_in(const std::string& section) {
    std::vector<std::string> lines = read_sections()[section];
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

TEST_CASE("README's commands work as printed: share and get" * doctest::skip(!is_root)) {
    machine here;
    const tree set = some_of_everything(here / "data" / "set");
    const auto shown = commands_in("P2P File Transfer");
    REQUIRE(shown.size() == 2);
    const auto shares = here.share(shown[0]);
    CHECK(here.run(shown[1]).exit_code == exits::done);
    CHECK(tree_difference(here / "set", set) == "");
}

TEST_CASE("README's commands work as printed: a peer is told what to do" * doctest::skip(!is_root)) {
    machine here;
    const tree set = files(here / "data" / "set", 3, 100'000);
    const tree second = files(here / "data" / "second", 3, 50'000);
    const auto shown = commands_in("While it runs");
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

TEST_CASE("README's commands work as printed: see the swarm" * doctest::skip(!is_root)) {
    machine here;
    files(here / "data" / "set", 3, 100'000);
    const auto shown = commands_in("See the swarm");
    REQUIRE(shown.size() == 2);
    const auto tracker = here.start(shown[0]);
    tracker->wait_for("pages at http://127.0.0.1:5180");
    const auto shares = here.share("p2pclient share /data/set");
    const auto gets = here.start(shown[1]);
    gets->wait_for("pages at http://127.0.0.1:5181");
    CHECK(gets->wait_for_exit() == exits::done);
}

TEST_CASE("README's commands work as printed: closed to strangers" * doctest::skip(!is_root)) {
    machine here;
    const tree set = files(here / "data" / "set", 3, 100'000);
    const auto shown = commands_in("Closed to strangers");
    REQUIRE(shown.size() == 4);
    CHECK(here.run(shown[0]).exit_code == exits::done);
    {
        const auto tracker = here.start(shown[1]);
        tracker->wait_for("tracker listens on");
        const auto shares = here.share(shown[2]);
        CHECK(here.run("p2pclient get LINK copy").exit_code == exits::network);
        CHECK(here.run("p2pclient get LINK copy --secret-file swarm.key").exit_code == exits::done);
        CHECK(tree_difference(here / "copy", set) == "");
    }
    const auto shares = here.share(shown[3]);
    CHECK(here.run("p2pclient get LINK second").exit_code == exits::done);
    CHECK(tree_difference(here / "second", set) == "");
}

TEST_CASE("README's commands work as printed: chunk folders" * doctest::skip(!is_root)) {
    machine here;
    constexpr std::size_t chunks_33_and_a_half = (std::size_t{67} << 20U) / 2;
    const std::string content = noise(chunks_33_and_a_half);
    write_text(here / "disk.img", content);
    fs::create_directory(here / "data");
    const auto shown = commands_in("Chunk folders");
    REQUIRE(shown.size() == 5);
    CHECK(here.run(shown[0]).exit_code == exits::done);
    CHECK(here.run(shown[1]).exit_code == exits::done);
    CHECK(read_text(here / "disk.img") == content);

    const auto tracker = here.start(shown[2]);
    tracker->wait_for("tracker listens on");
    const words as_bob{"/data/", here / "bob" / "", "6001", "6002", "alice", "bob"};
    const words as_carol{"/data/", here / "carol" / "", "6001", "6003", "alice", "carol"};
    fs::create_directory(here / "bob");
    fs::create_directory(here / "carol");
    CHECK(here.run(shown[0], as_bob).exit_code == exits::done);
    const auto alice = here.start(shown[3]);
    const auto bob = here.start(shown[3], as_bob);
    CHECK(here.run(shown[4], as_carol).exit_code == exits::done);
    const auto carol = here.start(shown[3], as_carol);
    carol->wait_for("default: complete");
    words of_carol = as_carol;
    of_carol.insert(of_carol.end(), {"disk.img", "copy.img"});
    CHECK(here.run(shown[1], of_carol).exit_code == exits::done);
    CHECK(read_text(here / "copy.img") == content);
}

TEST_CASE("README's commands work as printed: options from a file" * doctest::skip(!is_root)) {
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

TEST_CASE("README's commands work as printed: what a tracker remembers" * doctest::skip(!is_root)) {
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

TEST_CASE("README's commands work as printed: simulate" * doctest::skip(!is_root || is_sanitized())) {
    const machine here;
    const auto shown = commands_in("Simulate a swarm");
    REQUIRE(shown.size() >= 5);
    for (const std::string& command : shown) {
        if (contains(command, "--peers 301")) continue;  // takes minutes where others work, too
        CAPTURE(command);
        const auto ended = here.run(command);
        CHECK_MESSAGE(ended.exit_code == 0, ended.output);
        CHECK(contains(ended.output, "every byte of every peer is right"));
    }
}

TEST_CASE("every section of README that shows commands is tried, or takes long") {
    std::set<std::string> sections;
    const auto shown = read_sections();
    for (const auto& [title, lines] : shown)
        if (std::ranges::any_of(lines, is_command)) sections.insert(title);
    const std::set<std::string> tried{"P2P File Transfer",   "While it runs", "See the swarm",
                                      "Closed to strangers", "Chunk folders", "What a tracker remembers",
                                      "Simulate a swarm"};
    const std::set<std::string> take_long{"Try it", "How fast", "Keep it going", "Measure", "Fuzz"};
    for (const std::string& title : sections)
        CHECK_MESSAGE((tried.contains(title) || take_long.contains(title)), title);
    for (const std::string& title : tried) CHECK_MESSAGE(sections.contains(title), title);
}

}  // namespace p2p::test
