// The first line on a connection between peers, checked.
#pragma once

#include "net/stream.hpp"
#include "protocol/messages.hpp"

#include <string>
#include <system_error>

namespace p2p {

/// The other side has sent an `error`: the connection is over, and this is why.
struct remote_error : std::system_error {
    explicit remote_error(const error_message& said);
    std::string message;  ///< what it said, fit to be shown
};

/// Waits for the whole of it, so long at most. Throws protocol_violation, with what to answer, where the
/// other side says anything else; remote_error after an `error` from there.
awaitable<peer_to_peer::hello> read_hello(stream& line, duration limit);

/// What a connection is told that ends because no whole message came.
inline error_message too_silent() {
    return {"timed_out", "no whole message came for too long"};
}

}  // namespace p2p
