// What the targets share. A target is a function that is handed bytes, by libFuzzer or by replay.cpp, and
// ends the program where something does not hold that holds for every input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string_view>
#include <utility>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace p2p::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

/// Names what is broken on stderr and aborts, unless it holds.
inline void require(bool holds, const char* what,
                    const std::source_location& where = std::source_location::current()) {
    if (holds) return;
    std::fprintf(stderr, "%s:%u: does not hold: %s\n", where.file_name(), static_cast<unsigned>(where.line()),
                 what);
    std::abort();
}

/// The first line of a text, without its end, and what is behind it.
inline std::pair<std::string_view, std::string_view> cut_line(std::string_view text) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {text, {}};
    return {text.substr(0, end), text.substr(end + 1)};
}

/// What is wrong with an input is said to people, on one line that no input makes long or strange.
inline void require_readable(std::string_view error) {
    constexpr std::size_t longest = 1000;
    require(!error.empty() && error.size() <= longest, "an error is one short line");
    for (const char c : error)
        require(static_cast<unsigned char>(c) >= ' ' && c != '\x7f', "an error has no control characters");
}

}  // namespace p2p::fuzz
