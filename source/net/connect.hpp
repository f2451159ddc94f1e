// How a connection to a host comes about: its addresses are found, and raced for.
#pragma once

#include "net/names.hpp"

#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

namespace p2p {

/// An attempt to connect was neither taken nor refused: firewalls do that.
struct connect_timed_out : std::system_error {
    connect_timed_out() : std::system_error(asio::error::timed_out) {}
};

/// Why somebody at that port could not be talked to, for people.
std::string why_unreachable(const std::system_error& failure, std::uint16_t port);

/// Connects to the address that answers first; core/hosts/connect_race.hpp says when each is tried. Throws
/// std::system_error; connect_timed_out where nothing but silence came until `until`. The connection comes
/// from the address `from`, where that is of the same kind as the other side's; "any" and a loopback address
/// that would have to reach another machine leave the choice to the system. Of several addresses, those of
/// that kind come first.
awaitable<tcp::socket> connect_to_one_of(std::vector<tcp::endpoint> addresses, time_point until,
                                         asio::ip::address from);

/// The same, for a host: the limit begins when its addresses are known.
awaitable<tcp::socket> connect_to(std::string host, std::uint16_t port, duration limit,
                                  asio::ip::address from = {});

}  // namespace p2p
