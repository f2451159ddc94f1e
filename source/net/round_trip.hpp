#pragma once

#include "core/types.hpp"

namespace p2p {

/// The shortest time that the way over a TCP connection and back took lately; 0 where it is not known.
duration shortest_round_trip(int socket);

}  // namespace p2p
