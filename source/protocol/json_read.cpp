#include "core/set/manifest.hpp"
#include "protocol/json.hpp"
#include "protocol/read_line.hpp"

#include <algorithm>
#include <array>

namespace p2p {

namespace {

// More than this program writes, so that others may write more: of claims and sets, as many as a line holds.
constexpr std::size_t max_holders_read = 200;
constexpr std::size_t max_claims_read = max_line_length;
constexpr std::size_t max_sets_read = max_line_length;

chunk_claim read_claim(field_reader& in) {
    return {
        .chunk = in.chunk("chunk"), .hash = in.hash("hash"), .size = in.number("size", 0, max_chunk_size)};
}

// Of a published set: who has which chunk is not said.
holder read_member(field_reader& in) {
    return {.peer = peer_id{in.number<std::uint64_t>("peer", 0)},
            .name = in.name("name"),
            .host = in.host("host"),
            .port = in.number<std::uint16_t>("port"),
            .chunks = {}};
}

holder read_holder(field_reader& in) {
    holder one = read_member(in);
    one.chunks = in.chunks("chunks");
    return one;
}

set_listing read_listing(field_reader& in) {
    return {.set = in.summary(),
            .seeders = in.number<std::uint32_t>("seeders", 0),
            .leechers = in.number<std::uint32_t>("leechers", 0)};
}

std::vector<chunk_claim> read_claims(field_reader& in) {
    return in.list("chunks", max_claims_read, read_claim);
}

std::vector<holder> read_holders(field_reader& in, const file_set_key& set) {
    return in.list("holders", max_holders_read, set.is_published() ? read_member : read_holder);
}

template <class Message>
Message read_error(field_reader& in) {
    return error_message{.code = in.remark("code"), .message = in.remark("message")};
}

namespace tracker_reads {

using namespace to_tracker;

message read_hello(field_reader& in) {
    return hello{.version = in.number<int>("version"),
                 .name = in.name("name"),
                 .transfer_port = in.number<std::uint16_t>("transfer_port"),
                 .advertise = in.host_if_any("advertise"),
                 .instance = in.has("instance") ? in.number("instance", 1, max_instance) : 0};
}
message read_publish(field_reader& in) {
    return publish{.set = in.summary()};
}
message read_announce(field_reader& in) {
    announce read{.set = in.set(), .chunks = {}, .held = {}};
    if (read.set.is_published())
        read.held = in.chunks("chunks");
    else
        read.chunks = read_claims(in);
    return read;
}
message read_locate(field_reader& in) {
    locate read{.set = in.set(), .chunks = {}};
    if (!read.set.is_published()) read.chunks = in.chunks("chunks");
    return read;
}
message read_withdraw(field_reader& in) {
    withdraw read{.set = in.set(), .chunks = {}};
    if (in.has("chunks")) read.chunks = in.chunks("chunks");
    return read;
}
message read_report(field_reader& in) {
    report read{.set = in.set(), .chunk = {}, .host = {}, .port = 0};
    read.chunk = in.chunk("chunk");
    read.host = in.host("host");
    read.port = in.number<std::uint16_t>("port");
    return read;
}
message read_list(field_reader& in) {
    list read;
    if (in.has("id")) read.id = in.id("id");
    if (in.has("name")) read.name = in.name("name");
    return read;
}
message read_ping(field_reader& in) {
    return ping{.received_per_second = in.number_if_any("received_per_second"),
                .sent_per_second = in.number_if_any("sent_per_second")};
}

constexpr auto types = std::to_array<line_type<message>>({
    {"hello", read_hello},
    {"announce", read_announce},
    {"locate", read_locate},
    {"withdraw", read_withdraw},
    {"publish", read_publish},
    {"report", read_report},
    {"list", read_list},
    {"leave", read_fieldless<message, leave>},
    {"ping", read_ping},
});

}  // namespace tracker_reads

namespace peer_reads_from_tracker {

using namespace from_tracker;

message read_welcome(field_reader& in) {
    return welcome{.version = in.number<int>("version"),
                   .peer = peer_id{in.number<std::uint64_t>("peer", 0)},
                   .silence_limit_ms = in.number<std::uint32_t>("silence_limit_ms")};
}
message read_announced(field_reader& in) {
    return announced{.set = in.set(),
                     .agreed = in.chunks_if_any("agreed"),
                     .pending = in.chunks_if_any("pending"),
                     .disputed = in.chunks_if_any("disputed"),
                     .other_counts = in.counts_if_any("other_counts")};
}
message read_locations(field_reader& in) {
    locations read{.set = in.set(), .chunks = {}, .holders = {}, .unknown = {}, .more = false};
    if (!read.set.is_published()) read.chunks = read_claims(in);
    read.holders = read_holders(in, read.set);
    read.unknown = in.chunks_if_any("unknown");
    read.more = in.flag_if_any("more");
    return read;
}
message read_filesets(field_reader& in) {
    return filesets{.sets = in.list("sets", max_sets_read, read_listing), .more = in.flag_if_any("more")};
}
message read_agreed(field_reader& in) {
    agreed read{.set = in.folder(), .chunks = read_claims(in), .holders = {}};
    read.holders = read_holders(in, read.set);
    return read;
}

constexpr auto types = std::to_array<line_type<message>>({
    {"welcome", read_welcome},
    {"announced", read_announced},
    {"locations", read_locations},
    {"filesets", read_filesets},
    {"agreed", read_agreed},
    {"pong", read_fieldless<message, pong>},
    {"error", read_error<message>},
});

}  // namespace peer_reads_from_tracker

namespace peer_reads_from_peer {

using namespace peer_to_peer;

message read_hello(field_reader& in) {
    return hello{.version = in.number<int>("version"),
                 .name = in.name("name"),
                 .transfer_port = in.number<std::uint16_t>("transfer_port"),
                 .set = in.set(),
                 .chunks = in.chunks("chunks"),
                 .instance = in.number("instance", 1, max_instance)};
}
message read_have(field_reader& in) {
    return have{.chunks = in.chunks("chunks")};
}
chunk_or_any read_chunk_or_any(field_reader& in) {
    if (in.flag_if_any("any")) return std::nullopt;
    return in.chunk("chunk");
}
message read_request(field_reader& in) {
    const chunk_or_any chunk = read_chunk_or_any(in);
    return request{.chunk = chunk, .except = chunk ? chunk_set{} : in.chunks_if_any("except")};
}
message read_cancel(field_reader& in) {
    return cancel{read_chunk_or_any(in)};
}
message read_refuse(field_reader& in) {
    std::string reason = in.remark("reason");
    if (in.flag_if_any("manifest")) return refuse_manifest{std::move(reason)};
    return refuse{.chunk = read_chunk_or_any(in), .reason = std::move(reason)};
}
// An empty chunk is one part of no bytes; every other part has some.
message read_chunk_part(field_reader& in) {
    const chunk_index chunk = in.chunk("chunk");
    const byte_count total = in.number("total", 0, max_chunk_size);
    if (total == 0) return chunk_part{chunk, in.number("offset", 0, 0), in.number("size", 0, 0), 0};
    const byte_count offset = in.number("offset", 0, total - 1);
    const byte_count size = in.number("size", 1, std::min(max_part_size, total - offset));
    return chunk_part{chunk, offset, size, total};
}

message read_get_manifest(field_reader& in) {
    return get_manifest{.offset = in.number("offset", 0, max_manifest_size - 1),
                        .size = in.number("size", 1, max_part_size)};
}
message read_manifest_part(field_reader& in) {
    const byte_count total = in.number("total", 1, max_manifest_size);
    const byte_count offset = in.number("offset", 0, total - 1);
    return manifest_part{offset, in.number("size", 1, std::min(max_part_size, total - offset)), total};
}

constexpr auto types = std::to_array<line_type<message>>({
    {"chunk", read_chunk_part},
    {"request", read_request},
    {"have", read_have},
    {"cancel", read_cancel},
    {"refuse", read_refuse},
    {"hello", read_hello},
    {"get_manifest", read_get_manifest},
    {"manifest", read_manifest_part},
    {"ping", read_fieldless<message, ping_message>},
    {"error", read_error<message>},
});

}  // namespace peer_reads_from_peer

}  // namespace

tl::expected<to_tracker::message, error_message> read_to_tracker(std::string_view line,
                                                                 const message_limits& limits) {
    return read_line<to_tracker::message>(line, tracker_reads::types, max_chunk_count, limits);
}

bool is_hello(std::string_view line, const message_limits& limits) {
    const auto values = json_values::of_object(line, limits.depth);
    if (!values) return false;
    const json_value& type = (*values)[values->find(0, "type")];
    return type.what == json_value::kind::text && type.text == "hello";
}

tl::expected<from_tracker::message, error_message> read_from_tracker(std::string_view line) {
    return read_line<from_tracker::message>(line, peer_reads_from_tracker::types, max_chunk_count);
}

tl::expected<peer_to_peer::message, error_message> read_peer_to_peer(std::string_view line,
                                                                     std::uint32_t count) {
    return read_line<peer_to_peer::message>(line, peer_reads_from_peer::types, count);
}

}  // namespace p2p
