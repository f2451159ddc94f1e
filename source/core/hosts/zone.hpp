// The zone of an IPv6 address ("fe80::1%eth0"): the network that a link-local address is in, by the name that
// one host has for it. It means nothing to others: they have names of their own.
#pragma once

#include <string>

namespace p2p {

/// What others may be told: the address alone.
std::string without_zone(const std::string& host);

/// What others have told: a link-local address is in the same network as `neighbour`, which they are known
/// by.
std::string in_zone_of(const std::string& neighbour, const std::string& host);

}  // namespace p2p
