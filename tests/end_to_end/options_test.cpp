// Where options come from (the command line, a file, the environment), and what is said where they are wrong.

#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>

namespace p2p::test {

namespace {

/// A variable of the environment while it lives.
class variable {
public:
    variable(std::string name, const std::string& value) : name_(std::move(name)) {
        ::setenv(name_.c_str(), value.c_str(), 1);
    }
    ~variable() { ::unsetenv(name_.c_str()); }
    variable(const variable&) = delete;
    variable& operator=(const variable&) = delete;

private:
    std::string name_;
};

/// The host that a tracker listens on which is told this.
std::string listens_on(const words& arguments) {
    process tracker{built_beside("p2ptracker"), arguments};
    const std::string address = tracker.wait_for_rest_of_line("listens on ");
    tracker.signal(SIGTERM);
    CHECK(tracker.wait_for_exit() == exits::done);
    return address.substr(0, address.find(':'));
}

std::string file_with(const temp_folder& here, const std::string& text) {
    write_text(here / "p2p.toml", text);
    return here / "p2p.toml";
}

}  // namespace

TEST_CASE("what the command line does not say is taken from the file, and then from the environment") {
    const temp_folder here;
    const std::string file = file_with(here, "listen = \"127.0.0.2:0\"\n");
    CHECK(listens_on({"--config", file}) == "127.0.0.2");
    CHECK(listens_on({"--config", file, "--listen", "127.0.0.3:0"}) == "127.0.0.3");
    const variable set{"P2PTRACKER_LISTEN", "127.0.0.4:0"};
    CHECK(listens_on({}) == "127.0.0.4");
    CHECK(listens_on({"--config", file}) == "127.0.0.2");
    CHECK(listens_on({"--listen", "127.0.0.3:0"}) == "127.0.0.3");
}

TEST_CASE("a command's options are in a table of its name, and one variable is for all commands") {
    const temp_folder here;
    tracker_program tracker;
    sharer bob{tracker, files(here / "set", 1, 1000)};
    const std::string file = file_with(
        here, "name = \"nobody\"\n[get]\npeer-name = \"from the file\"\n[share]\npeer-name = \"nobody\"\n");
    CHECK(run_client({"--config", file, "get", bob.link(), here / "one"}).exit_code == exits::done);
    tracker.wait_for("from the file at");
    const variable set{"P2PCLIENT_PEER_NAME", "from the environment"};
    CHECK(run_client({"get", bob.link(), here / "two"}).exit_code == exits::done);
    tracker.wait_for("from the environment at");
    CHECK_FALSE(tracker.said("nobody"));
}

TEST_CASE("options that can be repeated are lists in a file, and flags are true or false") {
    const temp_folder here;
    const tracker_program tracker;
    tree set = files(here / "set", 2, 1000);
    const std::string file = file_with(here, "[share]\nexclude = [\"f0\", \"f7\"]\nquiet = true\n");
    process share{built_beside("p2pclient"),
                  {"--config", file, "share", set, "--tracker", tracker.address()}};
    const std::string link = share.wait_for_rest_of_line("p2p://");
    CHECK_FALSE(share.said("info"));
    CHECK(run_client({"get", "p2p://" + link, here / "copy"}).exit_code == exits::done);
    CHECK_FALSE(std::filesystem::exists(here / "copy" / "f0"));
    CHECK(std::filesystem::exists(here / "copy" / "f1"));
}

TEST_CASE("wrong options are one line that says what may have been meant, and where to look") {
    const temp_folder here;
    const std::string file = file_with(here, "[get]\nlimit-upp = \"1MiB/s\"\n");
    const std::vector<std::pair<words, std::string>> table{
        {{"get", "x", "--limt-up", "1MiB/s"},
         "p2pclient: there is no option --limt-up, did you mean --limit-up? (see p2pclient get --help)\n"},
        {{"-folde", "x"},
         "p2pclient: there is no option --folde, did you mean --folder? (see p2pclient --help)\n"},
        {{"gte", "x"}, "p2pclient: there is no command gte, did you mean get? (see p2pclient --help)\n"},
        {{"--frobnicate"}, "p2pclient: there is no option --frobnicate (see p2pclient --help)\n"},
        {{"get", "a", "b", "c"}, "p2pclient: c is one word too many (see p2pclient get --help)\n"},
        {{"get"}, "p2pclient: LINK is required (see p2pclient get --help)\n"},
        {{"get", "x", "--config", "f"},
         "p2pclient: --config goes before the command (see p2pclient get --help)\n"},
        {{"--config", here / "nothing", "list"}, ""},
        {{"--config", file, "get", "x"},
         "p2pclient: --config: there is no option get.limit-upp (see p2pclient get --help)\n"},
    };
    for (const auto& [arguments, line] : table) {
        const auto ended = run_client(arguments);
        CAPTURE(ended.output);
        CHECK(ended.exit_code == exits::usage);
        if (!line.empty()) CHECK(ended.output == line);
        CHECK(std::ranges::count(ended.output, '\n') == 1);
    }
    const auto tracker = run_tracker({"--qorum", "1"});
    CHECK(tracker.exit_code == exits::usage);
    CHECK(tracker.output ==
          "p2ptracker: there is no option --qorum, did you mean --quorum? (see p2ptracker --help)\n");
}

TEST_CASE("a configuration file that is none is an error that names the file and the line") {
    const temp_folder here;
    const std::vector<std::pair<std::string, std::string>> table{
        {"nonsense\n", "line 1: \"nonsense\""},
        {"# our own\n\n[get]\nquiet = true\nlimit-up 20Mbit\n", "line 5: \"limit-up 20Mbit\""},
        {"{\n  \"quiet\": true\n}\n", "line 1: \"{\""},
        {"get:\n  quiet: true\n", "line 1: \"get:\""},
        {"[share]\nexclude = [\n  \"a\",\n  \"b\"\n]\nonce\n", "line 6: \"once\""},
        {std::string("\x7F"
                     "ELF\0\1\2",
                     7),
         "line 1: "},
    };
    for (const auto& [text, where] : table) {
        const std::string file = file_with(here, text);
        for (const auto& ended : {run_client({"--config", file, "list"}), run_tracker({"--config", file})}) {
            CHECK(ended.exit_code == exits::usage);
            CHECK_MESSAGE(contains(ended.output, "--config: " + file + ", " + where), ended.output);
            CHECK(std::ranges::count(ended.output, '\n') == 1);
        }
    }
}

TEST_CASE("a limit can be off, and one that hardly lets anything through is confirmed") {
    const temp_folder here;
    const tracker_program tracker;
    const words ask{
        "get", std::string(64, '7'), here / "copy", "--tracker", tracker.address(), "--give-up-after", "1s"};
    const auto with = [&ask](const words& more) {
        words all = ask;
        all.insert(all.end(), more.begin(), more.end());
        return run_client(all);
    };
    const auto off = with({"--limit-down", "off", "--limit-up", "off"});
    CHECK_MESSAGE(off.exit_code == exits::incomplete, off.output);
    CHECK_FALSE(contains(off.output, "a second"));
    const auto slow = with({"--limit-down", "10", "--limit-up", "8bit"});
    CHECK_MESSAGE(contains(slow.output, "--limit-down 10: that is 10 bytes a second"), slow.output);
    CHECK_MESSAGE(contains(slow.output, "--limit-up 1: that is 1 byte a second"), slow.output);
    CHECK(with({"--limit-down", "of"}).exit_code == exits::usage);
}

TEST_CASE("each program tells its version") {
    for (const std::string name : {"p2pclient", "p2ptracker", "simulate"}) {
        const auto ended = run(built_beside(name), {"--version"});
        CHECK(ended.exit_code == 0);
        CHECK(ended.output.starts_with(name + " 0."));
    }
}

}  // namespace p2p::test
