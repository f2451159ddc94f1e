// Lines that peers read from each other. Behind the line may be the count of the set that the connection is
// about.
#include "messages.hpp"

#include <algorithm>
#include <charconv>

namespace {

std::uint32_t count_in(std::string_view text) {
    std::uint32_t count = p2p::max_chunk_count;
    std::from_chars(text.data(), text.data() + text.size(), count);
    return std::clamp<std::uint32_t>(count, 1, p2p::max_chunk_count);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto [line, rest] = p2p::fuzz::cut_line(p2p::fuzz::text_of(data, size));
    const auto read = [count = count_in(rest)](std::string_view text) {
        return p2p::read_peer_to_peer(text, count);
    };
    p2p::fuzz::check_line(line, read);
    return 0;
}
