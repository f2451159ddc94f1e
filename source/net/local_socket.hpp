// A Unix socket through which programs of the same user ask a program that runs, and how to ask. Lines each
// way; every line is answered by one.
#pragma once

#include "net/asio.hpp"

#include <asio/local/stream_protocol.hpp>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace p2p {

class local_listener {
public:
    /// Nobody but this user can connect. What another program left at the path is replaced; throws
    /// network_failure where one still listens there, or where something else is there.
    local_listener(asio::any_io_executor executor, std::filesystem::path path);
    ~local_listener();  ///< the path is free again
    local_listener(const local_listener&) = delete;
    local_listener& operator=(const local_listener&) = delete;

    using answerer = std::function<std::string(std::string_view)>;

    /// Answers each line (which comes without its end) until it is cancelled. Where `answer` throws, whatever
    /// it is, `refuse` is handed what it says and makes the answer. So it is where a line is too long
    /// (max_line_length), or none; whoever sends such is left after that.
    awaitable<void> serve(answerer answer, answerer refuse);

private:
    using protocol = asio::local::stream_protocol;

    asio::any_io_executor executor_;
    std::filesystem::path path_;
    protocol::acceptor acceptor_;
};

/// Sends the line, and returns the answer without its end. Throws network_failure where nobody listens there,
/// or no answer of at most `longest` bytes comes within the limit.
std::string ask_local(const std::filesystem::path& path, std::string_view line, std::size_t longest,
                      std::chrono::steady_clock::duration limit);

}  // namespace p2p
