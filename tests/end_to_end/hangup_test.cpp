// SIGHUP: what services send to have files read again, and what comes when a terminal closes.

#include "storage/unique_fd.hpp"
#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <poll.h>
#include <string>
#include <string_view>
#include <unistd.h>

namespace p2p::test {

namespace {

const std::string nothing_to_read = "SIGHUP: there is nothing to read again";

/// Goes on after SIGHUP, and ends as asked.
void outlives_hangup(process& one) {
    one.signal(SIGHUP);
    one.wait_for(nothing_to_read);
    one.signal(SIGTERM);
    CHECK(one.wait_for_exit() == exits::done);
}

/// A window with a terminal, which closes when this is destroyed.
class window {
public:
    window() : master_{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)} {
        REQUIRE(::grantpt(master_.get()) == 0);
        REQUIRE(::unlockpt(master_.get()) == 0);
    }

    /// The words that run a program there, as the first of its session: its standard input and output are
    /// that terminal, and `more` is what the shell does before.
    words run(const words& what, const std::string& more = "") const {
        words all{"/bin/sh", "-c", more + "exec \"$@\" <\"$0\" >\"$0\"", ::ptsname(master_.get())};
        all.insert(all.end(), what.begin(), what.end());
        return all;
    }

    /// Until this can be read there.
    void wait_for(std::string_view text) const {
        std::string shown;
        while (shown.find(text) == std::string::npos) {
            pollfd there{master_.get(), POLLIN, 0};
            REQUIRE_MESSAGE(::poll(&there, 1, static_cast<int>(patience.count())) == 1, shown);
            std::array<char, 1000> some{};
            const ssize_t n = ::read(master_.get(), some.data(), some.size());
            REQUIRE_MESSAGE(n > 0, shown);
            shown.append(some.data(), static_cast<std::size_t>(n));
        }
    }

private:
    unique_fd master_;
};

words shares(const tracker_program& tracker, const temp_folder& here) {
    return {program("p2pclient"), "share", files(here / "set", 1, 1000), "--tracker", tracker.address()};
}

}  // namespace

TEST_CASE("SIGHUP does not end a program that has nothing to read again") {
    const temp_folder here;
    tracker_program tracker;
    sharer shares{tracker, files(here / "set", 1, 1000)};
    getter gets{{shares.link(), here / "copy", "--stay"}};
    gets.wait_for("complete");
    peer_program folder{tracker, make_folder(here / "folder", file_set{2, 1000}, "1"), "alice"};
    folder.port();
    outlives_hangup(folder);
    outlives_hangup(gets);
    outlives_hangup(shares);
    server serves{tracker, {here / "copy"}};
    outlives_hangup(serves);
    outlives_hangup(tracker);
}

TEST_CASE("who gets something goes on after SIGHUP, and ends complete") {
    const temp_folder here;
    const tree set = files(here / "set", 2, 200'000);
    const sharer shares{set, {"--chunk-size", "16KiB"}};
    getter gets{{shares.link(), here / "copy", "--limit-down", "200KiB/s"}};
    wait_until([&] { return chunks_recorded(here / "copy", shares.parsed()) > 0; }, "some chunks");
    gets.signal(SIGHUP);
    gets.wait_for(nothing_to_read);
    CHECK(gets.wait_for_exit() == exits::done);
    CHECK(tree_difference(here / "copy", set) == "");
}

TEST_CASE("a terminal that closes stops what runs in it, politely") {
    const temp_folder here;
    tracker_program tracker;
    auto terminal = std::make_unique<window>();
    process one{"/usr/bin/setsid", terminal->run(shares(tracker, here))};
    terminal->wait_for("/set\r\n");  // the link
    terminal.reset();
    one.wait_for("the terminal has closed");
    CHECK(one.wait_for_exit() == exits::done);
    tracker.wait_for("left: said goodbye");
}

TEST_CASE("a terminal that closes while the log goes there, and a prompt is shown, does no more than that") {
    const temp_folder here;
    tracker_program tracker;
    auto terminal = std::make_unique<window>();
    words with_prompt = shares(tracker, here);
    with_prompt.emplace_back("--console");
    process one{"/usr/bin/setsid", terminal->run(with_prompt, "export TERM=xterm; exec 2>\"$0\"; ")};
    terminal->wait_for("/set\r\n");  // the link
    terminal.reset();
    CHECK(one.wait_for_exit() == exits::done);
    tracker.wait_for("left: said goodbye");
}

TEST_CASE("with nohup a terminal that closes is no more than SIGHUP") {
    const temp_folder here;
    tracker_program tracker;
    auto terminal = std::make_unique<window>();
    process one{"/usr/bin/setsid", terminal->run(shares(tracker, here), "trap '' HUP; ")};
    terminal->wait_for("/set\r\n");  // the link
    terminal.reset();
    outlives_hangup(one);
}

}  // namespace p2p::test
