// The addresses of this machine that other machines most likely reach it at.
#pragma once

#include <string>
#include <vector>

namespace p2p {

/// At most one of each kind, IPv4 first: where packets to the rest of the world would come from, or, where no
/// route leads there, that of the first network interface that works. Neither loopback nor link-local.
std::vector<std::string> own_addresses();

}  // namespace p2p
