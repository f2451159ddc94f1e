// Bytes from a socket, cut into lines and the raw content between them. Knows no socket: it is handed bytes.
#pragma once

#include "protocol/messages.hpp"

#include <tl/expected.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace p2p {

class frame_buffer {
public:
    /// It has no memory until the first prepare(), and then so many bytes.
    explicit frame_buffer(std::size_t longest_line = max_line_length, std::size_t first_capacity = 4096);

    /// Where the next bytes go: never empty after next_line() or take() found too little. Ends the life of
    /// lines.
    std::span<std::byte> prepare();
    /// So many of them came.
    void commit(std::size_t bytes);

    /// The next whole line without its end (LF or CRLF), or nothing yet; an error ("line_too_long") once more
    /// than the longest line came without an end, or ("tls") where no line begins but a record of TLS. The
    /// view lives until the next prepare().
    tl::expected<std::optional<std::string_view>, error_message> next_line() {
        return next_line(longest_line_);
    }
    /// The same, where this one must be shorter.
    tl::expected<std::optional<std::string_view>, error_message> next_line(std::size_t longest);

    /// Moves raw content that came along with lines into `to`; returns how many bytes.
    std::size_t take(std::span<std::byte> to);

    /// What came and was not read, in a buffer of its own. Nothing is left in this one.
    frame_buffer take_rest();

    /// Bytes that came and were neither read as a line nor taken.
    std::size_t buffered() const { return end_ - begin_; }

private:
    void move_to_front();
    void grow();

    std::vector<std::byte> bytes_;
    std::size_t begin_ = 0;    // first byte that nobody has read
    std::size_t end_ = 0;      // one past the last byte that came
    std::size_t scanned_ = 0;  // no line end between begin_ and here
    std::size_t longest_line_;
    std::size_t first_capacity_;
};

}  // namespace p2p
