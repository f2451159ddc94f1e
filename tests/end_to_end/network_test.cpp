// Networks that fail, between any two programs: what is fetched through them ends complete, and no connection
// waits for ever.

#include "storage/unique_fd.hpp"
#include "support/faulty_proxy.hpp"
#include "support/programs.hpp"
#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <netinet/in.h>
#include <sys/socket.h>

namespace p2p::test {

namespace {

// So that faults are found out soon.
const words impatient{"--silence-limit", "2s", "--hello-limit", "1s", "--stall-after", "500ms"};

proxy_options before(std::uint16_t port, const std::vector<fault>& faults, unsigned spoilt) {
    proxy_options options;
    options.target = {"127.0.0.1", port};
    options.faults = faults;
    options.clean_bytes = 60'000;
    options.late = std::chrono::milliseconds{20};
    options.spoilt = spoilt;
    options.seed = port;
    return options;
}

/// Others are sent to a peer by its port: so the proxy has that too, at another address.
proxy_options at_the_same_port(proxy_options options) {
    options.listen = {"127.0.0.99", options.target.port};
    return options;
}

std::uint16_t port_of(sharer& one) {
    return static_cast<std::uint16_t>(std::stoul(one.wait_for_rest_of_line("serves at port ")));
}

words operator+(words a, const words& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

/// A tracker, two who have a set, and the network before all of them.
struct faulty_network {
    faulty_network(const std::vector<fault>& faults, unsigned spoilt)
        : to_tracker{std::make_unique<faulty_proxy>(before(tracker.port(), faults, spoilt))},
          to_alice{std::make_unique<faulty_proxy>(at_the_same_port(before(port_of(alice), faults, spoilt)))},
          to_bob{std::make_unique<faulty_proxy>(at_the_same_port(before(port_of(bob), faults, spoilt)))} {}

    temp_folder here;
    tree set{some_files(here / "alice" / "set")};
    tree same{some_files(here / "bob" / "set")};
    tracker_program tracker{{"--allow-advertise", "--silence-limit", "2s"}};
    words advertised{words{"--advertise", "127.0.0.99", "--chunk-size", "4KiB"} + impatient};
    sharer alice{tracker, set, advertised};
    sharer bob{tracker, same, advertised};
    std::unique_ptr<faulty_proxy> to_tracker;
    std::unique_ptr<faulty_proxy> to_alice;
    std::unique_ptr<faulty_proxy> to_bob;

    std::string link() const {
        std::string link = alice.link();
        return link.replace(link.find(tracker.address()), tracker.address().size(),
                            to_tracker->address().to_string());
    }

private:
    static tree some_files(const std::filesystem::path& root) { return files(root, 4, 50'000); }
};

void arrives_through(fault what, unsigned spoilt = 0) {
    const faulty_network net{{what}, spoilt};
    process gets{program("p2pclient"), words{"get", net.link(), net.here / "copy"} + impatient};
    CHECK(gets.wait_for_exit() == 0);
    CHECK(tree_difference(net.here / "copy", net.set) == "");
    CHECK(net.to_tracker->connections() > 0);
    CHECK(net.to_alice->connections() + net.to_bob->connections() > 0);
    wait_until([&] { return net.to_tracker->open() + net.to_alice->open() + net.to_bob->open() == 0; },
               "the end of every connection");
}

}  // namespace

TEST_CASE("what is fetched arrives through a network that does nothing to it") {
    arrives_through(fault::none);
}
TEST_CASE("what is fetched arrives through a network that is late") {
    arrives_through(fault::delay);
}
TEST_CASE("what is fetched arrives through a network that cuts connections") {
    arrives_through(fault::cut);
}
TEST_CASE("what is fetched arrives through a network that closes connections one way") {
    arrives_through(fault::half_close);
}
TEST_CASE("what is fetched arrives through a network in which connections stand still") {
    arrives_through(fault::stall);
}
TEST_CASE("what is fetched arrives through a network that brings byte by byte") {
    arrives_through(fault::trickle);
}
TEST_CASE("what is fetched arrives through a network that changes bits") {
    arrives_through(fault::flip);
}
TEST_CASE("what only one peer has arrives from it through a network that changes bits") {
    const temp_folder here;
    const tree set = files(here / "set", 4, 500'000);
    const tracker_program tracker{{"--allow-advertise"}};
    sharer alice{tracker, set, words{"--advertise", "127.0.0.99", "--chunk-size", "16KiB"} + impatient};
    proxy_options changing = at_the_same_port(before(port_of(alice), {fault::flip}, 0));
    changing.clean_bytes = 500'000;
    const faulty_proxy to_alice{changing};
    process gets{program("p2pclient"), words{"get", alice.link(), here / "copy"} + impatient};
    CHECK(gets.wait_for_exit() == exits::done);
    CHECK(tree_difference(here / "copy", set) == "");
    CHECK(gets.said("with wrong content"));
}

TEST_CASE("where nobody answers at all, the port is named that a firewall may keep closed") {
    // As behind one: a listener that has as many connections waiting as it may have leaves others without a
    // word.
    const unique_fd listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    auto* const address = reinterpret_cast<sockaddr*>(&at);
    REQUIRE(::bind(listener.get(), address, size) == 0);
    REQUIRE(::listen(listener.get(), 0) == 0);
    REQUIRE(::getsockname(listener.get(), address, &size) == 0);
    const tcp_client waits = tcp_client::connect(ntohs(at.sin_port));
    const std::string port = std::to_string(ntohs(at.sin_port));
    const std::string advice =
        "127.0.0.1:" + port + ": no answer (is TCP port " + port + " open in its firewall?)";
    const auto listed = run_client({"list", "--tracker", "127.0.0.1:" + port});
    CHECK(listed.exit_code == exits::network);
    CHECK_MESSAGE(contains(listed.output, advice), listed.output);
    const temp_folder here;
    const auto shared = run_client({"share", files(here / "set", 1, 1000), "--tracker", "127.0.0.1:" + port});
    CHECK(shared.exit_code == exits::network);
    CHECK_MESSAGE(contains(shared.output, advice), shared.output);

    tcp_listener silent;  // takes connections, and says nothing: that is no firewall
    const auto unanswered = run_client({"list", "--tracker", "127.0.0.1:" + std::to_string(silent.port())});
    CHECK_MESSAGE(contains(unanswered.output, ": no answer\n"), unanswered.output);
}

TEST_CASE("what is fetched arrives through a network that refuses at first") {
    arrives_through(fault::refuse, 1);
}
TEST_CASE("what is fetched arrives through a network that says nothing at first") {
    arrives_through(fault::mute, 1);
}

TEST_CASE("through a network in which everything is wrong at random, five sets arrive one after the other") {
    const std::vector<fault> any(std::begin(all_faults), std::end(all_faults));
    const faulty_network net{any, 0};
    for (int round = 0; round < 5; ++round) {
        CAPTURE(round);
        const auto copy = net.here / std::to_string(round);
        // A tracker that is silent twice is out of reach for a get: whoever wants the set says it again.
        int ended = exits::network;
        for (int times = 0; times < 5 && ended == exits::network; ++times) {
            process gets{program("p2pclient"), words{"get", net.link(), copy} + impatient};
            ended = gets.wait_for_exit();
        }
        CHECK(ended == exits::done);
        CHECK(tree_difference(copy, net.set) == "");
    }
}

}  // namespace p2p::test
