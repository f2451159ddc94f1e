// The journal: whatever happens to its bytes, it says nothing but what the records before the damage say.
//
// The first line of the input tells the damage: AT,MASK (at that byte, these bits are turned), or AT alone
// (everything from there on is gone). Each line behind it becomes a record with its right checksum. After the
// first line "raw", the rest is read as it is.
#include "core/set/journal.hpp"

#include "core/base/hash.hpp"
#include "fuzz.hpp"

#include <algorithm>
#include <charconv>
#include <span>

namespace {

using namespace p2p;
using fuzz::require;

constexpr std::uint32_t count = 300;
constexpr std::uint32_t entries = 20;

journal_content read(std::string_view text) {
    return read_journal(text, file_set_id{}, count, entries);
}

std::string with_check(std::string_view record) {
    constexpr std::size_t check_length = 8;
    const chunk_hash hash = hash_of(std::as_bytes(std::span{record}));
    return std::string{record} + " #" + hash.to_hex().substr(0, check_length) + '\n';
}

std::string journal_of(std::string_view lines) {
    std::string text = journal_header(file_set_id{});
    while (!lines.empty()) {
        const auto [line, rest] = fuzz::cut_line(lines);
        text += with_check(line);
        lines = rest;
    }
    return text;
}

/// Where the damage begins.
std::size_t damage(std::string& text, std::string_view how) {
    std::size_t at = 0;
    unsigned mask = 0;
    const auto [stopped_at, error] = std::from_chars(how.data(), how.data() + how.size(), at);
    if (error != std::errc{} || at >= text.size()) return text.size();
    how.remove_prefix(static_cast<std::size_t>(stopped_at - how.data()));
    if (!how.starts_with(',')) {
        text.resize(at);
        return at;
    }
    std::from_chars(how.data() + 1, how.data() + how.size(), mask);
    if (mask % 256 == 0) return text.size();
    text[at] = static_cast<char>(static_cast<unsigned char>(text[at]) ^ mask);
    return at;
}

bool is_same(const journal_content& a, const journal_content& b) {
    const auto same_stamp = [](const auto& x, const auto& y) {
        if (!x || !y) return x.has_value() == y.has_value();
        return x->size == y->size && x->modified_ns == y->modified_ns && x->inode == y->inode;
    };
    return a.verified == b.verified && a.complete == b.complete && a.whole == b.whole &&
           std::equal(a.placed.begin(), a.placed.end(), b.placed.begin(), b.placed.end(), same_stamp);
}

/// What was read, written anew.
std::string written(const journal_content& content) {
    std::string text = journal_header(file_set_id{}) + journal_chunks(content.verified);
    for (std::uint32_t entry = 0; entry < entries; ++entry)
        if (content.placed[entry]) text += journal_file(entry, *content.placed[entry]);
    return content.complete ? text + journal_complete() : text;
}

void check(std::string_view text, std::size_t intact) {
    const std::size_t last_line_end = text.substr(0, intact).rfind('\n');
    const std::size_t whole_lines = last_line_end == std::string_view::npos ? 0 : last_line_end + 1;
    const journal_content content = read(text);
    require(content.whole <= text.size() && content.placed.size() == entries, "what is read was there");
    require(!content.verified.last() || content.verified.last()->value <= count, "chunks are 1 .. count");
    require(is_same(content, read(text.substr(0, whole_lines))),
            "damage adds nothing to what the whole records before it say");
    require(is_same(content, read(text.substr(0, content.whole))), "what is to be cut off says nothing");
    if (content.whole == 0) return;
    journal_content again = read(written(content));
    again.whole = content.whole;
    require(is_same(content, again), "what is written is what was read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto [how, lines] = fuzz::cut_line(fuzz::text_of(data, size));
    const bool is_raw = how == "raw";
    std::string text = is_raw ? std::string{lines} : journal_of(lines);
    const std::size_t intact = is_raw ? text.size() : damage(text, how);
    check(text, intact);
    return 0;
}
