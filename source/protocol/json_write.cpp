#include "protocol/json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <span>

namespace p2p {

namespace {

// What a line holds besides its longest fields: keys, numbers, punctuation, the name of a file-set.
constexpr std::size_t small_fields_length = 1024;

// A tracker's line of locations: holders that would not fit beside the longest range string are left out.
constexpr std::size_t holders_end = max_line_length - max_ranges_length - small_fields_length;

bool needs_no_escape(char c) {
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

std::string json_text(std::string_view text) {
    if (std::all_of(text.begin(), text.end(), needs_no_escape)) return fmt::format("\"{}\"", text);
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Fields in the order in which they are written; most of them are numbers and ranges, which need no JSON
/// library.
class line {
public:
    explicit line(std::string_view type) { fmt::format_to(end(), R"({{"type":"{}")", type); }

    line& number(std::string_view key, std::uint64_t value) { return field(key, "{}", value); }
    line& text(std::string_view key, std::string_view value) { return field(key, "{}", json_text(value)); }
    line& flag(std::string_view key, bool value) { return field(key, "{}", value); }
    line& chunk(chunk_index chunk) { return number("chunk", chunk.value); }
    line& chunks(std::string_view key, const chunk_set& chunks) {
        return field(key, "\"{}\"", chunks.to_ranges());
    }
    line& set(const file_set_key& key) { return text("fileset", key.name).number("count", key.count); }

    line& text_if_any(std::string_view key, std::string_view value) {
        return value.empty() ? *this : text(key, value);
    }
    line& chunks_if_any(std::string_view key, const chunk_set& value) {
        return value.empty() ? *this : chunks(key, value);
    }
    line& flag_if_set(std::string_view key, bool value) { return value ? flag(key, value) : *this; }
    line& chunk_or_any(chunk_index one, bool any) { return any ? flag("any", true) : chunk(one); }

    line& claims(std::span<const chunk_claim> claims);
    line& holders(std::span<const holder> holders);
    line& counts_if_any(std::string_view key, std::span<const std::uint32_t> counts);

    std::string finish() { return std::move(text_ += "}\n"); }

private:
    std::back_insert_iterator<std::string> end() { return std::back_inserter(text_); }

    template <class Value>
    line& field(std::string_view key, fmt::format_string<const Value&> format, const Value& value) {
        fmt::format_to(end(), ",\"{}\":", key);
        fmt::format_to(end(), format, value);
        return *this;
    }

    std::string text_;
};

line& line::claims(std::span<const chunk_claim> claims) {
    text_ += R"(,"chunks":[)";
    std::string_view comma;
    for (const chunk_claim& claim : claims) {
        fmt::format_to(end(), R"({}{{"chunk":{},"hash":"{}","size":{}}})", comma, claim.chunk.value,
                       claim.hash.to_hex(), claim.size);
        comma = ",";
    }
    text_ += ']';
    return *this;
}

line& line::holders(std::span<const holder> holders) {
    text_ += R"(,"holders":[)";
    std::string_view comma;
    for (const holder& one : holders) {
        const std::string entry = fmt::format(
            R"({}{{"peer":{},"name":{},"host":{},"port":{},"chunks":"{}"}})", comma, one.peer.value,
            json_text(one.name), json_text(one.host), one.port, one.chunks.to_ranges());
        if (text_.size() + entry.size() > holders_end) break;
        text_ += entry;
        comma = ",";
    }
    text_ += ']';
    return *this;
}

line& line::counts_if_any(std::string_view key, std::span<const std::uint32_t> counts) {
    if (counts.empty()) return *this;
    const auto named = counts.first(std::min(counts.size(), max_other_counts));
    return field(key, "{}", fmt::format("[{}]", fmt::join(named, ",")));
}

}  // namespace

std::string to_line(const ping_message&) {
    return line{"ping"}.finish();
}

std::string to_line(const error_message& m) {
    return line{"error"}.text("code", m.code).text("message", m.message).finish();
}

std::string to_line(const to_tracker::hello& m) {
    return line{"hello"}
        .number("version", static_cast<std::uint64_t>(m.version))
        .text("name", m.name)
        .number("transfer_port", m.transfer_port)
        .text_if_any("advertise", m.advertise)
        .finish();
}

std::string to_line(const to_tracker::announce& m) {
    return line{"announce"}.set(m.set).claims(m.chunks).finish();
}

std::string to_line(const to_tracker::locate& m) {
    return line{"locate"}.set(m.set).chunks("chunks", m.chunks).finish();
}

std::string to_line(const to_tracker::withdraw& m) {
    return line{"withdraw"}.set(m.set).chunks("chunks", m.chunks).finish();
}

std::string to_line(const to_tracker::leave&) {
    return line{"leave"}.finish();
}

std::string to_line(const from_tracker::welcome& m) {
    return line{"welcome"}
        .number("version", static_cast<std::uint64_t>(m.version))
        .number("peer", m.peer.value)
        .number("silence_limit_ms", m.silence_limit_ms)
        .finish();
}

std::string to_line(const from_tracker::announced& m) {
    return line{"announced"}
        .set(m.set)
        .chunks_if_any("agreed", m.agreed)
        .chunks_if_any("pending", m.pending)
        .chunks_if_any("disputed", m.disputed)
        .counts_if_any("other_counts", m.other_counts)
        .finish();
}

std::string to_line(const from_tracker::locations& m) {
    return line{"locations"}
        .set(m.set)
        .claims(m.chunks)
        .holders(m.holders)
        .chunks_if_any("unknown", m.unknown)
        .flag_if_set("more", m.more)
        .finish();
}

std::string to_line(const from_tracker::agreed& m) {
    return line{"agreed"}.set(m.set).claims(m.chunks).holders(m.holders).finish();
}

std::string to_line(const from_tracker::pong&) {
    return line{"pong"}.finish();
}

std::string to_line(const peer_to_peer::hello& m) {
    return line{"hello"}
        .number("version", static_cast<std::uint64_t>(m.version))
        .text("name", m.name)
        .number("transfer_port", m.transfer_port)
        .number("instance", m.instance)
        .set(m.set)
        .chunks("chunks", m.chunks)
        .finish();
}

std::string to_line(const peer_to_peer::have& m) {
    return line{"have"}.chunks("chunks", m.chunks).finish();
}

std::string to_line(const peer_to_peer::request& m) {
    return line{"request"}.chunk_or_any(m.chunk, m.any).chunks_if_any("except", m.except).finish();
}

std::string to_line(const peer_to_peer::cancel& m) {
    return line{"cancel"}.chunk_or_any(m.chunk, m.any).finish();
}

std::string to_line(const peer_to_peer::chunk_part& m) {
    return line{"chunk"}
        .chunk(m.chunk)
        .number("offset", m.offset)
        .number("size", m.size)
        .number("total", m.total)
        .finish();
}

std::string to_line(const peer_to_peer::refuse& m) {
    return line{"refuse"}.chunk_or_any(m.chunk, m.any).text("reason", m.reason).finish();
}

}  // namespace p2p
