#include "content.hpp"

#include "core/local_chunks.hpp"
#include "storage/files.hpp"
#include "storage/listing_file.hpp"

#include <fmt/format.h>

#include <fstream>
#include <random>
#include <stdexcept>

namespace p2p::simulation {

std::string content::chunk(chunk_index index) const {
    std::mt19937_64 random{seed_ * max_chunk_count + index.value};
    std::string bytes(chunk_size_, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    return bytes;
}

void content::make_folder(const std::filesystem::path& folder, const chunk_set& present) const {
    std::filesystem::create_directories(folder);
    chunk_listing listing{chunks_, {}};
    for (const chunk_index index : present) {
        const std::string name = stored_name(listing, index);
        std::ofstream file(folder / name, std::ios::binary);
        if (!(file << chunk(index)))
            throw std::runtime_error((folder / name).native() + ": cannot be written");
        listing.names[index] = name;
    }
    const auto opened = open_folder(folder);
    if (!opened) throw std::runtime_error(opened.error());
    if (const auto written = write_listing(opened->get(), listing); !written)
        throw std::runtime_error(written.error());
}

std::string content::check_folder(const std::filesystem::path& folder, bool complete) const {
    const auto listing = read_listing(folder);
    if (!listing) return listing.error();
    if (complete && listing->names.size() < chunks_)
        return fmt::format("only {} of {} chunks are listed", listing->names.size(), chunks_);
    for (const auto& [index, name] : listing->names) {
        const auto bytes = read_small_file(folder / name, chunk_size_);
        if (!bytes) return bytes.error();
        if (*bytes != chunk(index)) return fmt::format("chunk {} has wrong content", index.value);
    }
    return {};
}

}  // namespace p2p::simulation
