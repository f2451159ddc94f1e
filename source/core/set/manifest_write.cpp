#include "core/set/manifest.hpp"
#include "core/set/manifest_format.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace p2p {

namespace {

std::string name_line(std::string_view name) {
    return fmt::format("{}\nname {} {}\n", manifest_head, name.size(), name);
}

/// What is before the target and the path. Short enough to take no memory of its own.
std::string numbers_of(const manifest_item& item) {
    const char letter = kind_letters.at(static_cast<std::size_t>(item.kind));
    switch (item.kind) {
        case entry_kind::link: return fmt::format("{} {} {} ", letter, item.target.size(), item.path.size());
        case entry_kind::folder: return fmt::format("{} {} ", letter, item.path.size());
        default: return fmt::format("{} {} {} ", letter, item.size, item.path.size());
    }
}

std::size_t target_length(const manifest_item& item) {
    return item.kind == entry_kind::link ? item.target.size() + 1 : 0;
}

std::size_t length_of(const manifest_item& item) {
    return numbers_of(item).size() + target_length(item) + item.path.size() + 1;
}

void append(std::string& text, const manifest_item& item) {
    text += numbers_of(item);
    if (item.kind == entry_kind::link) text.append(item.target).append(" ");
    text.append(item.path).append("\n");
}

void append(std::string& text, std::span<const std::uint8_t> bytes) {
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void append(std::string& text, const published_chunk& chunk) {
    for (const unsigned shift : {24U, 16U, 8U, 0U}) text += static_cast<char>(chunk.size >> shift & 0xFFU);
    append(text, chunk.hash.bytes);
    append(text, chunk.sha256.bytes);
}

std::string chunks_line(std::size_t count) {
    return fmt::format("chunks {}\n", count);
}

std::string written(std::string_view name, std::span<const manifest_item> items,
                    std::span<const published_chunk> chunks) {
    const std::string head = name_line(name) + fmt::format("entries {}\n", items.size());
    const std::string chunk_head = chunks_line(chunks.size());
    std::size_t length = head.size() + chunk_head.size() + chunks.size() * chunk_record::length;
    for (const manifest_item& item : items) length += length_of(item);
    std::string text;
    text.reserve(length);
    text += head;
    for (const manifest_item& item : items) append(text, item);
    text += chunk_head;
    for (const published_chunk& chunk : chunks) append(text, chunk);
    return text;
}

}  // namespace

tl::expected<manifest, std::string> manifest::make(std::string_view name, std::vector<manifest_item> items,
                                                   std::span<const published_chunk> chunks) {
    std::sort(items.begin(), items.end(),
              [](const manifest_item& a, const manifest_item& b) { return path_less(a.path, b.path); });
    // What cannot be read back is not written: so the same rules hold for both.
    return parse(written(name, items, chunks));
}

std::string_view manifest::text_without_chunks() const {
    return std::string_view{text_}.substr(0, chunks_at_ - chunks_line(chunk_count()).size());
}

manifest_draft::manifest_draft(const manifest& layout, const std::vector<std::uint32_t>& chunk_sizes) {
    const std::string_view head = layout.text_without_chunks();
    const std::string line = chunks_line(chunk_sizes.size());
    chunks_at_ = head.size() + line.size();
    text_.reserve(chunks_at_ + chunk_sizes.size() * chunk_record::length);
    text_.append(head).append(line);
    ends_.reserve(chunk_sizes.size());
    byte_count end = 0;
    for (const std::uint32_t size : chunk_sizes) {
        append(text_, published_chunk{size, {}, {}});
        ends_.push_back(end += size);
    }
}

void manifest_draft::set(chunk_index chunk, const published_chunk& hashed) {
    std::string record;
    append(record, hashed);
    text_.replace(chunks_at_ + (std::size_t{chunk.value} - 1) * chunk_record::length, record.size(), record);
}

tl::expected<manifest, std::string> manifest_draft::finish() && {
    return manifest::parse(std::move(text_));
}

}  // namespace p2p
