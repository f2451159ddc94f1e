#include "core/hosts/connect_race.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace p2p;
using namespace std::chrono_literals;

namespace {

const time_point begin{};

/// "446": two addresses of IPv4, then one of IPv6, in the order in which the system gave them.
connect_race race_of(std::string_view found) {
    std::vector<connect_race::family> families;
    for (const char one : found)
        families.push_back(one == '4' ? connect_race::family::ipv4 : connect_race::family::ipv6);
    return connect_race{families};
}

/// The places of all that are tried where nobody answers: "021".
std::string order_of(std::string_view found) {
    connect_race race = race_of(found);
    std::string order;
    while (const auto at = race.next_deadline()) order += std::to_string(*race.start(std::max(*at, begin)));
    return order;
}

std::error_code error(std::errc which) {
    return std::make_error_code(which);
}

/// What is told where all attempts fail with these, in this order.
std::error_code told_of(const std::vector<std::errc>& failures) {
    connect_race race = race_of(std::string(failures.size(), '4'));
    for (const std::errc one : failures) {
        race.start(begin);
        race.failed(error(one));
    }
    CHECK(race.is_lost());
    return race.reason();
}

}  // namespace

TEST_CASE("the families of a host's addresses take turns, the one that the system prefers first") {
    CHECK(order_of("4") == "0");
    CHECK(order_of("444") == "012");
    CHECK(order_of("6644") == "0213");
    CHECK(order_of("4466") == "0213");
    CHECK(order_of("66664") == "04123");
    CHECK(order_of("46664") == "01423");
}

TEST_CASE("the next address is tried when the one before it has said nothing for a quarter of a second") {
    connect_race race = race_of("444");
    CHECK(race.start(begin) == 0);
    CHECK(race.next_deadline() == begin + 250ms);
    CHECK(race.start(begin + 249ms) == std::nullopt);
    CHECK(race.start(begin + 250ms) == 1);
    CHECK(race.start(begin + 400ms) == std::nullopt);
    CHECK(race.start(begin + 600ms) == 2);
    CHECK(race.next_deadline() == std::nullopt);
    CHECK_FALSE(race.is_lost());
}

TEST_CASE("when an address refuses, the next one is tried at once") {
    connect_race race = race_of("444");
    race.start(begin);
    race.failed(error(std::errc::connection_refused));
    CHECK(*race.next_deadline() <= begin);
    CHECK(race.start(begin) == 1);
    CHECK(race.start(begin) == std::nullopt);
}

TEST_CASE("a host is out of reach when every attempt has failed, not when the last one has") {
    connect_race race = race_of("46");
    race.start(begin);
    race.start(begin + 1s);
    race.failed(error(std::errc::network_unreachable));
    CHECK_FALSE(race.is_lost());
    race.failed(error(std::errc::connection_refused));
    CHECK(race.is_lost());
}

TEST_CASE("a host that has no addresses is out of reach") {
    CHECK(race_of("").is_lost());
}

TEST_CASE("of several failures the one is told that says most about the other side, of equals the last") {
    using enum std::errc;
    CHECK(told_of({connection_refused, network_unreachable}) == connection_refused);
    CHECK(told_of({timed_out, connection_refused}) == connection_refused);
    CHECK(told_of({connection_refused, timed_out}) == connection_refused);
    CHECK(told_of({timed_out, network_unreachable}) == timed_out);
    CHECK(told_of({network_unreachable, host_unreachable}) == host_unreachable);
    CHECK(told_of({connection_refused, operation_not_permitted}) == operation_not_permitted);
}

TEST_CASE("a name that has very many addresses does not send anybody to all of them") {
    CHECK(order_of(std::string(30, '4')) == order_of(std::string(20, '4')));
}
