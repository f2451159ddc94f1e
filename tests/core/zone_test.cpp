#include "core/hosts/zone.hpp"

#include <doctest/doctest.h>

using namespace p2p;

TEST_CASE("a zone is not told to others") {
    CHECK(without_zone("fe80::1%eth0") == "fe80::1");
    CHECK(without_zone("fe80::1") == "fe80::1");
    CHECK(without_zone("10.0.0.7") == "10.0.0.7");
}

TEST_CASE("a link-local address is in the network that the tracker is in") {
    CHECK(in_zone_of("fe80::7%eth1", "fe80::1") == "fe80::1%eth1");
    CHECK(in_zone_of("10.0.0.7", "fe80::1") == "fe80::1");
}

TEST_CASE("other addresses and names have no zone") {
    CHECK(in_zone_of("fe80::7%eth1", "2001:db8::1") == "2001:db8::1");
    CHECK(in_zone_of("fe80::7%eth1", "10.0.0.7") == "10.0.0.7");
    CHECK(in_zone_of("fe80::7%eth1", "febrile") == "febrile");
}
