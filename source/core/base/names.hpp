// The names that people give to peers and file-sets.
#pragma once

#include <cstddef>
#include <string_view>

namespace p2p {

/// Longest name of a peer or a file-set, in bytes.
inline constexpr std::size_t max_name_length = 100;

/// 1 to `longest` bytes without control characters. Whether they are UTF-8 is not looked at.
bool is_name(std::string_view utf8, std::size_t longest = max_name_length);

}  // namespace p2p
