// How a connection to a host comes about: its addresses are found, and raced for.
#pragma once

#include "net/names.hpp"

#include <string>
#include <vector>

namespace p2p {

/// Connects to the address that answers first; core/connect_race.hpp says when each is tried. Throws
/// std::system_error; timed_out where nothing but silence came until `until`. The connection comes from the
/// address `from`, where that is of the same kind as the other side's; "any" and a loopback address that
/// would have to reach another machine leave the choice to the system.
awaitable<tcp::socket> connect_to_one_of(std::vector<tcp::endpoint> addresses, time_point until,
                                         asio::ip::address from);

/// The same, for a host: the limit begins when its addresses are known.
awaitable<tcp::socket> connect_to(std::string host, std::uint16_t port, duration limit,
                                  asio::ip::address from = {});

}  // namespace p2p
