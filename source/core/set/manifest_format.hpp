// The words of a manifest, as manifest.hpp shows them: for those files that read or write one.
#pragma once

#include "core/set/manifest.hpp"

#include <cstddef>
#include <string_view>

namespace p2p {

inline constexpr std::string_view manifest_head = "p2p manifest 1";

/// What an entry begins with, in the order of entry_kind.
inline constexpr std::string_view kind_letters = "fxld";

/// A shorter line does not make an entry: "d 1 a" and its end.
inline constexpr std::size_t least_entry_length = 6;

/// What is written of a chunk: its size (big-endian) and its hashes.
struct chunk_record {
    static constexpr std::size_t hash_at = 4;
    static constexpr std::size_t sha256_at = hash_at + 16;
    static constexpr std::size_t length = sha256_at + 32;
};

}  // namespace p2p
