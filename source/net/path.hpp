#pragma once

#include "core/hosts/receive_window.hpp"

namespace p2p {

/// The way of a TCP connection, as the kernel knows it.
receive_window::path path_of(int socket);

}  // namespace p2p
