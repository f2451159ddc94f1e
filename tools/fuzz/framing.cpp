// frame_buffer: whatever the pieces in which bytes come, the same lines and the same raw content come out,
// and no more is kept than the longest line.
//
// The first line of the input says how: a byte for the longest line, then one for each piece (its length, and
// whether the buffer is replaced by its rest before it), over and over. The stream is behind it. A line that
// ends in a digit is followed by that many raw bytes.
#include "protocol/framing.hpp"

#include "fuzz.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace {

using namespace p2p;
using fuzz::require;

std::size_t raw_bytes_after(std::string_view line) {
    const bool has_digit = !line.empty() && line.back() >= '0' && line.back() <= '9';
    return has_digit ? static_cast<std::size_t>(line.back() - '0') : 0;
}

/// What a reader got: lines and raw content in their order, and the code of the error after them, if any.
struct outcome {
    std::vector<std::string> got;
    std::string error;
    friend bool operator==(const outcome&, const outcome&) = default;
};

std::string error_of(std::string_view line, std::size_t longest_line) {
    if (line.starts_with('\x15') || line.starts_with('\x16')) return "tls";
    return line.size() > longest_line ? "line_too_long" : "";
}

/// The stream taken apart as a whole.
outcome expected_of(std::string_view stream, std::size_t longest_line) {
    outcome all;
    for (;;) {
        const std::size_t end = stream.find('\n');
        std::string_view line = stream.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        all.error = error_of(line, longest_line);
        if (!all.error.empty() || end == std::string_view::npos) return all;
        all.got.emplace_back(line);
        stream.remove_prefix(end + 1);
        const std::size_t raw = std::min(raw_bytes_after(line), stream.size());
        if (raw > 0) all.got.emplace_back(stream.substr(0, raw));
        stream.remove_prefix(raw);
    }
}

class piecewise_reader {
public:
    explicit piecewise_reader(std::size_t longest_line)
        : longest_line_(longest_line), frames_(longest_line, longest_line / 2 + 1) {}

    /// Takes at most `length` bytes off the stream.
    void take(std::string_view& stream, std::size_t length) {
        const std::span<std::byte> room = frames_.prepare();
        require(!room.empty(), "there is room for more when nothing is left to be read");
        const std::size_t n = std::min({length, room.size(), stream.size()});
        std::memcpy(room.data(), stream.data(), n);
        frames_.commit(n);
        require(frames_.buffered() <= longest_line_ + 2, "no more is kept than a line and its end");
        stream.remove_prefix(n);
        read();
    }

    void move_to_rest() {
        const std::size_t before = frames_.buffered();
        frame_buffer rest = frames_.take_rest();
        require(frames_.buffered() == 0 && rest.buffered() == before, "the rest is all that was left");
        frames_ = std::move(rest);
    }

    const outcome& so_far() const { return all_; }

private:
    void read() {
        while (all_.error.empty() && (raw_ > 0 ? read_raw() : read_line())) {
        }
    }

    bool read_raw() {
        std::byte bytes[9];
        const std::size_t n = frames_.take({bytes, raw_});
        all_.got.back().append(reinterpret_cast<const char*>(bytes), n);
        raw_ -= n;
        return n > 0;
    }

    bool read_line() {
        const auto line = frames_.next_line();
        if (!line) all_.error = line.error().code;
        if (!line || !*line) return false;
        all_.got.emplace_back(**line);
        raw_ = raw_bytes_after(**line);
        if (raw_ > 0) all_.got.emplace_back();
        return true;
    }

    std::size_t longest_line_;
    frame_buffer frames_;
    outcome all_;
    std::size_t raw_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto [plan, whole] = fuzz::cut_line(fuzz::text_of(data, size));
    if (plan.size() < 2) return 0;
    const std::size_t longest_line = static_cast<unsigned char>(plan.front()) * 8U;
    piecewise_reader reader{longest_line};
    std::string_view stream = whole;
    for (std::size_t at = 1; !stream.empty() && reader.so_far().error.empty();
         at = at % (plan.size() - 1) + 1) {
        const auto step = static_cast<unsigned char>(plan[at]);
        if (step >= 0x80) reader.move_to_rest();
        reader.take(stream, step % 0x80U + 1);
    }

    outcome expected = expected_of(whole, longest_line);
    outcome got = reader.so_far();
    // Raw content of which nothing has come yet.
    if (!got.got.empty() && got.got.back().empty() && got.got.size() > expected.got.size())
        got.got.pop_back();
    require(got == expected, "what is read does not depend on how it came");
    return 0;
}
