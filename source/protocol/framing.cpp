#include "protocol/framing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace p2p {

namespace {

// With less room than this at the end, moving the leftover costs less than many short reads.
constexpr std::size_t least_room = 1024;

// What TLS begins with, a handshake or an alert: no line of JSON does.
bool is_tls(std::string_view line) {
    return line.starts_with('\x16') || line.starts_with('\x15');
}

}  // namespace

// Most connections are idle most of the time: a buffer starts small, and grows for those who send long lines.
frame_buffer::frame_buffer(std::size_t longest_line, std::size_t first_capacity)
    : longest_line_(longest_line), first_capacity_(first_capacity) {}

std::span<std::byte> frame_buffer::prepare() {
    if (buffered() == 0) begin_ = end_ = scanned_ = 0;
    if (bytes_.size() - end_ < least_room) move_to_front();
    if (bytes_.size() - end_ < least_room) grow();
    return std::span{bytes_}.subspan(end_);
}

void frame_buffer::move_to_front() {
    if (begin_ == 0) return;
    if (buffered() > 0) std::memmove(bytes_.data(), bytes_.data() + begin_, buffered());
    scanned_ -= begin_;
    end_ -= begin_;
    begin_ = 0;
}

void frame_buffer::grow() {
    const std::size_t longest_with_end = longest_line_ + 2;
    bytes_.resize(std::min(std::max(first_capacity_, 2 * bytes_.size()), longest_with_end));
}

void frame_buffer::commit(std::size_t bytes) {
    end_ += bytes;
}

tl::expected<std::optional<std::string_view>, error_message> frame_buffer::next_line(std::size_t longest) {
    const std::string_view all{reinterpret_cast<const char*>(bytes_.data()), end_};
    const std::size_t line_end = all.find('\n', scanned_);
    const bool whole = line_end != std::string_view::npos;
    scanned_ = whole ? line_end : end_;

    std::string_view line = all.substr(begin_, scanned_ - begin_);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (is_tls(line))
        return tl::unexpected{error_message{
            "tls", "TLS comes where plain lines are expected: this side has no secret or certificate"}};
    if (line.size() > longest)
        return tl::unexpected{
            error_message{"line_too_long", fmt::format("a line is longer than {} bytes", longest)}};
    if (!whole) return std::nullopt;
    begin_ = ++scanned_;
    return line;
}

std::size_t frame_buffer::take(std::span<std::byte> to) {
    const std::size_t taken = std::min(to.size(), buffered());
    if (taken > 0) std::memcpy(to.data(), bytes_.data() + begin_, taken);
    begin_ += taken;
    scanned_ = std::max(scanned_, begin_);
    return taken;
}

frame_buffer frame_buffer::take_rest() {
    frame_buffer rest(longest_line_);
    rest.bytes_.assign(bytes_.begin() + static_cast<std::ptrdiff_t>(begin_),
                       bytes_.begin() + static_cast<std::ptrdiff_t>(end_));
    rest.end_ = buffered();
    begin_ = end_ = scanned_ = 0;
    return rest;
}

}  // namespace p2p
