// Lines that a peer reads from its tracker.
#include "messages.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    p2p::fuzz::check_line(p2p::fuzz::text_of(data, size), p2p::read_from_tracker);
    return 0;
}
