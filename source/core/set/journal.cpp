#include "core/set/journal.hpp"

#include "core/base/hash.hpp"

#include <fmt/format.h>

#include <charconv>
#include <span>

namespace p2p {

namespace {

// Short, so that a kill in the middle of one costs little.
constexpr std::size_t max_ranges_length = 1000;
constexpr std::size_t check_length = 8;
constexpr std::string_view check_mark = " #";

constexpr std::string_view chunks_word = "chunks ";
constexpr std::string_view file_word = "file ";
constexpr std::string_view complete_word = "complete";

std::string check_of(std::string_view record) {
    return hash_of(std::as_bytes(std::span{record})).to_hex().substr(0, check_length);
}

std::string line_of(std::string_view record) {
    return fmt::format("{}{}{}\n", record, check_mark, check_of(record));
}

std::string header_record(const file_set_id& id) {
    return "p2p journal 1 " + id.to_hex();
}

/// Takes the first line off the text and returns what is in it; nothing where it is cut short or damaged.
std::optional<std::string_view> take_record(std::string_view& text) {
    const std::size_t line_end = text.find('\n');
    if (line_end == std::string_view::npos) return std::nullopt;
    const std::string_view line = text.substr(0, line_end);
    if (line.size() < check_mark.size() + check_length) return std::nullopt;
    const std::string_view record = line.substr(0, line.size() - check_mark.size() - check_length);
    if (text.substr(0, line_end + 1) != line_of(record)) return std::nullopt;
    text.remove_prefix(line_end + 1);
    return record;
}

/// Takes a number, and the space behind it if there is one, off the text; false where none is there.
template <class Number>
bool take_number(std::string_view& text, Number& number) {
    const char* const end = text.data() + text.size();
    const auto [stopped_at, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || (stopped_at != end && *stopped_at != ' ')) return false;
    const auto length = static_cast<std::size_t>(stopped_at - text.data());
    text.remove_prefix(stopped_at == end ? length : length + 1);
    return true;
}

bool read_chunks(std::string_view ranges, std::uint32_t count, chunk_set& verified) {
    const auto chunks = chunk_set::parse(ranges, count);
    if (chunks) verified |= *chunks;
    return chunks.has_value();
}

bool read_file(std::string_view numbers, std::vector<std::optional<file_stamp>>& placed) {
    std::uint32_t entry = 0;
    file_stamp stamp;
    const bool understood = take_number(numbers, entry) && take_number(numbers, stamp.size) &&
                            take_number(numbers, stamp.modified_ns) && take_number(numbers, stamp.inode) &&
                            numbers.empty() && entry < placed.size();
    if (understood) placed[entry] = stamp;
    return understood;
}

/// False where the record is none that is known, or out of range.
bool read_record(std::string_view record, std::uint32_t count, journal_content& content) {
    if (record.starts_with(chunks_word))
        return read_chunks(record.substr(chunks_word.size()), count, content.verified);
    if (record.starts_with(file_word)) return read_file(record.substr(file_word.size()), content.placed);
    return record == complete_word;
}

}  // namespace

std::string journal_header(const file_set_id& id) {
    return line_of(header_record(id));
}

std::string journal_chunks(const chunk_set& verified) {
    std::string lines;
    for (const std::string& ranges : verified.to_ranges(max_ranges_length))
        lines += line_of(fmt::format("{}{}", chunks_word, ranges));
    return lines;
}

std::string journal_file(std::uint32_t entry, const file_stamp& stamp) {
    return line_of(
        fmt::format("{}{} {} {} {}", file_word, entry, stamp.size, stamp.modified_ns, stamp.inode));
}

std::string journal_complete() {
    return line_of(complete_word);
}

journal_content read_journal(std::string_view text, const file_set_id& id, std::uint32_t count,
                             std::uint32_t entries) {
    journal_content content;
    content.placed.resize(entries);
    std::string_view rest = text;
    if (take_record(rest) != header_record(id)) return content;
    content.whole = text.size() - rest.size();
    for (auto record = take_record(rest); record; record = take_record(rest)) {
        if (!read_record(*record, count, content)) break;
        content.complete = record == complete_word;
        content.whole = text.size() - rest.size();
    }
    return content;
}

}  // namespace p2p
