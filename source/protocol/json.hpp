// Messages to JSON lines and back. The only place where JSON exists.
// Unknown fields are ignored; anything else that is off is an error_message that can be sent back as it is.
#pragma once

#include "protocol/messages.hpp"

#include <tl/expected.hpp>

#include <string>
#include <string_view>

namespace p2p {

/// One line, its '\n' included. Text that is no UTF-8 is replaced, never thrown at.
std::string to_line(const ping_message&);
std::string to_line(const error_message&);
std::string to_line(const to_tracker::hello&);
std::string to_line(const to_tracker::publish&);
std::string to_line(const to_tracker::announce&);
std::string to_line(const to_tracker::locate&);
std::string to_line(const to_tracker::withdraw&);
std::string to_line(const to_tracker::report&);
std::string to_line(const to_tracker::list&);
std::string to_line(const to_tracker::leave&);
std::string to_line(const to_tracker::ping&);
std::string to_line(const from_tracker::welcome&);
std::string to_line(const from_tracker::announced&);
std::string to_line(const from_tracker::known_announced&);
std::string to_line(const from_tracker::locations&);
std::string to_line(const from_tracker::known_locations&);
std::string to_line(const from_tracker::filesets&);
std::string to_line(const from_tracker::agreed&);
std::string to_line(const from_tracker::known_agreed&);
std::string to_line(const from_tracker::pong&);
std::string to_line(const peer_to_peer::hello&);
std::string to_line(const peer_to_peer::have&);
std::string to_line(const peer_to_peer::request&);
std::string to_line(const peer_to_peer::cancel&);
std::string to_line(const peer_to_peer::chunk_part&);
std::string to_line(const peer_to_peer::get_manifest&);
std::string to_line(const peer_to_peer::manifest_part&);
std::string to_line(const peer_to_peer::refuse&);
std::string to_line(const peer_to_peer::refuse_manifest&);

/// Codes: "bad_json" (no JSON object, or nested too deeply), "unknown_type", "unsupported_version" (of a
/// hello, whatever else is in it), "bad_field" (missing, of the wrong kind or out of range; the message names
/// it).
tl::expected<to_tracker::message, error_message> read_to_tracker(std::string_view line,
                                                                 const message_limits& limits = {});
/// Whether a line that could not be read calls itself a hello, whatever is wrong with the rest.
bool is_hello(std::string_view line, const message_limits& limits = {});

tl::expected<from_tracker::message, error_message> read_from_tracker(std::string_view line);

/// Chunk sets in a peer's messages are bounded by the count of the set that the connection is about
/// (`max_chunk_count` before hello was read, and until the manifest of a published set is there).
tl::expected<peer_to_peer::message, error_message> read_peer_to_peer(std::string_view line,
                                                                     std::uint32_t count);

}  // namespace p2p
