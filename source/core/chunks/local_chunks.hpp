// The text of local_chunks.txt, to and from a listing: which chunks of a folder are there, under which file
// names.
//
//     1,part_one.bin
//     3,chunk_3
//     5,LASTCHUNK          (the whole set has 5 chunks)
//
// Lines end in LF or CRLF; blank lines are skipped; the last line may lack its end. Reads no file by itself.
#pragma once

#include "core/base/types.hpp"

#include <tl/expected.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace p2p {

struct chunk_listing {
    std::uint32_t count = 0;  ///< chunks of the whole set
    std::map<chunk_index, std::string>
        names;  ///< file name, relative to the folder, of each chunk that is there

    friend bool operator==(const chunk_listing&, const chunk_listing&) = default;
};

struct listing_error {
    std::size_t line = 0;  ///< 1-based; 0 where it is about the whole text
    std::string message;   ///< one line, without file name and line number
};

/// Most bytes that a local_chunks.txt may have.
inline constexpr byte_count max_listing_size = byte_count{1} << 30U;

/// Refuses: no LASTCHUNK line, lines after it, an index of 0 or over the count, an index listed twice,
/// a count of 0 or over max_chunk_count, a line that is not INDEX,NAME, a name that `why_unsafe` refuses.
tl::expected<chunk_listing, listing_error> parse_local_chunks(std::string_view text);

/// The canonical text: ascending indices, LF, LASTCHUNK line last.
std::string format_local_chunks(const chunk_listing& listing);

/// Why a file name must not be used inside a chunk folder ("" where it may): empty, absolute, a `.` or `..`
/// part or an empty one, NUL or another control character, longer than 4096 bytes (255 a part), or a name of
/// the program's own (local_chunks.txt, LASTCHUNK, anything whose first part begins with ".p2p"). It goes on
/// from the name: "is absolute".
std::string why_unsafe(std::string_view name);

/// The name that a fetched chunk is stored under: chunk_INDEX, with underscores added while the listing gives
/// that name, or a file in a folder of that name, to another chunk. Looks at every name of the listing.
std::string stored_name(const chunk_listing& listing, chunk_index chunk);

}  // namespace p2p
