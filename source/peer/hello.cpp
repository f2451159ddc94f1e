#include "peer/hello.hpp"

#include "core/base/units.hpp"
#include "protocol/json.hpp"

#include <fmt/format.h>

namespace p2p {

namespace {

peer_to_peer::hello checked(std::string_view text) {
    const auto message = read_peer_to_peer(text, max_chunk_count);
    if (!message) throw protocol_violation(message.error());
    if (const auto* error = std::get_if<error_message>(&*message)) throw remote_error(*error);
    const auto* hello = std::get_if<peer_to_peer::hello>(&*message);
    if (!hello) throw protocol_violation({"hello_first", "the first message must be hello"});
    return *hello;
}

}  // namespace

remote_error::remote_error(const error_message& said)
    : std::system_error(asio::error::connection_aborted),
      message(fmt::format("it says: {} ({})", printable(said.message), printable(said.code))) {}

awaitable<peer_to_peer::hello> read_hello(stream& line, duration limit) {
    line.silence_limit(limit);
    const std::string_view text = co_await line.read_line();
    co_return checked(text);
}

}  // namespace p2p
