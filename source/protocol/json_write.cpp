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
    line& id(const file_set_id& id) { return text("id", id.to_hex()); }
    line& set(const file_set_key& key) {
        return key.is_published() ? this->id(*key.id) : text("fileset", key.name).number("count", key.count);
    }
    line& summary(const set_summary& set) {
        return id(set.id).text("name", set.name).number("size", set.size).number("count", set.count);
    }

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
    line& members(std::span<const holder> holders);
    line& sets(std::span<const set_listing> sets);
    line& counts_if_any(std::string_view key, std::span<const std::uint32_t> counts);

    std::string finish() { return std::move(text_ += "}\n"); }

private:
    template <class Rest>
    line& list_holders(std::span<const holder> holders, Rest rest);

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
    return list_holders(
        holders, [](const holder& one) { return fmt::format(R"(,"chunks":"{}")", one.chunks.to_ranges()); });
}

line& line::members(std::span<const holder> holders) {
    return list_holders(holders, [](const holder&) { return std::string_view{}; });
}

template <class Rest>
line& line::list_holders(std::span<const holder> holders, Rest rest) {
    text_ += R"(,"holders":[)";
    std::string_view comma;
    for (const holder& one : holders) {
        const std::string entry =
            fmt::format(R"({}{{"peer":{},"name":{},"host":{},"port":{}{}}})", comma, one.peer.value,
                        json_text(one.name), json_text(one.host), one.port, rest(one));
        if (text_.size() + entry.size() > holders_end) break;
        text_ += entry;
        comma = ",";
    }
    text_ += ']';
    return *this;
}

line& line::sets(std::span<const set_listing> sets) {
    text_ += R"(,"sets":[)";
    std::string_view comma;
    for (const set_listing& one : sets) {
        fmt::format_to(end(), R"({}{{"id":"{}","name":{},"size":{},"count":{},"seeders":{},"leechers":{}}})",
                       comma, one.set.id.to_hex(), json_text(one.set.name), one.set.size, one.set.count,
                       one.seeders, one.leechers);
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

std::string to_line(const to_tracker::publish& m) {
    return line{"publish"}.summary(m.set).finish();
}

std::string to_line(const to_tracker::announce& m) {
    line text{"announce"};
    text.set(m.set);
    return (m.set.is_published() ? text.chunks("chunks", m.held) : text.claims(m.chunks)).finish();
}

std::string to_line(const to_tracker::locate& m) {
    line text{"locate"};
    text.set(m.set);
    return (m.set.is_published() ? text : text.chunks("chunks", m.chunks)).finish();
}

std::string to_line(const to_tracker::withdraw& m) {
    line text{"withdraw"};
    text.set(m.set);
    return (m.chunks ? text.chunks("chunks", *m.chunks) : text).finish();
}

std::string to_line(const to_tracker::list& m) {
    line text{"list"};
    if (m.id) text.id(*m.id);
    return (m.name ? text.text("name", *m.name) : text).finish();
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
    line text{"locations"};
    text.set(m.set);
    (m.set.is_published() ? text.members(m.holders) : text.claims(m.chunks).holders(m.holders))
        .chunks_if_any("unknown", m.unknown)
        .flag_if_set("more", m.more);
    return text.finish();
}

std::string to_line(const from_tracker::filesets& m) {
    return line{"filesets"}.sets(m.sets).flag_if_set("more", m.more).finish();
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

std::string to_line(const peer_to_peer::get_manifest& m) {
    return line{"get_manifest"}.number("offset", m.offset).number("size", m.size).finish();
}

std::string to_line(const peer_to_peer::manifest_part& m) {
    return line{"manifest"}
        .number("offset", m.offset)
        .number("size", m.size)
        .number("total", m.total)
        .finish();
}

std::string to_line(const peer_to_peer::refuse& m) {
    line text{"refuse"};
    (m.manifest ? text.flag("manifest", true) : text.chunk_or_any(m.chunk, m.any)).text("reason", m.reason);
    return text.finish();
}

}  // namespace p2p
