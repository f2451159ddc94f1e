// Texts as parts of a link or an address: percent-encoded (RFC 3986), and taken apart.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace p2p {

/// All but letters, digits and "-._~" is encoded.
std::string percent_encoded(std::string_view text);

/// Takes what need not be encoded but is, and what should be encoded but is not: people type these.
/// None: a % does not come before two hexadecimal digits.
std::optional<std::string> percent_decoded(std::string_view text);

/// The text before the first such character, and the text behind it.
std::pair<std::string_view, std::string_view> cut_at(std::string_view text, char separator);

}  // namespace p2p
