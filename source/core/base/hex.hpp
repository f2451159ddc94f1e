// Bytes as hexadecimal digits, two for each.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace p2p {

/// In lower case.
std::string to_hex(std::span<const std::uint8_t> bytes);

/// Fills `bytes` from exactly twice as many digits, in either case; false where these are no such digits.
bool from_hex(std::string_view digits, std::span<std::uint8_t> bytes);

}  // namespace p2p
