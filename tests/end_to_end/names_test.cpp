// Trackers that are given by name, in a network where not every name has an answer and not every address
// does.

#include "support/name_server.hpp"
#include "support/own_network.hpp"
#include "support/published.hpp"

#include <doctest/doctest.h>

namespace p2p::test {

namespace {

// The system asks a name server so long that a test's patience ends before: whoever waits for it fails.
const std::string usual_name_server = "options timeout:30 attempts:5\nnameserver 10.0.0.53\n";

// From where nothing ever comes back.
const std::string nowhere = "10.9.0.9";
const std::string nowhere_else = "10.9.0.8";
const std::string nowhere_ipv6 = "2001:db8::9";

const std::string here = "10.0.0.7";
const std::string also_here = "10.0.0.8";

std::vector<std::string> ways() {
    std::vector<std::string> setup{"link add hole type veth peer name bottom",
                                   "address add 10.9.0.1/24 dev hole",
                                   "address add 2001:db8::1/64 dev hole nodad",
                                   "address add fe80::1/64 dev hole nodad",
                                   "link set bottom up",
                                   "link set hole up"};
    for (const std::string& address : {here, also_here, std::string{"10.0.0.52"}, std::string{"10.0.0.53"}})
        setup.push_back("address add " + address + "/32 dev lo");
    // Somebody is known to be there, and is not.
    for (const std::string& address : {nowhere, nowhere_else, nowhere_ipv6})
        setup.push_back("neighbour add " + address + " lladdr 02:00:00:00:00:09 dev hole nud permanent");
    return setup;
}

words trackers(const std::vector<std::string>& addresses) {
    words options;
    for (const std::string& one : addresses) {
        options.push_back("--tracker");
        options.push_back(one);
    }
    return options;
}

words operator+(words a, const words& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

class network {
public:
    explicit network(const std::string& name_servers = usual_name_server) : own_(ways(), name_servers) {}

    name_server& names() { return names_; }
    unique_fd silent_name_server(const std::string& address) const { return own_.socket_for_names(address); }

    std::unique_ptr<process> tracker_at(const std::string& address) const {
        auto runs = own_.start(program("p2ptracker"), {"--listen", address});
        runs->wait_for("tracker listens on");
        return runs;
    }
    std::unique_ptr<process> client(const words& arguments) const {
        return own_.start(program("p2pclient"), arguments);
    }
    finished_process list(const std::vector<std::string>& asked) const {
        return own_.run(program("p2pclient"), words{"list"} + trackers(asked));
    }
    finished_process run(const std::string& name, const words& arguments) const {
        return own_.run(program(name), arguments);
    }
    /// Whether the tracker knows of a set that somebody has.
    void wait_for_sharer_at(const std::string& address) const {
        wait_until([&] { return contains(list({address}).output, "1        0  set"); },
                   "a sharer at " + address);
    }

private:
    own_network own_;
    name_server names_{own_.socket_for_names("10.0.0.53")};
};

}  // namespace

TEST_SUITE_BEGIN("names");

TEST_CASE("an address of a name that never answers hides none that does" *
          doctest::skip(!can_have_own_network())) {
    network net;
    const auto tracker = net.tracker_at(here);
    net.names().knows("both.example", {nowhere_ipv6, here});
    net.names().knows("first.example", {nowhere, nowhere_else, here});
    net.names().knows("last.example", {here, nowhere, nowhere_else});
    for (const std::string name : {"both.example", "first.example", "last.example"}) {
        CAPTURE(name);
        const auto ended = net.list({name});
        CHECK_MESSAGE(ended.exit_code == exits::done, ended.output);
    }
}

TEST_CASE("what is said of a name whose addresses all fail is what says most" *
          doctest::skip(!can_have_own_network())) {
    network net;
    net.names().knows("dead.example", {nowhere, nowhere_else});
    net.names().knows("refusing.example", {nowhere_ipv6, here});
    const auto dead = net.list({"dead.example"});
    CHECK(dead.exit_code == exits::network);
    CHECK_MESSAGE(contains(dead.output, "dead.example:5100: no answer"), dead.output);
    const auto refusing = net.list({"refusing.example"});
    CHECK(refusing.exit_code == exits::network);
    CHECK_MESSAGE(contains(refusing.output, "refusing.example:5100: Connection refused"), refusing.output);
}

TEST_CASE("a program does not wait for ever for a name that nobody answers for" *
          doctest::skip(!can_have_own_network())) {
    network net;
    auto ended = net.list({"silent.example"});
    CHECK(ended.exit_code == exits::network);
    CHECK_MESSAGE(contains(ended.output, "silent.example:5100: Host not found"), ended.output);
    ended = net.run("p2ptracker", {"--listen", "silent.example:5100"});
    CHECK(ended.exit_code == exits::network);
    CHECK_MESSAGE(contains(ended.output, "cannot listen on silent.example:5100: Host not found"),
                  ended.output);
}

TEST_CASE("a program that waits for a name ends when it is told to" *
          doctest::skip(!can_have_own_network())) {
    network net;
    const temp_folder folder;
    files(folder / "set", 1, 1'000);
    const auto shares = net.client({"share", folder / "set", "--tracker", "silent.example"});
    wait_until([&] { return net.names().asked() > 0; }, "a question");
    shares->signal(SIGTERM);
    shares->wait_for_exit();
}

TEST_CASE("the second name server is asked where the first is silent" *
          doctest::skip(!can_have_own_network())) {
    network net("nameserver 10.0.0.52\nnameserver 10.0.0.53\n");
    const unique_fd silent = net.silent_name_server("10.0.0.52");
    net.names().knows("tracker.example", {here});
    const auto tracker = net.tracker_at(here);
    const auto ended = net.list({"tracker.example"});
    CHECK_MESSAGE(ended.exit_code == exits::done, ended.output);
}

TEST_CASE("neither numbers nor other names wait for a name that nobody answers for" *
          doctest::skip(!can_have_own_network())) {
    network net;
    net.names().knows("tracker.example", {also_here});
    const auto by_number = net.tracker_at(here);
    const auto by_name = net.tracker_at(also_here);
    const auto by_number_of_link = net.tracker_at("[fe80::1%hole]");
    const temp_folder folder;
    files(folder / "set", 1, 1'000);
    for (const std::string& address : {here, std::string{"tracker.example"}, std::string{"[fe80::1%hole]"}}) {
        CAPTURE(address);
        const auto shares =
            net.client(words{"share", folder / "set"} + trackers({"silent.example", address}));
        net.wait_for_sharer_at(address);
        CHECK(net.list({"silent.example", address}).exit_code == exits::done);
    }
}

TEST_CASE("a peer comes back to a tracker at a number while a name server is silent" *
          doctest::skip(!can_have_own_network())) {
    network net;
    auto tracker = net.tracker_at(here);
    const temp_folder folder;
    files(folder / "set", 1, 1'000);
    const auto shares =
        net.client(words{"share", folder / "set"} + trackers({"silent.example", here + ":5100"}));
    net.wait_for_sharer_at(here);
    tracker->kill_hard();
    shares->wait_for("lost the tracker at " + here);
    tracker = net.tracker_at(here);
    net.wait_for_sharer_at(here);
}

TEST_CASE("a peer follows a tracker whose name gets another address" *
          doctest::skip(!can_have_own_network())) {
    network net;
    net.names().knows("tracker.example", {here});
    const auto old_place = net.tracker_at(here);
    const temp_folder folder;
    files(folder / "set", 1, 1'000);
    const auto shares = net.client({"share", folder / "set", "--tracker", "tracker.example"});
    net.wait_for_sharer_at(here);
    net.names().knows("tracker.example", {also_here});
    const auto new_place = net.tracker_at(also_here);
    old_place->kill_hard();
    net.wait_for_sharer_at(also_here);
}

TEST_SUITE_END();

}  // namespace p2p::test
