// The first line on a connection between peers, checked.
#pragma once

#include "net/stream.hpp"
#include "protocol/messages.hpp"

namespace p2p {

/// Waits for the whole of it, so long at most. Throws protocol_violation, with what to answer, where the
/// other side says anything else; after an `error` from there std::system_error (connection_aborted).
awaitable<peer_to_peer::hello> read_hello(stream& line, duration limit);

/// What a connection is told that ends because no whole message came.
inline error_message too_silent() {
    return {"timed_out", "no whole message came for too long"};
}

}  // namespace p2p
