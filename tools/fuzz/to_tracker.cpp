// Lines that a tracker reads.
#include "messages.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    p2p::fuzz::check_line(p2p::fuzz::text_of(data, size), p2p::read_to_tracker);
    return 0;
}
