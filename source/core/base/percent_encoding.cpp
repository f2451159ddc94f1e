#include "core/base/percent_encoding.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstddef>

namespace p2p {

namespace {

/// Those that RFC 3986 calls unreserved: a shell leaves them alone too, in a word that begins with "p2p".
bool stands_for_itself(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

/// The byte that two digits stand for.
std::optional<char> parse_byte(std::string_view digits) {
    unsigned value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stopped_at, error] = std::from_chars(digits.data(), end, value, 16);
    if (digits.size() != 2 || error != std::errc{} || stopped_at != end) return std::nullopt;
    return static_cast<char>(value);
}

}  // namespace

std::string percent_encoded(std::string_view text) {
    std::string encoded;
    for (const char c : text)
        encoded +=
            stands_for_itself(c) ? std::string{c} : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    return encoded;
}

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string decoded;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool encoded = text[at] == '%';
        const auto byte = encoded ? parse_byte(text.substr(at + 1, 2)) : text[at];
        if (!byte) return std::nullopt;
        decoded += *byte;
        if (encoded) at += 2;
    }
    return decoded;
}

std::pair<std::string_view, std::string_view> cut_at(std::string_view text, char separator) {
    const std::size_t at = text.find(separator);
    if (at == std::string_view::npos) return {text, {}};
    return {text.substr(0, at), text.substr(at + 1)};
}

}  // namespace p2p
