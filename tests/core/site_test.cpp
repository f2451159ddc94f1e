#include "core/hosts/site.hpp"

#include <doctest/doctest.h>

namespace p2p::test {

TEST_CASE("an IPv4 address is a site of its own") {
    CHECK(site_of("10.0.0.7") == "10.0.0.7");
}

TEST_CASE("all addresses of a /64 are one site") {
    CHECK(site_of("2001:db8:1:2::7") == "2001:db8:1:2::/64");
    CHECK(site_of("2001:db8:1:2:ffff:ffff:ffff:ffff") == site_of("2001:db8:1:2::7"));
    CHECK(site_of("2001:db8:1:3::7") != site_of("2001:db8:1:2::7"));
    CHECK(site_of("fe80::1%eth0") == "fe80::/64");
}

TEST_CASE("an IPv4 address in IPv6 form is the same site as without it") {
    CHECK(site_of("::ffff:10.0.0.7") == "10.0.0.7");
}

TEST_CASE("a name is a site of its own") {
    CHECK(site_of("tracker.example") == "tracker.example");
    CHECK(site_of("") == "");
}

}  // namespace p2p::test
