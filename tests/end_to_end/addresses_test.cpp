// Which address others are told, on machines as they are: with several networks and both kinds of addresses,
// and with names, routes and settings that mislead.

#include "support/hosts.hpp"
#include "support/published.hpp"

#include <doctest/doctest.h>

namespace p2p::test {

namespace {

/// A machine that serves, and one or two others, each in a network of its own.
struct two_networks {
    explicit two_networks(const std::string& names = "") : home{names}, left{names} {
        set = std::make_unique<tree>(files(home / "set", 2, 50'000));
        home.connect("eth0", left, "lan0");
        home.does("ip address add 10.1.0.1/24 dev eth0 && ip address add fd00:1::1/64 dev eth0 nodad");
        left.does("ip address add 10.1.0.2/24 dev lan0 && ip address add fd00:1::2/64 dev lan0 nodad");
        home.connect("eth1", right, "lan1");
        home.does("ip address add 10.2.0.1/24 dev eth1");
        right.does("ip address add 10.2.0.2/24 dev lan1");
    }
    void share(const std::string& how) {
        shares = home.start("p2pclient share set " + how);
        link = "p2p://" + shares->wait_for_rest_of_line("p2p://");
        port = shares->wait_for_rest_of_line("serves at port ");
    }
    std::string id() const { return link.substr(link.find('/', 6) + 1, 64); }

    /// Where `who` is told, as it reaches the tracker, that the only member is.
    std::string told(const host& who, const std::string& tracker) const {
        const std::string line =
            who.run("bash -c 'exec 3<>/dev/tcp/" + tracker +
                    R"(/5100; echo "{\"type\":\"locate\",\"id\":\")" + id() + R"(\"}" >&3; head -n 1 <&3')")
                .output;
        const std::size_t at = line.find(R"("host":")");
        return at == std::string::npos ? line : line.substr(at + 8, line.find('"', at + 8) - at - 8);
    }
    /// Whether `who` can connect to the sharer there.
    bool reaches(const host& who, const std::string& address) const {
        return who.run("bash -c 'exec 3<>/dev/tcp/" + address + "/" + port + "'").exit_code == 0;
    }
    void is_fetched_by(const host& who, const std::string& tracker) const {
        const auto gets =
            who.run("rm -rf copy && p2pclient get " + id() + " copy --tracker '" + tracker + "'");
        CHECK_MESSAGE(gets.exit_code == exits::done, gets.output);
        CHECK(tree_difference(who / "copy", *set) == "");
    }

    host home;
    host left;
    host right;
    std::unique_ptr<tree> set;
    std::unique_ptr<process> shares;
    std::string link;
    std::string port;
};

}  // namespace

TEST_CASE("the link has the address of the default route, and each network is told its own") {
    if (!can_make_hosts()) return;
    two_networks net;
    net.home.does("ip route add default via 10.2.0.2");
    net.share("--with-tracker");
    CHECK_MESSAGE(net.link.starts_with("p2p://10.2.0.1:5100,[fd00:1::1]:5100/"), net.link);
    CHECK(net.told(net.left, "10.1.0.1") == "10.1.0.1");
    CHECK(net.told(net.left, "fd00:1::1") == "fd00:1::1");
    CHECK(net.told(net.right, "10.2.0.1") == "10.2.0.1");
    CHECK(net.told(net.home, "127.0.0.1") == "127.0.0.1");
    CHECK(net.reaches(net.left, "10.1.0.1"));
    CHECK(net.reaches(net.left, "fd00:1::1"));
    net.is_fetched_by(net.left, "10.1.0.1");
    net.is_fetched_by(net.right, "10.2.0.1");
}

TEST_CASE(
    "a tracker that is told nothing else listens at both kinds of addresses, or at those that there are") {
    if (!can_make_hosts()) return;
    host home;
    SUBCASE("both") {}
    SUBCASE("no IPv6") {
        home.does("sysctl -qw net.ipv6.conf.all.disable_ipv6=1");
    }
    const auto tracker = home.start("p2ptracker");
    tracker->wait_for("tracker listens on ");
    CHECK(home.run("bash -c 'exec 3<>/dev/tcp/127.0.0.1/5100'").exit_code == 0);
    const bool has_ipv6 = home.run("grep -q 1 /proc/net/if_inet6").exit_code == 0;
    CHECK((home.run("bash -c 'exec 3<>/dev/tcp/::1/5100'").exit_code == 0) == has_ipv6);
}

TEST_CASE("a sharer keeps its own tracker when the addresses of its machine change, or come later") {
    if (!can_make_hosts()) return;
    host home;
    const host left;
    const tree set = files(home / "set", 2, 50'000);
    const auto shares = home.start("p2pclient share set --with-tracker");
    const std::string link = "p2p://" + shares->wait_for_rest_of_line("p2p://");
    home.connect("eth0", left, "lan0");
    left.does("ip address add 10.1.0.2/24 dev lan0");
    for (const std::string address : {"10.1.0.1", "10.1.0.7"}) {
        CAPTURE(address);
        home.does("ip address flush dev eth0 && ip address add " + address + "/24 dev eth0");
        const auto gets = left.run("p2pclient get " + link.substr(link.find('/', 6) + 1, 64) + " copy_" +
                                   address + " --tracker " + address);
        CHECK_MESSAGE(gets.exit_code == exits::done, gets.output);
        CHECK(tree_difference(left / ("copy_" + address), set) == "");
    }
    CHECK_FALSE(shares->said("lost the tracker"));
}

TEST_CASE("a peer whose tracker has a name with an IPv6 address listens there, too") {
    if (!can_make_hosts()) return;
    two_networks net{"fd00:1::2 tracker.test"};
    const auto tracker = net.left.start("p2ptracker --listen '[::]:5100'");
    tracker->wait_for("tracker listens on");
    net.share("--tracker tracker.test");
    CHECK(net.told(net.left, "fd00:1::2") == "fd00:1::1");
    CHECK(net.reaches(net.left, "fd00:1::1"));
    CHECK(net.reaches(net.left, "10.1.0.1"));
    net.is_fetched_by(net.left, "tracker.test");
}

TEST_CASE("a machine that calls itself 127.0.1.1 is not told to others as that") {
    if (!can_make_hosts()) return;
    two_networks net{"127.0.1.1 home"};
    const auto tracker = net.home.start("p2ptracker");
    tracker->wait_for("tracker listens on");
    net.share("--tracker home");
    CHECK(net.told(net.left, "10.1.0.1") == "10.1.0.1");
    CHECK(net.told(net.right, "10.2.0.1") == "10.2.0.1");
    net.is_fetched_by(net.left, "10.1.0.1");
}

TEST_CASE("[::] is every address, also where the system has IPv6 sockets be for IPv6 only") {
    if (!can_make_hosts()) return;
    two_networks net;
    net.home.does("echo 1 > /proc/sys/net/ipv6/bindv6only");
    net.share("--with-tracker '[::]:5100'");
    CHECK_MESSAGE(net.link.starts_with("p2p://10.1.0.1:5100,[fd00:1::1]:5100/"), net.link);
    CHECK(net.reaches(net.left, "10.1.0.1"));
    CHECK(net.reaches(net.left, "fd00:1::1"));
    net.is_fetched_by(net.left, "10.1.0.1");
    net.is_fetched_by(net.left, "[fd00:1::1]");
}

TEST_CASE("a link-local address is in the zone of whoever is told it") {
    if (!can_make_hosts()) return;
    two_networks net;
    net.home.does("ip address add fe80::1/64 dev eth0 nodad");
    net.left.does("ip address add fe80::2/64 dev lan0 nodad");
    net.share("--with-tracker");
    CHECK(net.told(net.left, "fe80::1%lan0") == "fe80::1");
    net.is_fetched_by(net.left, "[fe80::1%lan0]");

    net.shares->signal(SIGTERM);
    CHECK(net.shares->wait_for_exit() == exits::done);
    const auto tracker = net.left.start("p2ptracker --listen '[::]:5100'");
    tracker->wait_for("tracker listens on");
    const auto serves = net.home.start("p2pclient serve set --tracker '[fe80::2%eth0]' --transfer-port 0");
    tracker->wait_for("joined");
    CHECK(net.told(net.left, "::1") == "fe80::1");
}

TEST_CASE("a peer whose tracker is localhost is where the tracker sees it, whatever that resolves to") {
    if (!can_make_hosts()) return;
    two_networks net{"::1 localhost"};
    const auto tracker = net.home.start("p2ptracker --listen '[::]:5100'");
    tracker->wait_for("tracker listens on");
    net.share("--tracker localhost");
    const std::string told = net.told(net.home, "localhost");
    CHECK_MESSAGE(net.reaches(net.home, told), told);
    net.is_fetched_by(net.home, "localhost");
}

}  // namespace p2p::test
