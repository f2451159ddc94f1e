// What holds for every line that one side of a conversation reads.
#pragma once

#include "fuzz.hpp"
#include "protocol/json.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace p2p::fuzz {

/// Holders that find no room in a line are left out of it: no fault, but what is read again has fewer.
template <class Written, class Again>
void forgive_holders(Written& written, const Again& again) {
    constexpr std::size_t there_is_room = 32 * 1024;
    if constexpr (requires { written.holders; }) {
        const auto* same_kind = std::get_if<Written>(&again);
        if (same_kind == nullptr || same_kind->holders.size() >= written.holders.size()) return;
        require(to_line(written).size() > there_is_room, "holders are left out only of a long line");
        written.holders.resize(same_kind->holders.size());
    }
}

/// `line` is without its end. `read` makes of it a message, or an error that is an answer to it.
template <class Read>
void check_line(std::string_view line, Read read) {
    if (line.size() > max_line_length) return;
    auto message = read(line);
    if (!message) {
        require_readable(message.error().message);
        const auto answer = read_from_tracker(to_line(message.error()));
        require(answer && std::get<error_message>(*answer).code == message.error().code,
                "an error can be sent as it is");
        return;
    }
    const std::string written = std::visit([](const auto& one) { return to_line(one); }, *message);
    require(written.find('\n') == written.size() - 1, "a message is one line");
    require(written.size() <= line.size() + 1, "what this program writes is the shortest form");
    const auto again = read(std::string_view{written}.substr(0, written.size() - 1));
    require(again.has_value(), "what is written can be read");
    std::visit([&](auto& one) { forgive_holders(one, *again); }, *message);
    require(*again == *message, "what is written is what was read");
}

}  // namespace p2p::fuzz
