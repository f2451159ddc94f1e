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

constexpr std::size_t usual_length = 200;

// A tracker's line of locations: holders that would not fit beside the longest range string are left out.
constexpr std::size_t holders_end = max_line_length - max_ranges_length - small_fields_length;

bool needs_no_escape(char c) {
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

void append(std::string& to, std::uint64_t number) {
    const fmt::format_int digits(number);
    to.append(digits.data(), digits.size());
}

void append_quoted(std::string& to, std::string_view text) {
    if (!std::all_of(text.begin(), text.end(), needs_no_escape)) {
        to += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
        return;
    }
    to += '"';
    to += text;
    to += '"';
}

void append_ranges(std::string& to, const chunk_set& chunks) {
    to += chunks.to_ranges();
}

void append_ranges(std::string& to, std::span<const chunk_index> ascending) {
    for (std::size_t at = 0; at < ascending.size(); ++at) {
        const std::size_t first = at;
        while (at + 1 < ascending.size() && ascending[at + 1].value == ascending[at].value + 1) ++at;
        if (first > 0) to += ',';
        append(to, ascending[first].value);
        if (at == first) continue;
        to += '-';
        append(to, ascending[at].value);
    }
}

/// Fields in the order in which they are written. A tracker writes very many: numbers and most texts need no
/// JSON library, and no format either.
class line {
public:
    explicit line(std::string_view type) {
        text_.reserve(usual_length);
        text_ += R"({"type":")";
        text_ += type;
        text_ += '"';
    }

    line& number(std::string_view key, std::uint64_t value) {
        append(field(key), value);
        return *this;
    }
    line& text(std::string_view key, std::string_view value) {
        append_quoted(field(key), value);
        return *this;
    }
    line& flag(std::string_view key, bool value) {
        field(key) += value ? "true" : "false";
        return *this;
    }
    line& chunk(chunk_index chunk) { return number("chunk", chunk.value); }
    template <class Chunks>
    line& chunks(std::string_view key, const Chunks& chunks) {
        field(key) += '"';
        append_ranges(text_, chunks);
        text_ += '"';
        return *this;
    }
    line& id(const file_set_id& id) { return text("id", id.to_hex()); }
    line& set(const file_set_key& key) {
        return key.is_published() ? this->id(*key.id) : text("fileset", key.name).number("count", key.count);
    }
    line& summary(const set_summary& set) {
        return id(set.id).text("name", set.name).number("size", set.size).number("count", set.count);
    }

    line& number_if_any(std::string_view key, std::uint64_t value) {
        return value == 0 ? *this : number(key, value);
    }
    line& text_if_any(std::string_view key, std::string_view value) {
        return value.empty() ? *this : text(key, value);
    }
    line& chunks_if_any(std::string_view key, const chunk_set& value) {
        return value.empty() ? *this : chunks(key, value);
    }
    line& flag_if_set(std::string_view key, bool value) { return value ? flag(key, value) : *this; }
    line& chunk_or_any(peer_to_peer::chunk_or_any one) { return one ? chunk(*one) : flag("any", true); }

    line& claims(std::span<const chunk_claim> claims);
    template <class Holder>
    line& holders(std::span<const Holder> holders, bool with_chunks);
    line& sets(std::span<const set_listing> sets);
    line& counts_if_any(std::string_view key, std::span<const std::uint32_t> counts);

    std::string finish() { return std::move(text_ += "}\n"); }

private:
    std::string& field(std::string_view key) {
        text_ += text_.back() == '{' ? "\"" : ",\"";
        text_ += key;
        return text_ += "\":";
    }

    // The elements of an array, each an object.
    line& begin_array(std::string_view key) {
        field(key) += '[';
        return *this;
    }
    line& begin_element() {
        text_ += text_.back() == '[' ? "{" : ",{";
        return *this;
    }
    line& end_element() {
        text_ += '}';
        return *this;
    }
    line& end_array() {
        text_ += ']';
        return *this;
    }

    std::string text_;
};

line& line::claims(std::span<const chunk_claim> claims) {
    begin_array("chunks");
    for (const chunk_claim& claim : claims)
        begin_element()
            .chunk(claim.chunk)
            .text("hash", claim.hash.to_hex())
            .number("size", claim.size)
            .end_element();
    return end_array();
}

template <class Holder>
line& line::holders(std::span<const Holder> holders, bool with_chunks) {
    begin_array("holders");
    for (const Holder& one : holders) {
        const std::size_t before = text_.size();
        begin_element().number("peer", one.peer.value).text("name", one.name).text("host", one.host);
        number("port", one.port);
        if (with_chunks) chunks("chunks", one.chunks);
        end_element();
        if (text_.size() <= holders_end) continue;
        text_.resize(before);
        break;
    }
    return end_array();
}

line& line::sets(std::span<const set_listing> sets) {
    begin_array("sets");
    for (const set_listing& one : sets)
        begin_element()
            .summary(one.set)
            .number("seeders", one.seeders)
            .number("leechers", one.leechers)
            .end_element();
    return end_array();
}

line& line::counts_if_any(std::string_view key, std::span<const std::uint32_t> counts) {
    if (counts.empty()) return *this;
    begin_array(key);
    for (const std::uint32_t count : counts.first(std::min(counts.size(), max_other_counts))) {
        if (text_.back() != '[') text_ += ',';
        append(text_, count);
    }
    return end_array();
}

template <class Holder>
std::string locations_line(const file_set_key& set, std::span<const chunk_claim> chunks,
                           std::span<const Holder> holders, const chunk_set& unknown, bool more) {
    line text{"locations"};
    text.set(set);
    if (!set.is_published()) text.claims(chunks);
    return text.holders(holders, !set.is_published())
        .chunks_if_any("unknown", unknown)
        .flag_if_set("more", more)
        .finish();
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
        .number_if_any("instance", m.instance)
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

std::string to_line(const to_tracker::ping& m) {
    return line{"ping"}
        .number_if_any("received_per_second", m.received_per_second)
        .number_if_any("sent_per_second", m.sent_per_second)
        .finish();
}

std::string to_line(const to_tracker::withdraw& m) {
    line text{"withdraw"};
    text.set(m.set);
    return (m.chunks ? text.chunks("chunks", *m.chunks) : text).finish();
}

std::string to_line(const to_tracker::report& m) {
    return line{"report"}.set(m.set).chunk(m.chunk).text("host", m.host).number("port", m.port).finish();
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

std::string to_line(const from_tracker::known_announced& m) {
    return line{"announced"}.set(m.set).text_if_any("agreed", m.agreed).finish();
}

std::string to_line(const from_tracker::locations& m) {
    return locations_line<holder>(m.set, m.chunks, m.holders, m.unknown, m.more);
}

std::string to_line(const from_tracker::known_locations& m) {
    return locations_line<known_holder>(m.set, m.chunks, m.holders, m.unknown, m.more);
}

std::string to_line(const from_tracker::filesets& m) {
    return line{"filesets"}.sets(m.sets).flag_if_set("more", m.more).finish();
}

std::string to_line(const from_tracker::agreed& m) {
    return line{"agreed"}.set(m.set).claims(m.chunks).holders<holder>(m.holders, true).finish();
}

std::string to_line(const from_tracker::known_agreed& m) {
    return line{"agreed"}.set(m.set).claims(m.chunks).holders(m.holders, true).finish();
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
    return line{"request"}.chunk_or_any(m.chunk).chunks_if_any("except", m.except).finish();
}

std::string to_line(const peer_to_peer::cancel& m) {
    return line{"cancel"}.chunk_or_any(m.chunk).finish();
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
    return line{"refuse"}.chunk_or_any(m.chunk).text("reason", m.reason).finish();
}

std::string to_line(const peer_to_peer::refuse_manifest& m) {
    return line{"refuse"}.flag("manifest", true).text("reason", m.reason).finish();
}

}  // namespace p2p
