// The requests of control.hpp as commands that people type, and its answers as they read them.
#pragma once

#include "protocol/control.hpp"

#include <cstddef>

namespace p2p::control {

/// "limit up 2MiB/s". Words are parted by blanks; one that has some stands in double quotes. Nothing: an
/// empty line, or `help`, which is not asked of anybody. The error is one line.
tl::expected<std::optional<request>, std::string> read_command(std::string_view line);

/// A line to whoever has typed it, where it may not be what was meant: "limit down 10: that is 10 bytes a
/// second". Empty for all others.
std::string remark_on(const request& what);

/// What there is, a line each.
std::string commands_help();

/// What the last word of an unfinished command can be: the whole words. `filesets`: the names that there are.
std::vector<std::string> completions(std::string_view unfinished, const std::vector<std::string>& filesets);

/// A word as read_command() takes it: in quotes, where it needs them.
std::string as_word(const std::string& word);

/// The window that an answer is for.
struct window {
    std::size_t columns = 80;
    std::optional<std::size_t> rows{};  ///< none: as many lines as there are
};

/// Lines, each with its end; nothing for `done`.
std::string to_text(const answer& what, const window& shown_in);

}  // namespace p2p::control
