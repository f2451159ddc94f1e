#include "core/base/utf8.hpp"

#include "core/base/ascii.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <utf8proc.h>

namespace p2p {

namespace {

const utf8proc_uint8_t* bytes_of(std::string_view text) {
    return reinterpret_cast<const utf8proc_uint8_t*>(text.data());
}

utf8proc_ssize_t size_of(std::string_view text) {
    return static_cast<utf8proc_ssize_t>(text.size());
}

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](unsigned char c) { return c < 0x80; });
}

struct freed {
    void operator()(utf8proc_uint8_t* text) const { std::free(text); }
};

}  // namespace

utf8_character first_character(std::string_view text) {
    utf8proc_int32_t code = 0;
    const utf8proc_ssize_t length = utf8proc_iterate(bytes_of(text), size_of(text), &code);
    if (length <= 0) return {};
    return {static_cast<char32_t>(code), static_cast<std::size_t>(length)};
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = first_character(text).length;
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::size_t columns_of(const utf8_character& one) {
    constexpr char32_t shown_as_picture = 0xFE0F;  // what is before it
    if (one.length == 0 || one.code == shown_as_picture) return 1;
    const auto code = static_cast<utf8proc_int32_t>(one.code);
    switch (utf8proc_category(code)) {
        case UTF8PROC_CATEGORY_CN: return 2;  // most likely a picture, newer than the library
        case UTF8PROC_CATEGORY_CC: return 2;  // as ^X
        case UTF8PROC_CATEGORY_MC: return 1;  // a mark beside its letter
        default: return static_cast<std::size_t>(utf8proc_charwidth(code));
    }
}

std::size_t columns_of(std::string_view text) {
    std::size_t columns = 0;
    while (!text.empty()) {
        const utf8_character one = first_character(text);
        columns += columns_of(one);
        text.remove_prefix(std::max<std::size_t>(one.length, 1));
    }
    return columns;
}

std::string folded(std::string_view text) {
    if (is_ascii(text)) return ascii_lower(text);  // nearly always, and ten times as fast
    constexpr auto how = static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT |
                                                        UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
    // Unicode folds to lower case; a file system that goes by upper case takes ı and i for one.
    const auto upper = [](utf8proc_int32_t code, void*) { return utf8proc_toupper(code); };
    utf8proc_uint8_t* made = nullptr;
    const utf8proc_ssize_t size =
        utf8proc_map_custom(bytes_of(text), size_of(text), &made, how, upper, nullptr);
    const std::unique_ptr<utf8proc_uint8_t, freed> owned{made};
    if (size == UTF8PROC_ERROR_NOMEM) throw std::bad_alloc{};
    if (size < 0) return std::string{text};
    return {reinterpret_cast<const char*>(made), static_cast<std::size_t>(size)};
}

}  // namespace p2p
