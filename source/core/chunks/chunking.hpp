// Where to cut content into chunks: at fixed distances, or where the content says so.
//
// Content-defined boundaries are those of FastCDC (Xia et al., USENIX ATC 2016): a gear hash rolls over the
// bytes, a cut is made where its masked bits are 0, the mask is stricter before the average size and looser
// after it (normalized chunking, level 2), and no cut is made before the least size. An insertion moves only
// the cuts near it. The gear table is splitmix64 from seed 0, so that every machine cuts alike.
#pragma once

#include "core/base/types.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace p2p {

/// Smallest chunk size that can be asked for. A share has at most 1,024 chunks by default (fewer or more cost
/// the swarm time), of 64 KiB at least and 16 MiB at most.
inline constexpr byte_count least_chunk_size = 1024;
inline constexpr std::uint32_t usual_chunk_count = 1024;

/// Largest average of content-defined chunks: four times that is the largest chunk that a manifest takes.
inline constexpr byte_count max_average_chunk_size = byte_count{1} << 28U;

/// The chunk size for content of this size: the least power of two that makes at most usual_chunk_count
/// chunks, within the bounds above.
byte_count usual_chunk_size(byte_count content);

/// Sizes of the chunks of content cut at fixed distances: all `chunk_size`, but the last. A chunk size of 0,
/// or of 4 GiB or more, is a bug of the caller: std::invalid_argument.
std::vector<std::uint32_t> fixed_cuts(byte_count content, byte_count chunk_size);

/// Takes content in pieces of any size and returns the same cuts for the same content.
class content_cutter {
public:
    /// `average`: a power of two from least_chunk_size to max_average_chunk_size; anything else is a bug of
    /// the caller: std::invalid_argument. Chunks are a quarter to four times as large, but the last may be
    /// smaller.
    explicit content_cutter(byte_count average);

    void update(std::span<const std::byte> bytes);

    /// The sizes of all chunks, the last one included. Nothing may follow.
    std::vector<std::uint32_t> finish();

private:
    /// Up to that many bytes since the last cut, a hash below the limit is a cut.
    struct stretch {
        byte_count end;
        std::uint64_t limit;
    };
    stretch stretch_ahead() const;

    // Both return how many bytes they took.
    std::size_t skip(std::span<const std::byte> bytes);
    std::size_t roll(std::span<const std::byte> bytes);
    void cut();

    byte_count least_;
    byte_count average_;
    byte_count most_;
    std::uint64_t strict_;  // limits of the hash before the average size, and after it
    std::uint64_t loose_;
    std::uint64_t gear_ = 0;
    byte_count open_ = 0;  // bytes since the last cut
    std::vector<std::uint32_t> sizes_;
};

}  // namespace p2p
