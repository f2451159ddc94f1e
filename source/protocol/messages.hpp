// Every message of the protocol as a plain struct, and the three directions that they travel in.
// PROTOCOL.md beside this file says what each is for; json.hpp turns them into lines and back.
#pragma once

#include "core/base/names.hpp"
#include "core/base/types.hpp"
#include "core/chunks/chunk_set.hpp"
#include "core/set/file_set.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace p2p {

inline constexpr int protocol_version = 1;

/// Longest line, its end not counted, and longest host name, in bytes.
inline constexpr std::size_t max_line_length = 64 * 1024;
inline constexpr std::size_t max_host_length = 255;

/// What a reader takes at most; more is a "line_too_long", a "bad_json" or a "bad_field".
struct message_limits {
    std::size_t line = max_line_length;  ///< bytes, its end not counted
    std::size_t depth = 8;  ///< of nesting: a message needs 3, what is unknown may go a little deeper
    std::size_t name = max_name_length;  ///< of a peer or a file-set, in bytes
};

/// What this program writes is no longer than that, and no deeper: limits below it would stop its own peers.
inline constexpr std::size_t least_line_limit = 24 * 1024;
inline constexpr std::size_t least_depth_limit = 3;

/// Most chunks with hashes in one message, and the longest range string that a sender puts into one, so that
/// no line that this program writes comes near max_line_length.
inline constexpr std::size_t max_claims_per_message = 128;
inline constexpr std::size_t max_ranges_length = 16 * 1024;

/// Most holders that one answer of a tracker names.
inline constexpr std::size_t max_holders_per_message = 50;

/// Most counts of other sets of the same name that one answer of a tracker names.
inline constexpr std::size_t max_other_counts = 16;

/// Most published sets that one line of a tracker lists.
inline constexpr std::size_t max_sets_per_message = 100;

/// Largest part of a chunk or of a manifest that may follow one line, the largest chunk, and the largest
/// content of a published set.
inline constexpr byte_count max_part_size = byte_count{1} << 20U;
inline constexpr byte_count max_chunk_size = byte_count{1} << 62U;
inline constexpr byte_count max_set_size = (byte_count{1} << 62U) - 1;

/// A peer that others can connect to, and which of the chunks in question it holds (for a published set that
/// is not said: peers tell each other).
struct holder {
    peer_id peer;
    std::string name;
    std::string host;
    std::uint16_t port = 0;
    chunk_set chunks;
    friend bool operator==(const holder&, const holder&) = default;
};

/// The same as a tracker has it at hand: the texts are its own, and copied into the line only.
struct known_holder {
    peer_id peer;
    std::string_view name;
    std::string_view host;
    std::uint16_t port = 0;
    std::span<const chunk_index> chunks;  ///< ascending
};

/// Why a message was not taken, or why the connection ends. `code` is for programs, `message` for people.
struct error_message {
    std::string code;
    std::string message;
    friend bool operator==(const error_message&, const error_message&) = default;
};

struct ping_message {
    friend bool operator==(const ping_message&, const ping_message&) = default;
};

/// 1 to max_host_length visible ASCII characters.
bool is_host(std::string_view text);

/// Instances of peers are drawn from 1 to this: numbers that every JSON parser holds exactly.
inline constexpr std::uint64_t max_instance = (std::uint64_t{1} << 53U) - 1;

namespace to_tracker {

struct hello {
    int version = protocol_version;
    std::string name;
    std::uint16_t transfer_port = 0;
    /// The host that others should connect to; empty: the address that the tracker sees.
    std::string advertise;
    std::uint64_t instance = 0;  ///< as between peers; 0: not said
    friend bool operator==(const hello&, const hello&) = default;
};
/// The sender has the manifest of this set, and is a member of it.
struct publish {
    set_summary set;
    friend bool operator==(const publish&, const publish&) = default;
};
struct announce {
    file_set_key set;
    std::vector<chunk_claim> chunks;  ///< of a chunk folder
    chunk_set held{};                 ///< of a published set
    friend bool operator==(const announce&, const announce&) = default;
};
struct locate {
    file_set_key set;
    chunk_set chunks{};  ///< of a chunk folder; a published set is asked for as a whole
    friend bool operator==(const locate&, const locate&) = default;
};
struct withdraw {
    file_set_key set;
    std::optional<chunk_set> chunks{};  ///< none: the peer is no longer a member of the set
    friend bool operator==(const withdraw&, const withdraw&) = default;
};
/// Another member of the set, known by where it is connected to, sent wrong bytes of a chunk.
struct report {
    file_set_key set;
    chunk_index chunk;
    std::string host;
    std::uint16_t port = 0;
    friend bool operator==(const report&, const report&) = default;
};
/// Which published sets are there? Visitors may ask too.
struct list {
    std::optional<file_set_id> id{};
    std::optional<std::string> name{};
    friend bool operator==(const list&, const list&) = default;
};
struct leave {
    friend bool operator==(const leave&, const leave&) = default;
};
/// The sender is there, and how fast content came to it and left it since it said so last: for whoever looks
/// at the tracker, nothing is decided by it.
struct ping {
    byte_count received_per_second = 0;
    byte_count sent_per_second = 0;
    friend bool operator==(const ping&, const ping&) = default;
};

using message = std::variant<hello, publish, announce, locate, withdraw, report, list, leave, ping>;
/// Their types, in the same order.
inline constexpr std::array<std::string_view, std::variant_size_v<message>> names{
    "hello", "publish", "announce", "locate", "withdraw", "report", "list", "leave", "ping"};

}  // namespace to_tracker

namespace from_tracker {

struct welcome {
    int version = protocol_version;
    peer_id peer;
    std::uint32_t silence_limit_ms = 0;  ///< a peer that says nothing for so long is forgotten
    friend bool operator==(const welcome&, const welcome&) = default;
};
/// How the tracker sees chunks that this peer has: the answer to announce, and pushed when it changes.
struct announced {
    file_set_key set;
    chunk_set agreed;                         ///< on the chunk_list, with this peer as a holder
    chunk_set pending;                        ///< on the check_list, no hash agreed yet
    chunk_set disputed;                       ///< on the check_list: others agreed on another hash
    std::vector<std::uint32_t> other_counts;  ///< counts of other sets of the same name
    friend bool operator==(const announced&, const announced&) = default;
};
/// The same of a published set, where nothing can be pending; to be written and not to be kept.
struct known_announced {
    const file_set_key& set;
    std::string_view agreed;  ///< ranges
};
/// The answer to locate; several of them where one line would not hold it (`more`: another follows).
struct locations {
    file_set_key set;
    std::vector<chunk_claim> chunks;  ///< what was asked for and is agreed; empty for a published set
    std::vector<holder> holders;      ///< who has which of these; members of a published set
    chunk_set unknown;                ///< what was asked for and is not agreed
    bool more = false;
    friend bool operator==(const locations&, const locations&) = default;
};
/// The same, to be written and not to be kept.
struct known_locations {
    const file_set_key& set;
    std::span<const chunk_claim> chunks;
    std::span<const known_holder> holders;
    const chunk_set& unknown;
    bool more = false;
};
/// The answer to list, by name and id; several of them where one line would not hold it.
struct filesets {
    std::vector<set_listing> sets;
    bool more = false;
    friend bool operator==(const filesets&, const filesets&) = default;
};
/// Pushed: chunks of a chunk folder that this peer asked for in vain can be had now.
struct agreed {
    file_set_key set;
    std::vector<chunk_claim> chunks;
    std::vector<holder> holders;
    friend bool operator==(const agreed&, const agreed&) = default;
};
/// The same, to be written and not to be kept.
struct known_agreed {
    const file_set_key& set;
    std::span<const chunk_claim> chunks;
    std::span<const known_holder> holders;
};
struct pong {
    friend bool operator==(const pong&, const pong&) = default;
};

using message = std::variant<welcome, announced, locations, filesets, agreed, pong, error_message>;

}  // namespace from_tracker

namespace peer_to_peer {

struct hello {
    int version = protocol_version;
    std::string name;
    std::uint16_t transfer_port = 0;
    file_set_key set;
    chunk_set chunks;  ///< what the sender can serve; the rest follows as `have`
    /// A random number, drawn when the program starts: tells a peer from others, and from itself.
    std::uint64_t instance = 0;
    friend bool operator==(const hello&, const hello&) = default;
};
struct have {
    chunk_set chunks;
    friend bool operator==(const have&, const have&) = default;
};
/// What a request is for. Nothing: for any chunk, whichever the uploader picks.
using chunk_or_any = std::optional<chunk_index>;
/// Asks for one chunk, or for any that the asker lacks and that is not in `except`.
struct request {
    chunk_or_any chunk;
    chunk_set except;
    friend bool operator==(const request&, const request&) = default;
};
/// The asker no longer wants what it requested.
struct cancel {
    chunk_or_any chunk;
    friend bool operator==(const cancel&, const cancel&) = default;
};
/// A part of a chunk: `size` raw bytes follow the line. Parts of a chunk come in order, without gaps.
struct chunk_part {
    chunk_index chunk;
    byte_count offset = 0;
    byte_count size = 0;
    byte_count total = 0;  ///< size of the whole chunk
    friend bool operator==(const chunk_part&, const chunk_part&) = default;
};
/// Asks for a part of the manifest of the published set that the connection is about.
struct get_manifest {
    byte_count offset = 0;
    byte_count size = 0;  ///< at most that many; fewer come where the manifest ends
    friend bool operator==(const get_manifest&, const get_manifest&) = default;
};
/// A part of the manifest: `size` raw bytes follow the line.
struct manifest_part {
    byte_count offset = 0;
    byte_count size = 0;
    byte_count total = 0;  ///< size of the whole manifest
    friend bool operator==(const manifest_part&, const manifest_part&) = default;
};
/// A request will not be served.
struct refuse {
    chunk_or_any chunk;
    std::string reason;
    friend bool operator==(const refuse&, const refuse&) = default;
};
/// A get_manifest will not be served. On the wire it is a `refuse`, too.
struct refuse_manifest {
    std::string reason;
    friend bool operator==(const refuse_manifest&, const refuse_manifest&) = default;
};

using message = std::variant<hello, have, request, cancel, chunk_part, get_manifest, manifest_part, refuse,
                             refuse_manifest, ping_message, error_message>;

}  // namespace peer_to_peer

}  // namespace p2p
