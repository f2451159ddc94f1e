#include "core/base/utf8.hpp"

#include <array>

namespace p2p {

namespace {

/// How many bytes the character has that begins with this byte; 0 where none does.
std::size_t length_from(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead < 0xE0) return 2;
    if (lead >= 0xE0 && lead < 0xF0) return 3;
    return lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
}

/// Leaves out surrogates and longer spellings than needed.
bool is_well_formed(const utf8_character& c) {
    constexpr std::array<char32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
    return c.code >= smallest[c.length] && c.code <= 0x10FFFF && (c.code < 0xD800 || c.code > 0xDFFF);
}

}  // namespace

utf8_character first_character(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = length_from(lead);
    if (length == 0 || length > text.size()) return {};
    utf8_character c{length == 1 ? lead : lead & (0x7FU >> length), length};
    for (const char next : text.substr(1, length - 1)) {
        const auto byte = static_cast<unsigned char>(next);
        if ((byte & 0xC0U) != 0x80) return {};
        c.code = c.code << 6U | (byte & 0x3FU);
    }
    return is_well_formed(c) ? c : utf8_character{};
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = first_character(text).length;
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

}  // namespace p2p
