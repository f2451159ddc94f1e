// Several trackers: the first that answers is used, and when one is gone the next. Without any, those who
// know each other go on.

#include "support/programs.hpp"
#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <optional>

namespace p2p::test {

namespace {

/// What `list` says of the only set at a tracker: "1 0" for a seeder and no leecher.
std::string peers_at(const tracker_program& tracker) {
    tcp_client asks = tracker.visit();
    asks.send_line(R"({"type":"list"})");
    const std::string answer = asks.read_line();
    const auto number = [&answer](const std::string& field) {
        const std::size_t at = answer.find("\"" + field + "\":");
        if (at == std::string::npos) return std::string{"none"};
        return answer.substr(at + field.size() + 3, 1);
    };
    return number("seeders") + " " + number("leechers");
}

void wait_for_peers(const tracker_program& tracker, const std::string& peers) {
    wait_until([&] { return peers_at(tracker) == peers; }, "peers at the tracker: " + peers);
}

}  // namespace

TEST_CASE(
    "of several trackers the first is used, when it is gone the next, and when it is back the first again") {
    const temp_folder here;
    const tree set = files(here / "set", 3, 20'000);
    std::optional<tracker_program> first{std::in_place};
    const tracker_program second;
    const std::uint16_t port = first->port();
    sharer shares{*first, set, {"--tracker", second.address()}};
    const std::string link = shares.link();
    CHECK(shares.parsed().trackers.size() == 2);
    wait_for_peers(*first, "1 0");
    CHECK(peers_at(second) == "none none");

    first.reset();
    wait_for_peers(second, "1 0");
    CHECK(get({link, here / "meanwhile"}).exit_code == exits::done);
    CHECK(tree_difference(here / "meanwhile", set) == "");

    first.emplace(words{}, port);
    wait_for_peers(*first, "1 0");
    wait_for_peers(second, "0 0");
    CHECK(get({link, here / "afterwards"}).exit_code == exits::done);
}

TEST_CASE("a tracker that takes connections and says nothing is not waited for if there is another") {
    const temp_folder here;
    const tree set = files(here / "set", 3, 20'000);
    const tcp_listener silent;
    const tracker_program second;
    const std::string nobody = "127.0.0.1:" + std::to_string(silent.port());
    process shares{
        program("p2pclient"),
        {"share", set, "--transfer-port", "0", "--tracker", nobody, "--tracker", second.address()}};
    const std::string link = "p2p://" + shares.wait_for_rest_of_line("p2p://");
    wait_for_peers(second, "1 0");
    CHECK(get({link, here / "copy"}).exit_code == exits::done);
    CHECK(tree_difference(here / "copy", set) == "");
}

TEST_CASE("a tracker that is killed while a peer turns to it is passed over, too, until it is back") {
    const temp_folder here;
    const tree set = files(here / "set", 3, 20'000);
    std::optional<tracker_program> first{std::in_place};
    std::optional<tracker_program> second{std::in_place};
    const tracker_program third;
    const std::uint16_t port_of_second = second->port();
    sharer shares{*first, set, {"--tracker", second->address(), "--tracker", third.address()}};
    wait_for_peers(*first, "1 0");

    second->signal(SIGSTOP);  // the system takes the connection, nobody answers it
    first.reset();
    shares.wait_for("lost the tracker");
    second->kill_hard();
    wait_for_peers(third, "1 0");
    CHECK(get({shares.link(), here / "meanwhile"}).exit_code == exits::done);
    CHECK(tree_difference(here / "meanwhile", set) == "");

    second.emplace(words{}, port_of_second);
    wait_for_peers(*second, "1 0");
    wait_for_peers(third, "0 0");
}

TEST_CASE("of a chunk folder's trackers, too, the first that answers is used") {
    const file_set set{4, 5'000};
    const temp_folder here;
    tracker_program second{{"--quorum", "1"}};
    const std::string nobody = nobodys_address();
    const peer_program alice{
        nobody, make_folder(here / "alice", set, "1-4"), "alice", {"--tracker", second.address()}};
    peer_program bob{
        nobody, make_folder(here / "bob", set, ""), "bob", {"--tracker", second.address(), "--once"}};
    CHECK(bob.wait_for_exit() == 0);
    CHECK(bob.said("uses the tracker at " + second.address()));
    CHECK(difference(here / "bob", set) == "");
}

TEST_CASE("where no tracker is left, a peer serves whoever knows it") {
    const file_set set{4, 5'000};
    const temp_folder here;
    tracker_program tracker{{"--quorum", "1"}};
    peer_program alice{tracker, make_folder(here / "alice", set, "1-4"), "alice"};
    tracker.wait_for("every chunk is agreed");
    alice.join(set, "1-4");
    tracker.kill_hard();
    alice.wait_for("lost the tracker");
    tcp_client guest = alice.join(set, "1-4");
    guest.send_line(R"({"type":"request","chunk":2})");
    CHECK(contains(guest.read_line(), R"("type":"chunk")"));
    CHECK(guest.read_exact(set.chunk(2).size()) == set.chunk(2));
}

}  // namespace p2p::test
