// Whom an address counts as, wherever hosts are counted: for connections, votes, reports and offences. IPv6
// networks give every site 2^64 addresses, so all of a /64 are one.
#pragma once

#include <string>

namespace p2p {

/// "10.0.0.7" as it is, "2001:db8:1:2::7" as "2001:db8:1:2::/64", an IPv4 address in IPv6 form as that one;
/// what is no address (a name) as it is.
std::string site_of(const std::string& host);

}  // namespace p2p
