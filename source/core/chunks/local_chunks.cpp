#include "core/chunks/local_chunks.hpp"

#include "core/base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>

namespace p2p {

namespace {

constexpr std::string_view count_keyword = "LASTCHUNK";
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::size_t max_name_length = 4096;
constexpr std::size_t max_part_length = 255;
constexpr std::size_t quoted_length = 60;

std::string quoted(std::string_view text) {
    return fmt::format("\"{}\"", printable(text, quoted_length));
}

bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t") == std::string_view::npos;
}

/// Takes the next line off the text, without its end.
std::string_view take_line(std::string_view& text) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

/// INDEX,FILENAME, where an index that no number can hold is the highest number.
struct entry {
    std::uint32_t index = 0;
    std::string_view name;
};

std::optional<entry> split_line(std::string_view line) {
    const std::size_t comma = line.find(',');
    if (comma == std::string_view::npos || comma + 1 == line.size()) return std::nullopt;
    entry found{0, line.substr(comma + 1)};
    const auto [stopped_at, error] = std::from_chars(line.data(), line.data() + comma, found.index);
    if (stopped_at != line.data() + comma || error == std::errc::invalid_argument) return std::nullopt;
    if (error == std::errc::result_out_of_range) found.index = UINT32_MAX;
    return found;
}

/// Where in the text an index is: for the one error that shows only when all of it was read.
std::size_t line_of(std::string_view text, chunk_index chunk) {
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto found = split_line(take_line(text));
        if (found && found->index == chunk.value) return number;
    }
    return 0;
}

/// Takes line after line, and keeps what they say.
class listing_reader {
public:
    /// What is wrong with the line; "" where nothing is.
    std::string take(std::string_view line) {
        if (is_blank(line)) return {};
        if (listing_.count != 0)
            return fmt::format("nothing may follow the {} line but found {}", count_keyword, quoted(line));
        const auto found = split_line(line);
        if (!found) return "expected INDEX,FILENAME but found " + quoted(line);
        return found->name == count_keyword ? take_count(found->index) : take_chunk(*found);
    }

    chunk_listing& listing() { return listing_; }

private:
    std::string take_count(std::uint32_t count) {
        if (count == 0) return "the count is 0 but a file-set has at least one chunk";
        if (count > max_chunk_count)
            return fmt::format("the count is over the limit of {} chunks", max_chunk_count);
        listing_.count = count;
        return {};
    }

    std::string take_chunk(const entry& found) {
        if (found.index == 0) return "index 0 is no chunk: indices start at 1";
        if (found.index > max_chunk_count)
            return fmt::format("the index is over the limit of {} chunks", max_chunk_count);
        const std::string reason = why_unsafe(found.name);
        if (!reason.empty()) return fmt::format("the file name {} {}", quoted(found.name), reason);
        const bool is_new = listing_.names.try_emplace(chunk_index{found.index}, found.name).second;
        return is_new ? std::string{} : fmt::format("index {} is listed twice", found.index);
    }

    chunk_listing listing_;
};

/// The first part of a path, which is taken off it.
std::string_view take_part(std::string_view& path) {
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(part.size() + 1, path.size()));
    return part;
}

std::string why_unsafe_part(std::string_view part) {
    if (part.empty()) return "has an empty part";
    if (part == "." || part == "..") return fmt::format("has a \"{}\" in its path", part);
    if (part.size() > max_part_length)
        return fmt::format("has a part of more than {} bytes", max_part_length);
    return {};
}

std::string why_unsafe_parts(std::string_view name) {
    // A slash at the end would go unseen, for nothing is after it.
    if (name.ends_with('/')) return why_unsafe_part("");
    while (!name.empty()) {
        std::string reason = why_unsafe_part(take_part(name));
        if (!reason.empty()) return reason;
    }
    return {};
}

bool has_control(std::string_view name) {
    return std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

bool is_reserved(std::string_view name) {
    return name == "local_chunks.txt" || name == count_keyword || name.starts_with(".p2p");
}

/// Whether one of them is the other, or a folder that the other is in.
bool clashes(std::string_view name, std::string_view listed) {
    return listed.starts_with(name) && (listed.size() == name.size() || listed[name.size()] == '/');
}

}  // namespace

tl::expected<chunk_listing, listing_error> parse_local_chunks(std::string_view text) {
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    listing_reader reader;
    std::string_view rest = text;
    for (std::size_t number = 1; !rest.empty(); ++number) {
        std::string problem = reader.take(take_line(rest));
        if (!problem.empty()) return tl::unexpected{listing_error{number, std::move(problem)}};
    }
    chunk_listing& listing = reader.listing();
    if (listing.count == 0)
        return tl::unexpected{listing_error{0, "the last line, COUNT,LASTCHUNK, is missing"}};
    const auto over = listing.names.upper_bound(chunk_index{listing.count});
    if (over == listing.names.end()) return std::move(listing);
    return tl::unexpected{
        listing_error{line_of(text, over->first),
                      fmt::format("index {} is over the count of {}", over->first.value, listing.count)}};
}

std::string format_local_chunks(const chunk_listing& listing) {
    std::string text;
    for (const auto& [chunk, name] : listing.names)
        fmt::format_to(std::back_inserter(text), "{},{}\n", chunk.value, name);
    fmt::format_to(std::back_inserter(text), "{},{}\n", listing.count, count_keyword);
    return text;
}

std::string why_unsafe(std::string_view name) {
    if (name.empty()) return "is empty";
    if (name.starts_with('/')) return "is absolute";
    if (name.size() > max_name_length) return fmt::format("is longer than {} bytes", max_name_length);
    if (has_control(name)) return "has a control character";
    if (is_reserved(name)) return "is one of the program's own";
    return why_unsafe_parts(name);
}

std::string stored_name(const chunk_listing& listing, chunk_index chunk) {
    std::string name = fmt::format("chunk_{}", chunk.value);
    const auto is_taken = [&](const auto& listed) {
        return listed.first != chunk && clashes(name, listed.second);
    };
    while (std::any_of(listing.names.begin(), listing.names.end(), is_taken)) name += '_';
    return name;
}

}  // namespace p2p
