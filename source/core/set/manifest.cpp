#include "core/set/manifest.hpp"

#include "core/set/manifest_format.hpp"

#include <algorithm>
#include <stdexcept>

namespace p2p {

namespace {

template <std::size_t count>
std::array<std::uint8_t, count> to_bytes(std::string_view text) {
    std::array<std::uint8_t, count> bytes;
    std::copy_n(text.begin(), count, bytes.begin());
    return bytes;
}

}  // namespace

std::string_view manifest::name() const {
    return std::string_view{text_}.substr(name_at_, name_length_);
}

manifest_entry manifest::entry(std::uint32_t number) const {
    const entry_ref& ref = entries_.at(number);
    const std::string_view text = text_;
    manifest_entry found;
    found.kind = static_cast<entry_kind>(ref.kind);
    found.path = text.substr(ref.path_at, ref.path_length);
    found.size = entry_end(number) - ref.offset;
    found.offset = ref.offset;
    if (found.kind == entry_kind::link)
        found.target = text.substr(ref.path_at - 1U - ref.target_length, ref.target_length);
    return found;
}

byte_count manifest::entry_end(std::uint32_t number) const {
    return number + 1 < entries_.size() ? entries_[number + 1].offset : size_;
}

std::pair<std::uint32_t, std::uint32_t> manifest::entries_in(byte_count from, byte_count to) const {
    if (from >= std::min(to, size_)) return {0, 0};
    // The last entry that begins at `from` or before it is the one that has that byte: those without bytes
    // end where they begin, so that another one begins there.
    const auto after = std::upper_bound(entries_.begin(), entries_.end(), from,
                                        [](byte_count at, const entry_ref& e) { return at < e.offset; });
    const auto end = std::lower_bound(after, entries_.end(), to,
                                      [](const entry_ref& e, byte_count at) { return e.offset < at; });
    return {static_cast<std::uint32_t>(after - entries_.begin() - 1),
            static_cast<std::uint32_t>(end - entries_.begin())};
}

published_chunk manifest::chunk(chunk_index chunk) const {
    const auto size = static_cast<std::uint32_t>(chunk_end(chunk) - chunk_begin(chunk));
    const std::string_view record =
        std::string_view{text_}.substr(chunks_at_ + (chunk.value - 1) * chunk_record::length);
    return {size,
            {to_bytes<16>(record.substr(chunk_record::hash_at))},
            {to_bytes<32>(record.substr(chunk_record::sha256_at))}};
}

byte_count manifest::chunk_begin(chunk_index chunk) const {
    return chunk.value == 1 ? 0 : chunk_end({chunk.value - 1});
}

std::pair<chunk_index, chunk_index> manifest::chunks_in(byte_count from, byte_count to) const {
    if (from >= to || to > size_) throw std::out_of_range{"no such part of the content"};
    const auto first = std::upper_bound(chunk_ends_.begin(), chunk_ends_.end(), from);
    const auto last = std::lower_bound(first, chunk_ends_.end(), to);
    const auto index = [&](auto at) { return static_cast<std::uint32_t>(at - chunk_ends_.begin() + 1); };
    return {{index(first)}, {index(last)}};
}

}  // namespace p2p
