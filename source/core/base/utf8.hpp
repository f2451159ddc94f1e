// UTF-8, taken apart as strictly as RFC 3629 does (no surrogates, no longer spellings than needed), and what
// Unicode says of characters, as utf8proc knows it.
#pragma once

#include <cstddef>
#include <string>
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

/// How many columns of a terminal it takes: East Asian characters and pictures take two, marks on a letter
/// none. Where terminals differ, rather one too many. What is no UTF-8 takes one a byte.
std::size_t columns_of(const utf8_character& one);
std::size_t columns_of(std::string_view text);

/// The same for all texts that differ only in case, in how a character is spelt (é, or e with a mark on it),
/// or in characters that nobody sees. Coarser than any one language is: ß is ss, a final sigma is a sigma,
/// and Turkish i without its dot is i. Text that is no UTF-8 is left as it is.
std::string folded(std::string_view text);

}  // namespace p2p
