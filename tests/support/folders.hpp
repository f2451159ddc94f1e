// File-sets with content that is known, chunk folders with parts of them, and whether a folder has come to
// hold what it should.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace p2p::test {

/// A whole file-set; chunk(1) is the first.
class file_set {
public:
    explicit file_set(std::vector<std::string> chunks) : chunks_{std::move(chunks)} {}
    /// Pseudo-random content: another seed, another content. The last chunk is shorter.
    file_set(std::uint32_t count, std::size_t chunk_size, std::uint32_t seed = 1);

    std::uint32_t count() const { return static_cast<std::uint32_t>(chunks_.size()); }
    const std::string& chunk(std::uint32_t index) const { return chunks_.at(index - 1); }
    std::string whole() const;
    std::string ranges() const { return "1-" + std::to_string(count()); }

    /// A chunk as a message claims it: {"chunk":1,"hash":"...","size":6}; and several of them, in an array.
    std::string claim(std::uint32_t index) const;
    std::string claims(std::string_view ranges) const;

private:
    std::vector<std::string> chunks_;
};

/// Makes a chunk folder that holds these chunks ("1-3,7") as chunk_N, with its local_chunks.txt.
std::filesystem::path make_folder(const std::filesystem::path& folder, const file_set& set,
                                  std::string_view ranges);

/// How many chunks the folder's local_chunks.txt lists; 0 where it cannot be read.
std::uint32_t chunks_listed(const std::filesystem::path& folder);

/// How many chunks are there, listed or not (chunk_N only).
std::uint32_t chunks_stored(const std::filesystem::path& folder);

/// What keeps the folder from holding the whole set, byte for byte and nothing else; "" where nothing does.
std::string difference(const std::filesystem::path& folder, const file_set& set);

/// Waits until there is none; what it is where that does not happen.
std::string lasting_difference(const std::filesystem::path& folder, const file_set& set);

}  // namespace p2p::test
