// The terminal that standard error may be, and the status line at its bottom, which is drawn anew again and
// again. There is one terminal for the whole program; one thread writes to it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace p2p {

class line_editor;

bool stderr_is_terminal();

/// In characters; where nobody knows, 80 and 24.
std::size_t terminal_columns();
std::size_t terminal_rows();

/// Draws the line, which should fit, instead of the one before. Empty: takes it away.
void show_status_line(std::string text);

/// Whole lines, on standard error and on standard output, at once: above the status line.
void print_message(std::string_view text);
void print_result(std::string_view text);

/// From now on a line is typed at the bottom of the terminal: all of the above appears above it. None: not
/// any more.
void show_above(line_editor* typed);

}  // namespace p2p
