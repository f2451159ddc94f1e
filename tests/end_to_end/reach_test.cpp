// Peers that are known to others by an address where they are not the only ones.

#include "support/programs.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace p2p::test {

namespace {

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
