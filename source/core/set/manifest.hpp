// What a published file-set consists of: its files, folders and links, and the hashes of its chunks. The
// bytes of all files, one file behind the other in the order of the entries, are its content; chunks cut it
// without regard to files.
//
// The canonical text, of which the SHA-256 is the file-set's id (sizes and counts in decimal, no signs, no
// leading zeros; lengths in bytes; paths as they are, whatever bytes are in them):
//
//     p2p manifest 1
//     name 11 my data set
//     entries 4
//     f 1234 9 a/one.txt          a file: size, length of the path, path
//     x 99 8 a/run.sh             the same, executable
//     l 7 5 one.txt a/two         a symbolic link: length of its target and of its path, target, path
//     d 7 b/empty                 a folder in which nothing is
//     chunks 2
//
// and behind the last line end, for each chunk, 52 bytes: its size (4, big-endian), XXH3-128 (16), SHA-256
// (32). Nothing follows. Entries ascend by path, compared component by component and byte by byte; folders
// that are not empty are not entries. So the same tree, cut in the same way, has the same id on any machine.
#pragma once

#include "core/base/hash.hpp"
#include "core/base/sha256.hpp"
#include "core/base/types.hpp"
#include "core/set/file_set.hpp"

#include <tl/expected.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace p2p {

/// Largest manifest that is read, in bytes; room for 2^24 chunks and some hundred megabytes of names.
inline constexpr byte_count max_manifest_size = byte_count{1} << 30U;

/// Largest chunk of a published set, in bytes.
inline constexpr byte_count max_published_chunk = byte_count{1} << 30U;

/// Longest path of an entry and longest target of a link; longest part of a path between slashes, in bytes.
inline constexpr std::size_t max_path_length = 4000;
inline constexpr std::size_t max_component_length = 255;

/// Where a peer keeps what it knows about a set, beside its files. No path has such a component, nor one that
/// a file system may take for it (alike_names.hpp).
inline constexpr std::string_view state_folder_name = ".p2p";

enum class entry_kind : std::uint8_t { file, executable, link, folder };

/// Where a manifest is made.
struct manifest_item {
    entry_kind kind = entry_kind::file;
    std::string path;
    byte_count size = 0;  ///< of a file
    std::string target;   ///< of a link
};

/// What a manifest says. The views live as long as it does.
struct manifest_entry {
    entry_kind kind = entry_kind::file;
    std::string_view path;
    byte_count size = 0;      ///< of a file; 0 for others
    byte_count offset = 0;    ///< where its first byte is in the content
    std::string_view target;  ///< of a link

    bool is_file() const { return kind == entry_kind::file || kind == entry_kind::executable; }
};

struct published_chunk {
    std::uint32_t size = 0;  ///< never 0
    chunk_hash hash;
    sha256_digest sha256;
    friend bool operator==(const published_chunk&, const published_chunk&) = default;
};

// Why something is not allowed, as words that follow a name for it: `has a ".." in it`, `is empty`.

/// Why this cannot be the path of an entry: "" where it can. It must be relative, UTF-8, without NUL, without
/// empty components, ".", ".." or ".p2p" (or what may be taken for that), and within the lengths above.
std::string why_no_path(std::string_view path);

/// Why a link at this path (which is right) may not have that target: "" where it may. The target must be
/// relative, UTF-8, without NUL or ".p2p", not empty, and have ".." only at its beginning and no more often
/// than the link is deep: such a link stays inside the set whatever other links of the set it goes through.
/// ("." and empty components are harmless, and in use: "./a", "a/".)
std::string why_no_target(std::string_view path, std::string_view target);

/// Why this cannot be the name of a published set: "" where it can. It is what a name of names.hpp is (1 to
/// 100 bytes, no control characters), UTF-8, and could be a path without a slash.
std::string why_no_set_name(std::string_view name);

/// Paths in the order of a manifest: component by component, each byte by byte.
bool path_less(std::string_view a, std::string_view b);

/// Cheap to move. An entry or a chunk that it does not have is a bug of the caller: std::out_of_range.
class manifest {
public:
    /// Reads the canonical text, and takes nothing else. Everything that is promised above is checked, and:
    /// no path twice, none beneath a file or a link, no folder entry with something in it; sizes do not
    /// overflow (content below 2^62), the chunks' sizes add up to the content's and are at most
    /// max_published_chunk; at most max_chunk_count chunks (none where there is no content). The error is one
    /// line that quotes what it is about in printable form. Takes time and memory in proportion to the text,
    /// whatever it claims.
    static tl::expected<manifest, std::string> parse(std::string text);

    /// The same of a text that is said to have this id: not a byte of it is believed before its SHA-256 says
    /// so too. Empty where it does not.
    static tl::expected<std::optional<manifest>, std::string> parse_if(const file_set_id& id,
                                                                       std::string text);

    /// Makes one; the items may come in any order. Errors as above. A size that is not of a file, and a
    /// target that is not of a link, do not matter.
    static tl::expected<manifest, std::string> make(std::string_view name, std::vector<manifest_item> items,
                                                    std::span<const published_chunk> chunks);

    const std::string& text() const { return text_; }
    const file_set_id& id() const { return id_; }
    std::string_view name() const;
    byte_count size() const { return size_; }  ///< of the content

    std::uint32_t entry_count() const { return static_cast<std::uint32_t>(entries_.size()); }
    manifest_entry entry(std::uint32_t number) const;  ///< from 0

    /// The entries [first, last) that have bytes in [from, to), among entries that have none: skip those that
    /// are no files or are empty. No entries where there are no such bytes. O(log n).
    std::pair<std::uint32_t, std::uint32_t> entries_in(byte_count from, byte_count to) const;

    /// The text up to the line that says how many chunks there are.
    std::string_view text_without_chunks() const;

    std::uint32_t chunk_count() const { return static_cast<std::uint32_t>(chunk_ends_.size()); }
    published_chunk chunk(chunk_index chunk) const;
    byte_count chunk_begin(chunk_index chunk) const;  ///< where it is in the content
    byte_count chunk_end(chunk_index chunk) const { return chunk_ends_.at(std::size_t{chunk.value} - 1); }

    /// The first and the last chunk with bytes in [from, to), which is not empty and within the content.
    std::pair<chunk_index, chunk_index> chunks_in(byte_count from, byte_count to) const;

private:
    class reader;

    // Refers to the text by offsets, which a move leaves as they are: a set of a million files costs 16 MB
    // beside its manifest.
    struct entry_ref {
        byte_count offset = 0;
        std::uint32_t path_at = 0;
        std::uint16_t path_length = 0;
        std::uint16_t target_length : 14 = 0;  // a link's target is right before its path
        std::uint16_t kind : 2 = 0;
    };
    static_assert(max_path_length < 1U << 14U && max_manifest_size <= UINT32_MAX);

    byte_count entry_end(std::uint32_t number) const;

    std::string text_;
    file_set_id id_;
    std::vector<entry_ref> entries_;
    std::vector<byte_count> chunk_ends_;
    std::size_t name_at_ = 0;
    std::size_t name_length_ = 0;
    std::size_t chunks_at_ = 0;
    byte_count size_ = 0;
};

/// A manifest in the making: its files and the sizes of its chunks are known, the hashes are filled in one by
/// one. It takes no more memory than the manifest.
class manifest_draft {
public:
    /// `layout` has the same files, however they are cut there.
    manifest_draft(const manifest& layout, const std::vector<std::uint32_t>& chunk_sizes);

    std::uint32_t chunk_count() const { return static_cast<std::uint32_t>(ends_.size()); }
    byte_count begin(chunk_index chunk) const { return chunk.value == 1 ? 0 : ends_.at(chunk.value - 2); }
    byte_count end(chunk_index chunk) const { return ends_.at(chunk.value - 1); }

    void set(chunk_index chunk, const published_chunk& hashed);

    /// All of them are set. Errors as of manifest::make().
    tl::expected<manifest, std::string> finish() &&;

private:
    std::string text_;
    std::size_t chunks_at_ = 0;
    std::vector<byte_count> ends_;
};

}  // namespace p2p
