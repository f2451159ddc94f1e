// The manifest: what is accepted is the one canonical text for what it says, and every path in it is safe.
//
// An input that begins with "make" and a line end is a list of entries to make a manifest of, one a line: the
// letter of its kind, a space, the path (of a link "TARGET>PATH").
#include "core/set/manifest.hpp"

#include "fuzz.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace {

using namespace p2p;
using fuzz::require;

constexpr std::string_view kinds = "fxld";

std::vector<manifest_item> items_of(const manifest& from) {
    std::vector<manifest_item> items;
    byte_count offset = 0;
    for (std::uint32_t number = 0; number < from.entry_count(); ++number) {
        const manifest_entry entry = from.entry(number);
        require(why_no_path(entry.path).empty(), "a path is safe");
        require(entry.kind != entry_kind::link || why_no_target(entry.path, entry.target).empty(),
                "a link stays inside the set");
        require(entry.offset == offset, "an entry begins where the one before it ends");
        offset += entry.size;
        items.push_back({entry.kind, std::string{entry.path}, entry.size, std::string{entry.target}});
    }
    require(offset == from.size(), "the entries are the content");
    return items;
}

std::vector<published_chunk> chunks_of(const manifest& from) {
    std::vector<published_chunk> chunks;
    byte_count end = 0;
    for (std::uint32_t number = 1; number <= from.chunk_count(); ++number) {
        const chunk_index chunk{number};
        chunks.push_back(from.chunk(chunk));
        require(chunks.back().size > 0 && from.chunk_begin(chunk) == end, "chunks follow each other");
        end += chunks.back().size;
        require(from.chunks_in(from.chunk_begin(chunk), end) == std::pair{chunk, chunk}, "a chunk is found");
    }
    require(end == from.size(), "the chunks are the content");
    return chunks;
}

void check_entries_in(const manifest& of) {
    for (std::uint32_t number = 0; number < of.entry_count(); ++number) {
        const manifest_entry entry = of.entry(number);
        if (entry.size == 0) continue;
        const auto [first, last] = of.entries_in(entry.offset, entry.offset + entry.size);
        require(first <= number && number < last, "an entry is found by its bytes");
    }
}

void check_draft(const manifest& from, const std::vector<published_chunk>& chunks) {
    std::vector<std::uint32_t> sizes;
    for (const published_chunk& chunk : chunks) sizes.push_back(chunk.size);
    manifest_draft draft{from, sizes};
    for (std::uint32_t at = 0; at < chunks.size(); ++at) draft.set(chunk_index{at + 1}, chunks[at]);
    const auto finished = std::move(draft).finish();
    require(finished && finished->text() == from.text(), "a draft becomes the same manifest");
}

void check(const manifest& accepted) {
    require(why_no_set_name(accepted.name()).empty(), "the name is a right one");
    std::vector<manifest_item> items = items_of(accepted);
    const std::vector<published_chunk> chunks = chunks_of(accepted);
    check_entries_in(accepted);
    check_draft(accepted, chunks);
    std::reverse(items.begin(), items.end());
    const auto again = manifest::make(accepted.name(), items, chunks);
    require(again && again->text() == accepted.text(), "there is one text for what a manifest says");
    const auto by_id = manifest::parse_if(accepted.id(), accepted.text());
    require(by_id && *by_id && (*by_id)->id() == accepted.id(), "the id is that of the text");
}

manifest_item item_of(std::string_view line) {
    manifest_item item;
    const std::size_t kind = line.empty() ? std::string_view::npos : kinds.find(line.front());
    item.kind = static_cast<entry_kind>(std::min<std::size_t>(kind, kinds.size() - 1));
    item.size = item.kind <= entry_kind::executable ? line.size() : 0;
    std::string_view path = line.substr(std::min<std::size_t>(line.size(), 2));
    if (const std::size_t mark = path.find('>'); item.kind == entry_kind::link && mark < path.size()) {
        item.target = path.substr(0, mark);
        path.remove_prefix(mark + 1);
    }
    item.path = path;
    return item;
}

tl::expected<manifest, std::string> made_of(std::string_view lines) {
    constexpr byte_count chunk_size = 7;
    std::vector<manifest_item> items;
    byte_count left = 0;
    while (!lines.empty()) {
        const auto [line, rest] = fuzz::cut_line(lines);
        items.push_back(item_of(line));
        left += items.back().size;
        lines = rest;
    }
    std::vector<published_chunk> chunks;
    for (; left > 0; left -= chunks.back().size)
        chunks.push_back({static_cast<std::uint32_t>(std::min(left, chunk_size)), {}, {}});
    return manifest::make("made", std::move(items), chunks);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::string_view make = "make\n";
    const std::string_view text = fuzz::text_of(data, size);
    const auto read =
        text.starts_with(make) ? made_of(text.substr(make.size())) : manifest::parse(std::string{text});
    if (read)
        check(*read);
    else
        fuzz::require_readable(read.error());
    return 0;
}
