// The first line on a connection between peers, checked.
#pragma once

#include "net/stream.hpp"
#include "protocol/messages.hpp"

namespace p2p {

/// Waits for it, a short time only. Throws protocol_violation, with what to answer, where the other side says
/// anything else; after an `error` from there std::system_error (connection_aborted).
awaitable<peer_to_peer::hello> read_hello(stream& line);

}  // namespace p2p
