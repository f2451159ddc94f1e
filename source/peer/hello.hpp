// The first line on a connection between peers, checked.
#pragma once

#include "net/stream.hpp"
#include "protocol/messages.hpp"

namespace p2p {

inline constexpr duration hello_limit = std::chrono::seconds{10};

/// Waits for it, `patience` long. Throws protocol_violation, with what to answer, where the other side says
/// anything else; after an `error` from there std::system_error (connection_aborted).
awaitable<peer_to_peer::hello> read_hello(stream& line, duration patience = hello_limit);

}  // namespace p2p
