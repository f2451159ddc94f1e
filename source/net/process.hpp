// What a program with many sockets asks of the system before it starts.
#pragma once

#include <cstddef>

namespace p2p {

/// As many descriptors as the system lets this process have; and no SIGPIPE, which sendfile(2) would raise
/// where the other side has gone: that is an error like any other.
void prepare_process();

/// So many descriptors this process may have at once.
std::size_t descriptor_limit();

}  // namespace p2p
