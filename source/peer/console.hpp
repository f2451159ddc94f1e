// The peer's prompt: commands from a terminal or a pipe, and on a terminal a status line above the prompt.
#pragma once

#include "net/asio.hpp"
#include "net/logging.hpp"
#include "peer/status.hpp"

#include <asio/posix/stream_descriptor.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace p2p {

/// What the console needs to know and can have done.
struct console_actions {
    std::function<peer_status()> status;
    std::function<void()> quit;
};

/// What a command prints (several lines, each ended). Unknown ones say what there is.
std::string answer(std::string_view command, const console_actions& actions);

/// One line: "default: 12 of 64 chunks, 3 peers, down 2.31 MiB/s, up 1.04 MiB/s".
std::string status_line(const peer_status& now, double down_rate, double up_rate);

class console {
public:
    /// Whether standard input is a terminal or a pipe: nothing else is read from.
    static bool has_input();

    console(asio::any_io_executor executor, console_actions actions);
    ~console();

    /// Reads and answers commands until input ends or it is cancelled.
    awaitable<void> read_commands();
    /// On a terminal: keeps the status line up to date until it is cancelled. Elsewhere returns at once.
    awaitable<void> show_status();

    /// On a terminal, log lines go above the status line from now on; elsewhere they stay on stderr.
    void take_log();

private:
    void answer_line(const std::string& command);
    void print_above(std::string_view text);
    void draw_status();
    void draw_all();

    console_actions actions_;
    asio::posix::stream_descriptor input_;
    bool terminal_;
    std::string status_;  // the line above the prompt
    std::unique_ptr<log_redirect> log_;
};

}  // namespace p2p
