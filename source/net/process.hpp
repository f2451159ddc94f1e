// What a program with many sockets sees to before it starts, and what it takes of the system.
#pragma once

#include <cstddef>
#include <cstdint>

namespace p2p {

/// The first thing that a program does: standard streams that are none of its sockets, as many descriptors as
/// the system lets this process have, and no SIGPIPE, which writing would raise where the other side has
/// gone: that is an error like any other.
void prepare_process();

/// So many descriptors this process may have at once.
std::size_t descriptor_limit();

/// What it costs so far.
struct process_figures {
    double cpu_seconds = 0;  ///< of all threads
    std::uint64_t resident_bytes = 0;
    std::size_t open_descriptors = 0;
    double start_seconds = 0;  ///< when prepare_process() was called, since 1970
};
process_figures figures_of_this_process();

}  // namespace p2p
