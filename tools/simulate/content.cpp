#include "content.hpp"

#include "core/chunks/local_chunks.hpp"
#include "storage/files.hpp"
#include "storage/listing_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <random>
#include <stdexcept>

namespace p2p::simulation {

std::string content::chunk(chunk_index index) const {
    std::mt19937_64 random{seed_ * max_chunk_count + index.value};
    std::string bytes(chunk_size_, '\0');
    for (std::size_t at = 0; at < bytes.size();) {
        const std::uint64_t word = random();
        const std::size_t size = std::min(sizeof word, bytes.size() - at);
        std::memcpy(bytes.data() + at, &word, size);
        at += size;
    }
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

// Some are empty, some smaller than a chunk, some larger.
std::vector<content::made_file> content::files() const {
    std::mt19937_64 random{seed_};
    std::vector<made_file> all;
    const byte_count total = chunks_ * chunk_size_;
    for (byte_count at = 0; at < total;) {
        const byte_count size = std::min<byte_count>(random() % (4 * chunk_size_), total - at);
        all.push_back({fmt::format("folder{}/file{:06}", all.size() / 10, all.size()), at, size});
        at += size;
    }
    return all;
}

std::string content::bytes(byte_count from, byte_count size) const {
    std::string result;
    while (result.size() < size) {
        const byte_count at = from + result.size();
        const std::string whole = chunk({static_cast<std::uint32_t>(at / chunk_size_) + 1});
        result += whole.substr(at % chunk_size_, size - result.size());
    }
    return result;
}

void content::make_tree(const std::filesystem::path& folder) const {
    for (const made_file& one : files()) {
        const auto path = folder / one.name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream out(path, std::ios::binary);
        if (!(out << bytes(one.offset, one.size)))
            throw std::runtime_error(path.native() + ": cannot be written");
    }
}

std::string content::check_tree(const std::filesystem::path& folder) const {
    for (const made_file& one : files()) {
        const auto there = read_small_file(folder / one.name, one.size);
        if (!there) return there.error();
        if (*there != bytes(one.offset, one.size)) return one.name + " has wrong content";
    }
    return {};
}

}  // namespace p2p::simulation
