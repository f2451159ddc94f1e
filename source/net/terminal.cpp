#include "net/terminal.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>

namespace p2p {

namespace {

std::string& status_line() {
    static std::string shown;
    return shown;
}

// A line that was drawn when the window was wider takes several now.
void erase_status_line() {
    if (status_line().empty()) return;
    const std::size_t rows_above = (status_line().size() - 1) / terminal_columns();
    if (rows_above > 0) fmt::print(stderr, "\033[{}A", rows_above);
    fmt::print(stderr, "\r\033[J");
}

}  // namespace

bool stderr_is_terminal() {
    return ::isatty(STDERR_FILENO) == 1;
}

std::size_t terminal_columns() {
    constexpr std::size_t usual = 80;
    winsize size{};
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual;
}

void show_status_line(std::string text) {
    erase_status_line();
    status_line() = std::move(text);
    fmt::print(stderr, "{}", status_line());
    std::fflush(stderr);
}

void print_above_status_line(const std::function<void()>& print) {
    erase_status_line();
    print();
    fmt::print(stderr, "{}", status_line());
    std::fflush(stderr);
}

void print_result(std::string_view text) {
    print_above_status_line([text] {
        std::fflush(stderr);  // what is erased there
        fmt::print("{}", text);
        std::fflush(stdout);
    });
}

}  // namespace p2p
