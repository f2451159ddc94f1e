#include "peer/console.hpp"

#include "core/units.hpp"
#include "net/event.hpp"

#include <asio/buffers_iterator.hpp>
#include <asio/read_until.hpp>
#include <asio/streambuf.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace p2p {

namespace {

constexpr std::size_t longest_command = 1024;
constexpr duration status_every = std::chrono::seconds{1};
constexpr std::string_view prompt = "p2p> ";

constexpr std::string_view help_text =
    "status   how far this peer is\n"
    "peers    whom it is connected to\n"
    "chunks   which chunks it has, lacks and may serve\n"
    "help     this list\n"
    "quit     tell the tracker goodbye and stop\n";

std::string show_status_command(const peer_status& s) {
    std::string out = fmt::format("{}: {} of {} chunks, {}\n", s.fileset, s.present.size(), s.count,
                                  s.present.size() == s.count ? "complete" : "fetching");
    out +=
        fmt::format("fetched {} ({}) from {}, sent {}, wrong chunks {}\n", show_count(s.fetched, "chunk"),
                    show_size(s.bytes_down), show_count(s.sources, "peer"), show_size(s.bytes_up), s.wrong);
    out += fmt::format("tracker {}, {} connected, running for {}\n",
                       s.tracker_connected ? "connected" : "not reached",
                       show_count(s.connections.size(), "peer"), show_duration(s.elapsed));
    return out;
}

std::string show_peers(const peer_status& s) {
    if (s.connections.empty()) return "no peer is connected\n";
    std::string out;
    for (const connection_status& c : s.connections)
        out +=
            fmt::format("{}: has {} of {} chunks, {} open, received {}, sent {}\n", c.label, c.has, s.count,
                        show_count(c.open_requests, "request"), show_size(c.received), show_size(c.sent));
    return out;
}

std::string ranges_or_none(const chunk_set& chunks) {
    return chunks.empty() ? "none" : chunks.to_ranges();
}

std::string show_chunks(const peer_status& s) {
    std::string out =
        fmt::format("has {}\nlacks {}\nserves {}\n", ranges_or_none(s.present),
                    ranges_or_none(chunk_set::first(s.count) - s.present), ranges_or_none(s.offered));
    if (!s.disputed.empty())
        out += fmt::format("differs from what others agreed on: {}\n", s.disputed.to_ranges());
    return out;
}

std::size_t terminal_width() {
    winsize size{};
    constexpr std::size_t usual_width = 80;
    return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual_width;
}

}  // namespace

std::string answer(std::string_view command, const console_actions& actions) {
    const auto first = command.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    command = command.substr(first, command.find_last_not_of(" \t\r") - first + 1);
    if (command == "status") return show_status_command(actions.status());
    if (command == "peers") return show_peers(actions.status());
    if (command == "chunks") return show_chunks(actions.status());
    if (command == "help") return std::string{help_text};
    if (command == "quit") {
        actions.quit();
        return {};
    }
    return fmt::format("no such command: {}\n{}", printable(command, 60), help_text);
}

std::string status_line(const peer_status& now, double down_rate, double up_rate) {
    return fmt::format("{}: {} of {} chunks, {}, down {}, up {}", printable(now.fileset), now.present.size(),
                       now.count, show_count(now.connections.size(), "peer"), show_rate(down_rate),
                       show_rate(up_rate));
}

bool console::has_input() {
    struct stat info {};
    if (::fstat(STDIN_FILENO, &info) != 0) return false;
    return ::isatty(STDIN_FILENO) == 1 || S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode);
}

// A duplicate, so that closing it leaves descriptor 0 taken and no socket ever becomes standard input.
console::console(asio::any_io_executor executor, console_actions actions)
    : actions_(std::move(actions)),
      input_(executor, ::dup(STDIN_FILENO)),
      terminal_(::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1) {
    if (terminal_) draw_all();
}

console::~console() {
    if (terminal_) fmt::print("\n");
    std::fflush(stdout);
}

awaitable<void> console::read_commands() {
    asio::streambuf buffer(longest_command);
    for (;;) {
        std::error_code error;
        co_await asio::async_read_until(input_, buffer, '\n', asio::redirect_error(use_awaitable, error));
        if (error == asio::error::not_found) {
            print_above("a command has at most 1024 characters\n");
            buffer.consume(buffer.size());
            continue;
        }
        if (error && buffer.size() == 0) co_return;
        const auto begin = asio::buffers_begin(buffer.data());
        const auto all = begin + static_cast<std::ptrdiff_t>(buffer.size());
        const auto end = std::find(begin, all, '\n');
        const std::string command(begin, end);
        buffer.consume(command.size() + (end == all ? 0 : 1));
        answer_line(command);
        if (error) co_return;
    }
}

awaitable<void> console::show_status() {
    if (!terminal_) co_return;
    peer_status before = actions_.status();
    for (;;) {
        co_await sleep_for(status_every);
        const peer_status now = actions_.status();
        const double seconds = std::chrono::duration<double>(now.elapsed - before.elapsed).count();
        const auto rate = [seconds](byte_count from, byte_count to) {
            return static_cast<double>(to - from) / seconds;
        };
        status_ =
            status_line(now, rate(before.bytes_down, now.bytes_down), rate(before.bytes_up, now.bytes_up));
        draw_status();
        before = now;
    }
}

void console::take_log() {
    if (terminal_)
        log_ = std::make_unique<log_redirect>([this](const std::string& line) { print_above(line); });
}

// After Enter the cursor is below the prompt: the status line above it is taken away, the command stays to be
// read.
void console::answer_line(const std::string& command) {
    const std::string text = answer(command, actions_);
    if (!terminal_) {
        fmt::print("{}", text);
        std::fflush(stdout);
        return;
    }
    fmt::print("\033[2A\r\033[J{}{}\n{}", prompt, printable(command, terminal_width() - prompt.size() - 1),
               text);
    draw_all();
}

void console::print_above(std::string_view text) {
    if (terminal_) fmt::print("\r\033[A\033[J");  // from the status line on
    fmt::print("{}", text);
    if (terminal_) draw_all();
    std::fflush(stdout);
}

void console::draw_all() {
    fmt::print("{}\n{}", status_.substr(0, terminal_width() - 1), prompt);
    std::fflush(stdout);
}

// The line above the prompt is replaced; the cursor, and what is being typed, stay where they are.
void console::draw_status() {
    fmt::print("\0337\033[A\r\033[2K{}\0338", status_.substr(0, terminal_width() - 1));
    std::fflush(stdout);
}

}  // namespace p2p
