// The prompt: on a terminal (a pseudo-terminal, and tmux as somebody who sees what is on it), and through a
// pipe.

#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <sstream>

namespace p2p::test {

namespace {

namespace fs = std::filesystem;

const file_set small{4, 1'000};

/// A program in a window of tmux.
class window {
public:
    window(const temp_folder& folder, const std::string& command) : socket_(folder / "tmux") {
        tmux({"-f", "/dev/null", "new-session", "-d", "-x", "90", "-y", "24",
              "env TERM=tmux-256color " + command + "; echo exit code $?; cat"});
    }
    ~window() { tmux({"kill-server"}); }
    window(const window&) = delete;
    window& operator=(const window&) = delete;

    void type(const words& keys) const {
        words all{"send-keys"};
        all.insert(all.end(), keys.begin(), keys.end());
        tmux(all);
    }
    std::string screen() const { return tmux({"capture-pane", "-p"}); }
    /// The lowest line that has something on it.
    std::string last_line() const {
        std::string last;
        std::istringstream lines{screen()};
        for (std::string line; std::getline(lines, line);)
            if (!line.empty()) last = line;
        return last;
    }
    void wait_for(const std::string& text) const {
        wait_until([&] { return contains(screen(), text); }, "\"" + text + "\" on the screen");
    }
    void wait_for_last_line(const std::string& text) const {
        wait_until([&] { return last_line() == text; }, "\"" + text + "\" at the bottom");
    }

private:
    std::string tmux(words arguments) const {
        arguments.insert(arguments.begin(), {"-S", socket_});
        child_process asked{"/usr/bin/tmux", arguments};
        asked.wait_for_exit();
        return asked.output();
    }

    fs::path socket_;
};

std::string quoted_words(const words& all) {
    std::string text;
    for (const std::string& one : all) text += "'" + one + "' ";
    return text;
}

}  // namespace

TEST_CASE("commands come through a pipe as well, without a prompt") {
    const temp_folder here;
    tracker_program tracker{{"--quorum", "1"}};
    peer_program alice{tracker,
                       make_folder(here / "alice", small, "1-3"),
                       "alice",
                       {},
                       {.in = process_settings::input::pipe}};
    tcp_client guest = alice.join(small, "1-3");
    alice.type("status\n");
    alice.wait_for("default: fetching, 3 of 4 chunks (75%), down ");
    alice.wait_for("tracker connected, 1 peer connected, running for ");
    alice.type("  peers \r\n");
    alice.wait_for("mallory at 127.0.0.1:1 (default)");
    alice.type("chunks\n");
    alice.wait_for("default: 3 of 4 chunks\n  ███·\n  lacks 4\n");
    alice.type("help\n");
    alice.wait_for("tell the trackers goodbye, and stop\n");
    alice.type("dance \x1B[2J\n");
    alice.wait_for("there is no command dance (help lists all)\n");
    alice.type(std::string(5'000, 'x') + "\n");
    alice.wait_for("a command has at most 4096 characters\n");
    alice.type("quit\n");
    CHECK(alice.wait_for_exit() == 0);
    tracker.wait_for("left: said goodbye");
    CHECK_FALSE(alice.said("p2p> "));  // a prompt is for people
}

TEST_CASE("a peer goes on serving when its piped commands end") {
    const temp_folder here;
    tracker_program tracker{{"--quorum", "1"}};
    peer_program alice{tracker,
                       make_folder(here / "alice", small, "1-4"),
                       "alice",
                       {},
                       {.in = process_settings::input::pipe}};
    alice.wait_for("serves at port");
    alice.type("status");  // even a line without an end is a command
    alice.end_input();
    alice.wait_for("default: serving, 4 of 4 chunks (100%)");
    alice.join(small, "1-4");
    alice.signal(SIGTERM);
    CHECK(alice.wait_for_exit() == 0);
}

TEST_CASE("without a terminal and without a pipe there is no prompt, and the peer serves") {
    const temp_folder here;
    const tracker_program tracker{{"--quorum", "1"}};
    peer_program alice{tracker, make_folder(here / "alice", small, "1-3"), "alice"};
    alice.join(small, "1-3");
    alice.signal(SIGTERM);
    CHECK(alice.wait_for_exit() == 0);
    CHECK_FALSE(alice.said("p2p>"));
}

TEST_CASE("on a terminal there is a prompt, and the terminal is as it was in the end") {
    const temp_folder here;
    const tracker_program tracker;
    process alice{"/usr/bin/env",
                  {"TERM=xterm", program("p2pclient"), "--tracker", tracker.address(), "--folder",
                   make_folder(here / "alice", small, "1-3"), "--name", "alice"},
                  {.in = process_settings::input::terminal}};
    alice.wait_for("p2p> ");
    alice.type("chunks\r");
    alice.wait_for("lacks 4");
    alice.type("qui\t\r");
    CHECK(alice.wait_for_exit() == 0);
}

TEST_CASE("a terminal that cannot move its cursor gets answers without a prompt") {
    const temp_folder here;
    const tracker_program tracker;
    process alice{"/usr/bin/env",
                  {"TERM=dumb", program("p2pclient"), "--tracker", tracker.address(), "--folder",
                   make_folder(here / "alice", small, "1-3"), "--name", "alice"},
                  {.in = process_settings::input::terminal}};
    alice.wait_for("serves at port");
    alice.type("chunks\n");
    alice.wait_for("lacks 4");
    alice.type("quit\n");
    CHECK(alice.wait_for_exit() == 0);
    CHECK_FALSE(alice.said("p2p> "));
    CHECK_FALSE(alice.said("\033["));
}

TEST_CASE("what is typed stays whole while the log goes on above it") {
    const temp_folder here;
    const tracker_program tracker{{"--quorum", "1"}};
    const tree set = files(here / "set", 2, 100'000);
    const window terminal{here, quoted_words({program("p2pclient"), "share", set, "--tracker",
                                              tracker.address(), "--console", "--log-level", "debug"})};
    terminal.wait_for("p2p>");
    terminal.wait_for("p2p://");
    terminal.type({"limit up 5Mb"});
    terminal.wait_for_last_line("p2p> limit up 5Mb");
    const std::string screen = terminal.screen();
    const auto at = screen.find("p2p://");
    REQUIRE(at != std::string::npos);
    const std::string whole = screen.substr(at, screen.find("/set", at) + 4 - at);
    CHECK(get({whole.substr(0, whole.find('\n')), here / "copy"}).exit_code == exits::done);
    terminal.wait_for("0 peers");  // it came and went
    CHECK(terminal.last_line() == "p2p> limit up 5Mb");
    terminal.type({"it/s", "Enter"});
    terminal.type({"status", "Enter"});
    terminal.wait_for("limits: up 610 KiB/s, down no limit");
    terminal.type({"quit", "Enter"});
    terminal.wait_for("exit code 0");
}

TEST_CASE("lines that were typed come back, words are completed, and a line can be edited") {
    const temp_folder here;
    const tracker_program tracker;
    const tree set = files(here / "set", 2, 100'000);
    const window terminal{here, quoted_words({program("p2pclient"), "share", set, "--tracker",
                                              tracker.address(), "--console", "--name", "my music"})};
    terminal.wait_for("p2p://");
    terminal.type({"sta", "Tab"});
    terminal.wait_for_last_line("p2p> status");
    terminal.type({"Enter"});
    terminal.wait_for("my music: serving");
    terminal.type({"pau", "Tab"});
    // The editor hears of new sets now and then.
    wait_until(
        [&] {
            terminal.type({"Tab"});
            return terminal.last_line() == "p2p> pause \"my music\"";
        },
        "the name of the set");
    terminal.type({"Enter"});
    terminal.wait_for("my music: paused");
    terminal.type({"Up", "Up"});
    terminal.wait_for_last_line("p2p> status");
    terminal.type({"C-u", "re", "Tab"});  // both remove and resume
    terminal.wait_for("remove  resume");
    terminal.wait_for_last_line("p2p> re");
    terminal.type({"sXume", "Left", "Left", "Left", "BSpace"});
    terminal.wait_for_last_line("p2p> resume");
    terminal.type({"Enter"});
    terminal.wait_for("my music: goes on");
    terminal.type({"C-d"});  // the prompt goes, the peer stays
    wait_until([&] { return terminal.last_line().find("p2p>") == std::string::npos; }, "no prompt");
    terminal.type({"C-c"});
    terminal.wait_for("exit code 0");
}

TEST_CASE("a key that might be the beginning of a longer one holds nothing up") {
    const temp_folder here;
    const tracker_program tracker;
    const tree set = files(here / "set", 2, 100'000);
    const window terminal{here, quoted_words({program("p2pclient"), "share", set, "--tracker",
                                              tracker.address(), "--console", "--control", here / "sock"})};
    terminal.wait_for("p2p://");
    terminal.type({"Escape"});
    const auto asked = run_client({"ctl", here / "sock", "status"});
    CHECK(asked.exit_code == exits::done);
    CHECK(run_client({"ctl", here / "sock", "stop"}).exit_code == exits::done);
    terminal.wait_for("exit code 0");
}

TEST_CASE("a peer in the background of its terminal does not read from it") {
    const temp_folder here;
    const tracker_program tracker;
    const fs::path folder = make_folder(here / "alice", small, "1-3");
    const window terminal{here, "bash -m -c \"" +
                                    quoted_words({program("p2pclient"), "--tracker", tracker.address(),
                                                  "--folder", folder, "--name", "alice"}) +
                                    " & wait %1\""};
    terminal.wait_for("serves at port");
    CHECK_FALSE(contains(terminal.screen(), "p2p>"));
    terminal.type({"C-c"});
}

}  // namespace p2p::test
