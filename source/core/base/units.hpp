// What people type for sizes, rates, durations and addresses, and how figures are shown to them.
#pragma once

#include "core/base/types.hpp"

#include <tl/expected.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace p2p {

/// "65536", "64KiB", "1MiB", "2GiB", "1MB" (K, M, G, T; with i: powers of 1024; B alone or nothing: bytes).
/// Error: one line that names the text and what is expected. So for all parsers here. Overflow is an error.
tl::expected<byte_count, std::string> parse_size(std::string_view text);

/// Bytes per second from "20Mbit", "20Mbit/s", "2.5MB/s", "1MiB/s", "500kbit"; bit units are decimal. More
/// than 0.
tl::expected<byte_count, std::string> parse_rate(std::string_view text);

/// "30s", "500ms", "5min", "2h", or a bare number of seconds. Not negative, at most 10 years.
tl::expected<duration, std::string> parse_duration(std::string_view text);

/// A host name or address with a port: "10.0.0.7:5100", "tracker:5100", "[::1]:5100".
struct endpoint {
    std::string host;  ///< without brackets
    std::uint16_t port = 0;

    friend auto operator<=>(const endpoint&, const endpoint&) = default;
    std::string to_string() const;  ///< brackets around a host that has a colon
};
/// With default_port, the port may be left out.
tl::expected<endpoint, std::string> parse_endpoint(std::string_view text, std::uint16_t default_port = 0);
/// The same for an address to listen on: port 0 (any free one) will do, and ":5100" means every address.
tl::expected<endpoint, std::string> parse_listen_endpoint(std::string_view text, std::uint16_t default_port);

std::string show_size(byte_count bytes);         ///< "0 B", "1023 B", "64.0 KiB", "1.50 MiB" (three digits)
std::string show_rate(double bytes_per_second);  ///< "2.38 MiB/s"
std::string show_duration(duration elapsed);     ///< "0.35 s", "12.3 s", "2 min 05 s", "3 h 07 min"

/// "1 peer", "2 peers": `what` takes an s.
std::string show_count(std::uint64_t count, std::string_view what);

/// Text from another machine, made safe for a terminal or a log line: control characters, and bytes that are
/// no UTF-8, become '?', and it is cut to `max_length` bytes (with "..." at the end).
std::string printable(std::string_view text, std::size_t max_length = 200);

}  // namespace p2p
