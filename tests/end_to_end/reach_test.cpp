// Peers that others cannot connect to, as behind a firewall: one of two must be able to, whichever it is.
// They listen here, and are known at an address where nobody does.

#include "support/programs.hpp"
#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace p2p::test {

namespace {

const words out_of_reach{"--advertise", "127.0.0.99"};

words operator+(words a, const words& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

std::ptrdiff_t times(const process& says, const std::string& what) {
    const std::string all = says.output();
    std::ptrdiff_t count = 0;
    for (std::size_t at = all.find(what); at != std::string::npos; at = all.find(what, at + 1)) ++count;
    return count;
}

}  // namespace

TEST_CASE("a sharer that nobody can connect to is fetched from") {
    const temp_folder here;
    const tree set = files(here / "set", 3, 100'000);
    const tracker_program tracker{{"--allow-advertise"}};
    const sharer shares{tracker, set, out_of_reach};
    CHECK(get({shares.link(), here / "copy"}).exit_code == exits::done);
    CHECK(tree_difference(here / "copy", set) == "");
}

TEST_CASE("a set of empty files is fetched from a sharer that nobody can connect to") {
    const temp_folder here;
    const tree set = tree{here / "set"}.file("empty", "").folder("nothing");
    const tracker_program tracker{{"--allow-advertise"}};
    const sharer shares{tracker, set, out_of_reach};
    CHECK(get({shares.link(), here / "copy"}).exit_code == exits::done);
    CHECK(tree_difference(here / "copy", set) == "");
}

TEST_CASE("a get that stays, and that nobody can connect to, is fetched from") {
    const temp_folder here;
    const tree set = files(here / "set", 3, 100'000);
    const tracker_program tracker{{"--allow-advertise"}};
    sharer shares{tracker, set};
    getter stays{words{shares.link(), here / "first", "--stay"} + out_of_reach};
    stays.wait_for("set: complete");
    CHECK(shares.stop() == exits::done);
    CHECK(get({shares.link(), here / "second"}).exit_code == exits::done);
    CHECK(tree_difference(here / "second", set) == "");
}

TEST_CASE("a complete chunk folder that nobody can connect to is fetched from") {
    const file_set set{20, 20'000};
    const temp_folder here;
    const tracker_program tracker{{"--allow-advertise", "--quorum", "1"}};
    const peer_program alice{tracker, make_folder(here / "alice", set, set.ranges()), "alice",
                             out_of_reach + words{"--listen", "127.0.0.1"}};
    peer_program bob{tracker, make_folder(here / "bob", set, ""), "bob", {"--once"}};
    CHECK(bob.wait_for_exit() == exits::done);
    CHECK(difference(here / "bob", set) == "");
}

TEST_CASE("of two peers that others take for one, one says so and takes a port of its own") {
    const file_set set{2, 1'000};
    const temp_folder here;
    tracker_program tracker{{"--allow-advertise", "--quorum", "1"}};
    const std::string port = std::to_string(tcp_listener{}.port());
    const auto options = [&](const std::string& name) {
        return words{"--folder",        make_folder(here / name, set, "1"),
                     "--name",          name,
                     "--tracker",       tracker.address(),
                     "--advertise",     "127.0.0.99",
                     "--transfer-port", port};
    };
    process alice{program("p2pclient"), options("alice") + words{"--listen", "127.0.0.1"}};
    alice.wait_for("serves at port " + port);
    tracker.wait_for("alice at 127.0.0.99:" + port + " joined");
    process bob{program("p2pclient"), options("bob") + words{"--listen", "127.0.0.2"}};
    const std::string own = alice.wait_for_rest_of_line("uses port " + port + ": this one goes by port ");
    tracker.wait_for("alice at 127.0.0.99:" + own.substr(0, own.find(' ')) + " joined");
    CHECK(times(alice, "another peer at this address") == 1);
    CHECK_FALSE(bob.said("another peer at this address"));
    CHECK(times(tracker, " joined") == 3);
}

}  // namespace p2p::test
