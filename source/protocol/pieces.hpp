// Chunk sets of any size, cut so that each piece fits into a line.
#pragma once

#include "core/chunks/chunk_set.hpp"
#include "protocol/messages.hpp"

#include <vector>

namespace p2p {

/// The empty set gives none.
inline std::vector<chunk_set> in_pieces(const chunk_set& chunks) {
    std::vector<chunk_set> pieces;
    for (const std::string& ranges : chunks.to_ranges(max_ranges_length))
        pieces.push_back(*chunk_set::parse(ranges, max_chunk_count));
    return pieces;
}

}  // namespace p2p
