// The small words that everything else is said in: indices, ids, points in time, sizes.
// Chunk indices are 1-based wherever they are seen; 0 is never a chunk.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace p2p {

/// Time comes in from outside: core is handed a `now`, it never asks for one.
using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::steady_clock::duration;

/// A size or an offset, in bytes.
using byte_count = std::uint64_t;

/// A number that cannot be mistaken for another kind of number.
template <class Tag, class Number>
struct strong {
    Number value{};
    friend constexpr auto operator<=>(const strong&, const strong&) = default;
};

/// 1 .. chunk count of the file-set.
using chunk_index = strong<struct chunk_index_tag, std::uint32_t>;

/// Given by a tracker to a peer's connection, or by a peer to a connection of its own.
using peer_id = strong<struct peer_id_tag, std::uint64_t>;

/// Most chunks that a file-set may have: a set of them is then 2 MiB of bits at the most.
inline constexpr std::uint32_t max_chunk_count = 1U << 24U;

}  // namespace p2p

template <class Tag, class Number>
struct std::hash<p2p::strong<Tag, Number>> {
    std::size_t operator()(const p2p::strong<Tag, Number>& s) const noexcept {
        return std::hash<Number>{}(s.value);
    }
};
