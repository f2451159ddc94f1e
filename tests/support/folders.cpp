#include "support/folders.hpp"

#include "core/base/hash.hpp"
#include "core/chunks/chunk_set.hpp"
#include "storage/listing_file.hpp"
#include "support/temp_folder.hpp"
#include "support/waiting.hpp"

#include <random>
#include <span>
#include <stdexcept>

namespace p2p::test {

namespace {

std::string random_text(std::size_t size, std::mt19937& random) {
    std::string text;
    while (text.size() < size) {
        const auto number = random();
        text.append(reinterpret_cast<const char*>(&number), sizeof number);
    }
    text.resize(size);
    return text;
}

chunk_set parsed(std::string_view ranges) {
    return chunk_set::parse(ranges, max_chunk_count).value();
}

}  // namespace

file_set::file_set(std::uint32_t count, std::size_t chunk_size, std::uint32_t seed) {
    std::mt19937 random{seed};
    for (std::uint32_t i = 1; i < count; ++i) chunks_.push_back(random_text(chunk_size, random));
    chunks_.push_back(random_text(chunk_size / 2 + 1, random));
}

std::string file_set::whole() const {
    std::string all;
    for (const std::string& chunk : chunks_) all += chunk;
    return all;
}

std::string file_set::claim(std::uint32_t index) const {
    const std::string& content = chunk(index);
    return R"({"chunk":)" + std::to_string(index) + R"(,"hash":")" +
           hash_of(std::as_bytes(std::span{content})).to_hex() + R"(","size":)" +
           std::to_string(content.size()) + "}";
}

std::string file_set::claims(std::string_view ranges) const {
    std::string list = "[";
    for (const chunk_index one : parsed(ranges)) {
        if (list.size() > 1) list += ',';
        list += claim(one.value);
    }
    list += ']';
    return list;
}

std::filesystem::path make_folder(const std::filesystem::path& folder, const file_set& set,
                                  std::string_view ranges) {
    chunk_listing listing{set.count(), {}};
    for (const chunk_index one : parsed(ranges)) {
        listing.names[one] = "chunk_" + std::to_string(one.value);
        write_text(folder / listing.names[one], set.chunk(one.value));
    }
    write_text(folder / "local_chunks.txt", format_local_chunks(listing));
    return folder;
}

std::uint32_t chunks_listed(const std::filesystem::path& folder) {
    const auto listing = read_listing(folder);
    return listing ? static_cast<std::uint32_t>(listing->names.size()) : 0;
}

std::uint32_t chunks_stored(const std::filesystem::path& folder) {
    std::uint32_t stored = 0;
    for (const std::string& name : names_in(folder)) stored += name.starts_with("chunk_") ? 1 : 0;
    return stored;
}

std::string difference(const std::filesystem::path& folder, const file_set& set) {
    const auto listing = read_listing(folder);
    if (!listing) return listing.error();
    if (listing->count != set.count()) return "it lists another count";
    if (listing->names.size() != set.count())
        return "it lists " + std::to_string(listing->names.size()) + " of " + std::to_string(set.count()) +
               " chunks";
    for (const auto& [chunk, name] : listing->names)
        if (read_text(folder / name) != set.chunk(chunk.value)) return name + " has other content";
    for (const std::string& name : names_in(folder))
        if (name.starts_with(".p2p")) return name + " was left behind";
    return {};
}

std::string lasting_difference(const std::filesystem::path& folder, const file_set& set) {
    std::string found;
    const auto none_left = [&] {
        try {
            found = difference(folder, set);
        } catch (const std::exception& vanished) {
            found = vanished.what();
        }
        return found.empty();
    };
    try {
        wait_until(none_left, "a whole folder");
    } catch (const std::runtime_error&) {
    }
    return found;
}

}  // namespace p2p::test
