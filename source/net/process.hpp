// What a program with many sockets asks of the system before it starts.
#pragma once

namespace p2p {

/// As many descriptors as the system lets this process have; and no SIGPIPE, which sendfile(2) would raise
/// where the other side has gone: that is an error like any other.
void prepare_process();

}  // namespace p2p
