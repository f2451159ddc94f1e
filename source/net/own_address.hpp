// The address of this machine that other machines most likely reach it at.
#pragma once

#include <string>

namespace p2p {

/// That of the first network interface that is up and no loopback, an IPv4 one if there is any; "127.0.0.1"
/// where there is none.
std::string own_address();

}  // namespace p2p
