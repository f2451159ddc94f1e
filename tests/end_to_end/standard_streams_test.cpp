// Standard streams that are full, closed, or lead to nobody: no program ends for what it cannot say, and none
// says that all went well where what was asked for could not be written.

#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <unistd.h>

namespace p2p::test {

namespace {

namespace fs = std::filesystem;

const std::string lost = "cannot write to standard output";

/// A command in which "$@" is the program, with redirections.
finished_process in_shell(const std::string& command, const words& what) {
    words all{"-c", command, "sh"};
    all.insert(all.end(), what.begin(), what.end());
    return run("/bin/sh", all);
}

std::string line_of(const words& what) {
    std::string line;
    for (const std::string& word : what) line += word + ' ';
    return line;
}

std::vector<std::pair<words, int>> commands_that_fail(const temp_folder& here,
                                                      const tracker_program& tracker) {
    const std::string client = program("p2pclient");
    const std::string other = program("p2ptracker");
    const std::string nothing = here / "nothing";
    const std::string nobody = nobodys_address();
    const std::string ghost = "p2p://" + nobody + "/" + std::string(64, '7') + "/ghost";
    return {
        {{client, "--frobnicate"}, exits::usage},
        {{client}, exits::usage},
        {{client, "--folder", nothing}, exits::storage},
        {{client, "--log-level", "loud", "--folder", nothing}, exits::usage},
        {{client, "share", nothing}, exits::storage},
        {{client, "get", "p2p://nonsense"}, exits::usage},
        {{client, "get", ghost, here / "copy"}, exits::network},
        {{client, "get", "-"}, exits::usage},
        {{client, "serve", nothing}, exits::storage},
        {{client, "verify", nothing}, exits::storage},
        {{client, "split", nothing, "--into", here / "folder"}, exits::storage},
        {{client, "join", nothing, here / "file"}, exits::storage},
        {{client, "list", "--tracker", nobody}, exits::network},
        {{client, "list", "--secret-file", nothing}, exits::usage},
        {{client, "ctl", nothing, "status"}, exits::network},
        {{other, "--qorum", "1"}, exits::usage},
        {{other, "--log-level", "loud"}, exits::usage},
        {{other, "--secret-file", nothing}, exits::usage},
        {{other, "--listen", "127.0.0.1:0", "--state", here / "nothing" / "state"}, exits::storage},
        {{other, "--listen", tracker.address()}, exits::network},
        {{program("simulate"), "--peers", "0"}, 2},
        {{program("simulate"), "--peers", "2", "--chunks", "2", "--quorum", "9"}, 2},
    };
}

/// Those that print something, and end well.
std::vector<words> commands_with_results(const temp_folder& here, const tracker_program& tracker,
                                         const fs::path& socket) {
    const std::string client = program("p2pclient");
    return {
        {client, "--help"},
        {client, "get", "--help"},
        {client, "--version"},
        {client, "list", "--tracker", tracker.address()},
        {client, "list", "--json", "--tracker", tracker.address()},
        {client, "ctl", socket, "status"},
        {client, "ctl", "--json", socket, "status"},
        {client, "verify", here / "set"},
        {client, "join", here / "folder", here / "again"},
        {program("p2ptracker"), "--help"},
        {program("p2ptracker"), "--version"},
        {program("simulate"), "--version"},
        {program("simulate"), "--help"},
        {program("simulate"), "--peers", "2", "--chunks", "2"},
        {program("simulate"), "--peers", "2", "--chunks", "2", "--json"},
    };
}

}  // namespace

TEST_CASE("a command that fails, and cannot say so, ends with its code") {
    const temp_folder here;
    const tracker_program tracker;
    for (const auto& [what, code] : commands_that_fail(here, tracker)) {
        CAPTURE(line_of(what));
        CHECK(in_shell("\"$@\" 2>/dev/full", what).exit_code == code);
        CHECK(in_shell("\"$@\" 2>&-", what).exit_code == code);
        CHECK(in_shell("\"$@\" <&- >&- 2>&-", what).exit_code == code);
        const finished_process piped = in_shell("exec 3>&1; { \"$@\" 2>&1; echo $? >&3; } | true", what);
        CHECK_MESSAGE(piped.output == std::to_string(code) + "\n", piped.output);
    }
}

TEST_CASE("what was asked for and cannot be written is a failure that says so") {
    const temp_folder here;
    const tracker_program tracker;
    const fs::path socket = here / "socket";
    const sharer shares{tracker, files(here / "set", 2, 1000), {"--control", socket}};
    const words split{program("p2pclient"), "split", here / "set" / "f0", "--into", here / "folder"};
    CHECK(in_shell("\"$@\" >/dev/full", split).exit_code == exits::failure);
    for (const words& what : commands_with_results(here, tracker, socket)) {
        CAPTURE(line_of(what));
        for (const std::string where : {">/dev/full", ">&-"}) {
            const finished_process ended = in_shell("\"$@\" " + where, what);
            CHECK(ended.exit_code == exits::failure);
            CHECK_MESSAGE(contains(ended.output, lost), ended.output);
            CHECK(std::ranges::count(ended.output, '\n') == 1);
            CHECK(in_shell("\"$@\" 2>/dev/full " + where, what).exit_code == exits::failure);
        }
    }
}

TEST_CASE("a link that nobody can read ends the sharer") {
    const temp_folder here;
    const tracker_program tracker;
    for (const words& more : {words{}, words{"--json"}}) {
        words what{program("p2pclient"), "share", files(here / "set", 1, 1000), "--tracker",
                   tracker.address()};
        what.insert(what.end(), more.begin(), more.end());
        const finished_process ended = in_shell("exec \"$@\" >/dev/full", what);
        CHECK(ended.exit_code == exits::failure);
        CHECK(contains(ended.output, "p2pclient: " + lost + ": No space left on device\n"));
    }
}

TEST_CASE("a get whose events nobody reads fetches all the same, and does not say that all went well") {
    const temp_folder here;
    const tree set = files(here / "set", 2, 100'000);
    const sharer shares{set};
    const words what{program("p2pclient"), "get", shares.link(), here / "copy", "--json"};
    CHECK(in_shell("\"$@\" >/dev/full", what).exit_code == exits::failure);
    CHECK(tree_difference(here / "copy", set) == "");
}

TEST_CASE("programs whose log cannot be written do what they are for") {
    const temp_folder here;
    const tree set = files(here / "set", 2, 100'000);
    for (const std::string log : {"2>/dev/full", "2>&-"}) {
        const std::string address = nobodys_address();
        process tracker{"/bin/sh",
                        {"-c", "exec \"$@\" " + log, "sh", program("p2ptracker"), "--listen", address}};
        process shares{
            "/bin/sh",
            {"-c", "exec \"$@\" " + log, "sh", program("p2pclient"), "share", set, "--tracker", address}};
        const std::string link = "p2p://" + shares.wait_for_rest_of_line("p2p://");
        const words fetch{program("p2pclient"), "get", link, here / (log == "2>&-" ? "two" : "one")};
        CHECK(in_shell("\"$@\" " + log, fetch).exit_code == exits::done);
        CHECK(tree_difference(fetch.back(), set) == "");
        for (process* one : {&shares, &tracker}) {
            one->signal(SIGTERM);
            CHECK(one->wait_for_exit() == exits::done);
        }
    }
}

TEST_CASE("no socket becomes a standard stream that was closed") {
    const temp_folder here;
    const std::string address = nobodys_address();
    process tracker{"/bin/sh",
                    {"-c", "echo $$ > \"$0\"; exec \"$@\" <&- >&- 2>&-", here / "pid", program("p2ptracker"),
                     "--listen", address}};
    wait_until(
        [&] {
            return run_client({"list", "--tracker", address}).exit_code == exits::done;
        },
        "the tracker");
    std::string pid;
    std::ifstream{here / "pid"} >> pid;
    for (const std::string stream : {"0", "1", "2"})
        CHECK(fs::read_symlink("/proc/" + pid + "/fd/" + stream) == "/dev/null");
    tracker.signal(SIGTERM);
    CHECK(tracker.wait_for_exit() == exits::done);
}

}  // namespace p2p::test
