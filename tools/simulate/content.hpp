// The file-set that a simulated swarm moves: made from the seed, laid out as chunk folders or as files to be
// published, and checked at the end.
#pragma once

#include "core/base/types.hpp"
#include "core/chunks/chunk_set.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace p2p::simulation {

class content {
public:
    content(std::uint32_t chunks, byte_count chunk_size, std::uint64_t seed)
        : chunks_(chunks), chunk_size_(chunk_size), seed_(seed) {}

    /// Makes a chunk folder that has these chunks. Throws std::runtime_error.
    void make_folder(const std::filesystem::path& folder, const chunk_set& present) const;

    /// Reads every chunk that the folder's local_chunks.txt lists, and returns what is wrong with it, or "".
    /// `complete`: all chunks must be listed.
    std::string check_folder(const std::filesystem::path& folder, bool complete) const;

    /// Makes a folder with the same bytes in files of all sizes, to be published. Throws std::runtime_error.
    void make_tree(const std::filesystem::path& folder) const;

    /// What is wrong with such a folder, or "".
    std::string check_tree(const std::filesystem::path& folder) const;

private:
    struct made_file {
        std::string name;
        byte_count offset = 0;
        byte_count size = 0;
    };
    std::vector<made_file> files() const;
    std::string bytes(byte_count from, byte_count size) const;
    std::string chunk(chunk_index index) const;

    std::uint32_t chunks_;
    byte_count chunk_size_;
    std::uint64_t seed_;
};

}  // namespace p2p::simulation
