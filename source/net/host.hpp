// An address as text, the way a tracker, its peers and their reports all write it.
#pragma once

#include "net/asio.hpp"

#include <string>

namespace p2p {

/// An IPv4 peer of a dual-stack listener looks like that of an IPv4 one.
std::string host_of(const asio::ip::address& address);

/// On this machine only.
bool is_loopback(const std::string& host);

}  // namespace p2p
