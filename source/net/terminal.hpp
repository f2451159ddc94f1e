// The terminal that standard error may be, and the status line at its bottom, which is drawn anew again and
// again. There is one terminal for the whole program; one thread writes to it.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace p2p {

bool stderr_is_terminal();

/// In characters; where nobody knows, 80.
std::size_t terminal_columns();

/// Draws the line, which should fit, instead of the one before. Empty: takes it away.
void show_status_line(std::string text);

/// Whatever is printed while there may be a status line is printed in here: it goes above that.
void print_above_status_line(const std::function<void()>& print);

/// On standard output, at once.
void print_result(std::string_view text);

}  // namespace p2p
