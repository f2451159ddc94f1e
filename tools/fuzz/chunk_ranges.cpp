// Range strings: what is accepted reads as the same when it is written anew, whole or in pieces.
#include "core/chunks/chunk_set.hpp"
#include "fuzz.hpp"

#include <string>

namespace {

using namespace p2p;
using fuzz::require;

// Small enough that a set takes little memory.
constexpr std::uint32_t max_index = 20'000;

void check_members(const chunk_set& read) {
    std::uint32_t members = 0;
    for (const chunk_index chunk : read) {
        require(chunk.value > 0 && chunk.value <= max_index, "a member is in range");
        require(members > 0 || read.nth(0) == chunk, "the first member is the first");
        ++members;
    }
    require(members == read.size(), "the size is the number of members");
    require(read.empty() || read.nth(members - 1) == *read.last(), "the last member is the last");
}

void check_pieces(const chunk_set& read) {
    constexpr std::size_t piece_length = 16;
    chunk_set all;
    for (const std::string& piece : read.to_ranges(piece_length)) {
        require(piece.size() <= piece_length, "a piece is short");
        const auto part = chunk_set::parse(piece, max_index);
        require(part && (all & *part).empty(), "pieces do not overlap");
        all |= *part;
    }
    require(all == read, "the pieces are the whole");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    const auto read = chunk_set::parse(text, max_index);
    if (!read) {
        fuzz::require_readable(read.error());
        return 0;
    }
    check_members(*read);
    check_pieces(*read);
    const std::string written = read->to_ranges();
    require(written.size() <= text.size(), "what this program writes is the shortest form");
    const auto again = chunk_set::parse(written, max_index);
    require(again && *again == *read && (*read - *again).empty(), "what is written is what was read");
    return 0;
}
