// How a line becomes one of several kinds of message, by its type. For use inside protocol/ only.
#pragma once

#include "core/base/units.hpp"
#include "protocol/field_reader.hpp"

#include <fmt/format.h>
#include <tl/expected.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace p2p {

/// How one type of line becomes one kind of message.
template <class Message>
struct line_type {
    std::string_view type;
    Message (*read)(field_reader&);
};

template <class Message, class Fieldless>
Message read_fieldless(field_reader&) {
    return Fieldless{};
}

template <class Message>
tl::expected<Message, error_message> read_line(std::string_view line,
                                               std::span<const line_type<Message>> types, std::uint32_t count,
                                               const message_limits& limits = {}) {
    constexpr std::size_t quoted_length = 40;
    const auto error = [](std::string_view code, std::string text) {
        return tl::unexpected{error_message{std::string{code}, std::move(text)}};
    };
    const auto values = json_values::of_object(line, limits.depth);
    if (!values) return tl::unexpected{values.error()};

    const json_value& named = (*values)[values->find(0, "type")];
    if (named.what != json_value::kind::text) return error("bad_field", "\"type\" must be text");
    const std::string_view type = named.text;
    const auto known =
        std::find_if(types.begin(), types.end(), [&](const auto& one) { return one.type == type; });
    if (known == types.end())
        return error("unknown_type",
                     fmt::format("no message has the type \"{}\" here", printable(type, quoted_length)));

    field_reader fields{*values, 0, count, limits.name};
    // Another version may have other fields: nothing else of it is looked at.
    if (type == "hello" && fields.has_other_number("version", protocol_version))
        return error("unsupported_version", fmt::format("this side speaks version {}", protocol_version));
    Message message = known->read(fields);
    if (!fields.problem().empty()) return error("bad_field", fmt::format("{}: {}", type, fields.problem()));
    return message;
}

}  // namespace p2p
