// The content of a published set as one run of bytes, which is in many files: cut into pieces that are each
// in one file, read, and hashed.
#pragma once

#include "core/set/manifest.hpp"
#include "storage/unique_fd.hpp"

#include <tl/expected.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace p2p {

/// Bytes of the content that are next to each other in one file.
struct content_piece {
    std::uint32_t entry = 0;
    byte_count in_file = 0;  ///< where they begin in the file
    byte_count size = 0;
};

/// The pieces of [from, to), in order.
std::vector<content_piece> pieces_in(const manifest& set, byte_count from, byte_count to);

/// Opens the file of an entry to read it, wherever it is.
using open_entry = std::function<tl::expected<unique_fd, std::string>(std::uint32_t entry)>;

/// Reads content; keeps the last file open. Blocks.
class content_reader {
public:
    /// The manifest outlives the reader.
    content_reader(const manifest& set, open_entry open) : set_(set), open_(std::move(open)) {}

    /// Reads the bytes from `from` on. A file that is too short is an error.
    tl::expected<void, std::string> read(byte_count from, std::span<std::byte> into);

    /// The file of a piece, open until the next call.
    tl::expected<int, std::string> file_of(const content_piece& piece);

private:
    tl::expected<void, std::string> read_piece(const content_piece& piece, std::span<std::byte> into);

    const manifest& set_;
    open_entry open_;
    std::optional<std::uint32_t> entry_;
    unique_fd file_;
};

/// Reads a stretch of the content in small parts; `take` gets each. Ends at the first error, its own or
/// take's.
tl::expected<void, std::string> read_content(
    content_reader& from, byte_count begin, byte_count end,
    const std::function<tl::expected<void, std::string>(std::span<const std::byte>)>& take);

/// Both hashes of a stretch of the content, as a manifest has them.
tl::expected<published_chunk, std::string> hash_content(content_reader& from, byte_count begin,
                                                        byte_count end);

/// Whether the chunk's bytes are those that were published: by SHA-256, or, quicker, by XXH3-128, which shows
/// damage but not malice.
enum class check_by { sha256, xxh3 };
tl::expected<bool, std::string> is_right(content_reader& from, const manifest& set, chunk_index chunk,
                                         check_by how);

}  // namespace p2p
