// A listening socket, and the loop that accepts from it.
#pragma once

#include "core/base/units.hpp"
#include "net/asio.hpp"

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace p2p {

/// The network does not give what a program cannot do without.
struct network_failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Port 0: any free one. "::" is every address of this machine, of both kinds, whatever the system has IPv6
/// sockets do; of IPv4 only, where there is no IPv6. Throws network_failure: "cannot listen on 0.0.0.0:5100:
/// Address already in use".
tcp::acceptor listen_on(const asio::any_io_executor& executor, const endpoint& where);

/// What is done with a connection; `host` is the address that it comes from. That is learned here and nowhere
/// else: a connection that was reset does not know it any more.
using connection_handler = std::function<void(tcp::socket, std::string host)>;

/// Hands every connection to `arrived`, until it is cancelled. Lack of descriptors or memory is waited out.
awaitable<void> accept_loop(tcp::acceptor& acceptor, connection_handler arrived);

/// A connection that is not wanted: sends the line, which says why, if that can be done at once, and closes.
/// It never waits for the other side.
void turn_away(tcp::socket socket, std::string_view line);

}  // namespace p2p
