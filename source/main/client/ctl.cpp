#include "main/client/commands.hpp"
#include "main/client/common.hpp"
#include "main/client/output.hpp"
#include "net/local_socket.hpp"
#include "net/terminal.hpp"
#include "protocol/control_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace p2p::client {

namespace {

constexpr duration patience = std::chrono::seconds{10};

control::request read_order(const ctl_settings& what) {
    std::string line;
    for (const std::string& word : what.words) line += control::as_word(word) + " ";
    const auto order = control::read_command(line);
    if (!order) throw session_failure(exit_code::usage, order.error());
    if (!*order) throw session_failure(exit_code::usage, "commands:\n" + control::commands_help());
    return **order;
}

/// The peer may run elsewhere.
void make_absolute(control::request& what) {
    auto* const added = std::get_if<control::add>(&what);
    if (added == nullptr || added->destination.empty()) return;
    added->destination = std::filesystem::absolute(added->destination).native();
}

}  // namespace

exit_code ctl(const ctl_settings& what) {
    control::request order = read_order(what);
    make_absolute(order);
    const std::string line =
        ask_local(what.socket, control::to_line(order), control::longest_answer, patience);
    const auto answer = control::read_answer(line);
    if (!answer)
        return say(exit_code::network,
                   fmt::format("{}: not the answer of a peer: {}", what.socket.native(), answer.error()));
    if (what.json) print_result(line + "\n");
    if (const auto* const no = std::get_if<control::refused>(&*answer)) {
        if (!what.json) say(static_cast<exit_code>(no->exit_code), no->message);
        return static_cast<exit_code>(no->exit_code);
    }
    if (!what.json) print_result(control::to_text(*answer, {.columns = 4096}) + control::remark_on(order));
    return exit_code::ok;
}

}  // namespace p2p::client
