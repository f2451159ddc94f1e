// The way to the other side of a connection, as the kernel measures it. Has no Asio in it: the system's headers
// about TCP exclude each other.
#pragma once

#include "core/hosts/receive_window.hpp"

namespace p2p {

/// The way of a TCP connection, as the kernel knows it.
receive_window::path path_of(int socket);

}  // namespace p2p
