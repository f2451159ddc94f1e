#include "main/client/command.hpp"
#include "net/local_socket.hpp"
#include "net/terminal.hpp"
#include "protocol/control_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace p2p::client {

namespace {

constexpr duration patience = std::chrono::seconds{10};

control::request read_order(const command& told) {
    std::string line;
    for (const std::string& word : told.order) line += control::as_word(word) + " ";
    const auto what = control::read_command(line);
    if (!what) throw session_failure(exit_code::usage, what.error());
    if (!*what) throw session_failure(exit_code::usage, "commands:\n" + control::commands_help());
    return **what;
}

/// The peer may run elsewhere.
void make_absolute(control::request& what) {
    auto* const added = std::get_if<control::add>(&what);
    if (added == nullptr || added->destination.empty()) return;
    added->destination = std::filesystem::absolute(added->destination).native();
}

}  // namespace

exit_code ctl(const command& told) {
    control::request what = read_order(told);
    make_absolute(what);
    const std::string line =
        ask_local(told.control, control::to_line(what), control::longest_answer, patience);
    const auto answer = control::read_answer(line);
    if (!answer)
        return say(exit_code::network,
                   fmt::format("{}: not the answer of a peer: {}", told.control.native(), answer.error()));
    if (told.json) print_result(line + "\n");
    if (const auto* const no = std::get_if<control::refused>(&*answer)) {
        if (!told.json) say(static_cast<exit_code>(no->exit_code), no->message);
        return static_cast<exit_code>(no->exit_code);
    }
    if (!told.json) print_result(control::to_text(*answer, {.columns = 4096}) + control::remark_on(what));
    return exit_code::ok;
}

}  // namespace p2p::client
