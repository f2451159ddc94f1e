// The secret of a swarm: whoever has it may take part. A key file holds one or more of them:
//
//     # made on 2026-11-23
//     64 hexadecimal digits
//
// One key a line (256 bits); empty lines and lines that begin with "#" are not looked at. A program proves
// itself with the first key and takes every one of them, so that a new key can be added everywhere, then
// moved to the front, and the old one taken out.
#pragma once

#include <tl/expected.hpp>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace p2p {

inline constexpr std::size_t max_swarm_keys = 16;
inline constexpr std::size_t max_key_file_size = 8192;

class swarm_key {
public:
    static constexpr std::size_t size = 32;

    explicit swarm_key(const std::array<std::uint8_t, size>& bytes) : bytes_(bytes) {}
    static std::optional<swarm_key> from_hex(std::string_view digits);  ///< exactly 64, either case

    std::span<const std::uint8_t, size> bytes() const { return bytes_; }
    std::string to_hex() const;

    /// What the key is called where everybody may hear it: "p2p-" and the first 16 digits of the SHA-256 of
    /// its bytes.
    std::string identity() const;

    friend bool operator==(const swarm_key&, const swarm_key&) = default;

private:
    std::array<std::uint8_t, size> bytes_;
};

/// The keys in the order of the lines; never none. The error is words that follow the file's name; it tells a
/// line by its number and never shows what is in it.
tl::expected<std::vector<swarm_key>, std::string> parse_key_file(std::string_view text);

}  // namespace p2p
