// What a file-set is known by, and what is said of a chunk in it.
#pragma once

#include "core/hash.hpp"
#include "core/types.hpp"

#include <compare>
#include <cstdint>
#include <string>

namespace p2p {

/// A chunk folder's file-set is known by its name and its count: another count is another set.
struct file_set_key {
    std::string name;
    std::uint32_t count = 0;  ///< 1 .. max_chunk_count
    friend auto operator<=>(const file_set_key&, const file_set_key&) = default;
};

/// What a peer says of a chunk that it has, and what a tracker says of one that is agreed.
struct chunk_claim {
    chunk_index chunk;
    chunk_hash hash;
    byte_count size = 0;
    friend bool operator==(const chunk_claim&, const chunk_claim&) = default;
};

}  // namespace p2p
