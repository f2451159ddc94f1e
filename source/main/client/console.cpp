#include "main/client/console.hpp"

#include "net/terminal.hpp"
#include "protocol/control_text.hpp"

#include <asio/buffers_iterator.hpp>
#include <asio/read_until.hpp>
#include <asio/streambuf.hpp>

#include <algorithm>
#include <cstdlib>
#include <sys/stat.h>
#include <unistd.h>

namespace p2p::client {

namespace {

constexpr std::size_t longest_command = 4096;
constexpr duration between_looks = std::chrono::milliseconds{200};

bool is_in_background() {
    const pid_t in_front = ::tcgetpgrp(STDIN_FILENO);
    return in_front > 0 && in_front != ::getpgrp();
}

bool has_movable_cursor() {
    const char* const kind = std::getenv("TERM");
    return kind != nullptr && *kind != '\0' && std::string_view{kind} != "dumb";
}

}  // namespace

bool console::has_input() {
    struct stat info {};
    if (::fstat(STDIN_FILENO, &info) != 0) return false;
    if (::isatty(STDIN_FILENO) == 1) return !is_in_background();
    return S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode);
}

console::console(asio::any_io_executor executor, controls& all)
    : executor_(std::move(executor)),
      all_(all),
      terminal_(::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1 && line_editor::is_there() &&
                has_movable_cursor()),
      something_typed_(executor_) {}

console::~console() {
    if (editor_) show_above(nullptr);
}

awaitable<void> console::run() {
    return terminal_ ? edit_lines() : read_lines();
}

awaitable<void> console::edit_lines() {
    note_names();
    line_editor::settings how;
    how.prompt = "p2p> ";
    how.complete = [this](std::string_view unfinished) {
        const std::lock_guard lock{guard_};
        return control::completions(unfinished, names_);
    };
    how.on_line = [this](const std::string& line) { carry_out(line); };
    how.on_end = [this] {
        ended_ = true;
        something_typed_.set();
    };
    editor_ = std::make_unique<line_editor>(executor_, std::move(how));
    show_above(editor_.get());
    while (!ended_) {
        note_names();
        co_await something_typed_.wait_until(std::chrono::steady_clock::now() + between_looks);
    }
    show_above(nullptr);
    editor_.reset();
}

// Of a duplicate, so that closing it leaves descriptor 0 taken and no socket ever becomes standard input.
awaitable<void> console::read_lines() {
    asio::posix::stream_descriptor input(executor_, ::dup(STDIN_FILENO));
    asio::streambuf buffer(longest_command);
    for (;;) {
        std::error_code error;
        co_await asio::async_read_until(input, buffer, '\n', asio::redirect_error(use_awaitable, error));
        if (error == asio::error::not_found) {
            print_result("a command has at most 4096 characters\n");
            buffer.consume(buffer.size());
            continue;
        }
        if (error && buffer.size() == 0) co_return;
        const auto begin = asio::buffers_begin(buffer.data());
        const auto all = begin + static_cast<std::ptrdiff_t>(buffer.size());
        const auto end = std::find(begin, all, '\n');
        const std::string line(begin, end);
        buffer.consume(line.size() + (end == all ? 0 : 1));
        carry_out(line);
        if (error) co_return;
    }
}

void console::carry_out(const std::string& line) {
    const auto what = control::read_command(line);
    if (!what) return print_result(what.error() + "\n");
    if (!*what)
        return print_result(line.find_first_not_of(" \t\r") == line.npos ? "" : control::commands_help());
    control::window shown_in;
    if (terminal_)
        shown_in = {terminal_columns() - 1, terminal_rows()};
    else
        shown_in.columns = longest_command;
    print_result(control::to_text(all_.carry_out(**what), shown_in) + control::remark_on(**what));
}

void console::note_names() {
    std::vector<std::string> names = all_.fileset_names();
    const std::lock_guard lock{guard_};
    names_ = std::move(names);
}

}  // namespace p2p::client
