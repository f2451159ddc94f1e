#include "net/terminal.hpp"

#include "core/base/utf8.hpp"
#include "net/line_editor.hpp"
#include "net/standard_streams.hpp"

#include <fmt/format.h>

#include <sys/ioctl.h>
#include <unistd.h>

namespace p2p {

namespace {

std::string& status_line() {
    static std::string shown;
    return shown;
}

line_editor*& editor() {
    static line_editor* typed_in = nullptr;
    return typed_in;
}

winsize window() {
    winsize size{};
    for (const int one : {STDERR_FILENO, STDOUT_FILENO})
        if (::ioctl(one, TIOCGWINSZ, &size) == 0) return size;
    return {};
}

// A line that was drawn when the window was wider takes several now.
std::string without_status_line() {
    if (status_line().empty()) return {};
    const std::size_t rows_above = (columns_of(status_line()) - 1) / terminal_columns();
    return (rows_above > 0 ? fmt::format("\033[{}A", rows_above) : "") + "\r\033[J";
}

}  // namespace

bool stderr_is_terminal() {
    return ::isatty(STDERR_FILENO) == 1;
}

std::size_t terminal_columns() {
    constexpr std::size_t usual = 80;
    const std::size_t columns = window().ws_col;
    return columns > 0 ? columns : usual;
}

std::size_t terminal_rows() {
    constexpr std::size_t usual = 24;
    const std::size_t rows = window().ws_row;
    return rows > 0 ? rows : usual;
}

void show_status_line(std::string text) {
    if (editor() != nullptr) return editor()->show_status(std::move(text));
    std::string drawn = without_status_line();
    status_line() = std::move(text);
    write_message(drawn += status_line());
}

void print_message(std::string_view text) {
    if (editor() != nullptr) return editor()->print(text);
    std::string drawn = without_status_line();
    write_message(drawn.append(text) += status_line());
}

void print_result(std::string_view text) {
    if (editor() != nullptr) return editor()->print(text);
    write_message(without_status_line());
    write_result(text);
    write_message(status_line());
}

void show_above(line_editor* typed) {
    show_status_line({});
    editor() = typed;
}

}  // namespace p2p
