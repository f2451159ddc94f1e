// Takes UTF-8 apart, as strictly as RFC 3629 does: no surrogates, no longer spellings than needed.
#pragma once

#include <cstddef>
#include <string_view>

namespace p2p {

/// One character of a text: its code point and its length in bytes; length 0 where the bytes are no UTF-8.
struct utf8_character {
    char32_t code = 0;
    std::size_t length = 0;
};

/// The text must not be empty.
utf8_character first_character(std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace p2p
