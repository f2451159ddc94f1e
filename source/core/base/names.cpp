#include "core/base/names.hpp"

#include <algorithm>

namespace p2p {

namespace {

bool has_control_character(std::string_view utf8) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
    // U+0080 .. U+009F, which terminals obey too
    const auto is_high_control = [](char a, char b) { return a == '\xc2' && b <= '\x9f'; };
    return std::any_of(utf8.begin(), utf8.end(), is_control) ||
           std::adjacent_find(utf8.begin(), utf8.end(), is_high_control) != utf8.end();
}

}  // namespace

bool is_name(std::string_view utf8, std::size_t longest) {
    return !utf8.empty() && utf8.size() <= longest && !has_control_character(utf8);
}

}  // namespace p2p
