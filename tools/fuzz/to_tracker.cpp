// Lines that a tracker reads.
#include "messages.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto read = [](std::string_view line) { return p2p::read_to_tracker(line); };
    p2p::fuzz::check_line(p2p::fuzz::text_of(data, size), read);
    return 0;
}
