// What a file-set is known by, and what is said of a chunk in it.
#pragma once

#include "core/base/hash.hpp"
#include "core/base/sha256.hpp"
#include "core/base/types.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

namespace p2p {

/// The SHA-256 of a published set's manifest.
using file_set_id = sha256_digest;

/// A chunk folder's file-set is known by its name and its count: another count is another set. A published
/// one is known by its id alone; name and count are empty then, for they are the manifest's business.
struct file_set_key {
    std::string name;
    std::uint32_t count = 0;  ///< 1 .. max_chunk_count
    std::optional<file_set_id> id{};

    bool is_published() const { return id.has_value(); }
    friend auto operator<=>(const file_set_key&, const file_set_key&) = default;
};

/// The key of a published set.
inline file_set_key published_set(const file_set_id& id) {
    return {{}, 0, id};
}

/// What is known of a published set without its manifest.
struct set_summary {
    file_set_id id;
    std::string name;
    byte_count size = 0;
    std::uint32_t count = 0;  ///< of chunks; 0 where all files are empty
    friend bool operator==(const set_summary&, const set_summary&) = default;
};

/// A published set, and how many peers have it or are getting it.
struct set_listing {
    set_summary set;
    std::uint32_t seeders = 0;
    std::uint32_t leechers = 0;
    friend bool operator==(const set_listing&, const set_listing&) = default;
};

/// What a peer says of a chunk that it has, and what a tracker says of one that is agreed.
struct chunk_claim {
    chunk_index chunk;
    chunk_hash hash;
    byte_count size = 0;
    friend bool operator==(const chunk_claim&, const chunk_claim&) = default;
};

}  // namespace p2p
