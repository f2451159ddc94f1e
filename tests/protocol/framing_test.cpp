#include "protocol/framing.hpp"

#include "protocol/json.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

using namespace p2p;

namespace {

/// Hands the buffer as much of the text as it has room for; returns the rest.
std::string_view offer(frame_buffer& buffer, std::string_view text) {
    const std::span<std::byte> room = buffer.prepare();
    REQUIRE(!room.empty());
    const std::size_t fits = std::min(room.size(), text.size());
    std::memcpy(room.data(), text.data(), fits);
    buffer.commit(fits);
    return text.substr(fits);
}

std::string take(frame_buffer& buffer, std::size_t most) {
    std::string content(most, '\0');
    content.resize(buffer.take(std::as_writable_bytes(std::span{content})));
    return content;
}

/// Reads lines, and behind each chunk line its content, as a connection does.
class stream_reader {
public:
    explicit stream_reader(std::size_t longest_line = max_line_length) : buffer_(longest_line) {}

    void feed(std::string_view text) {
        while (!text.empty()) {
            text = offer(buffer_, text);
            drain();
        }
    }

    const std::vector<std::string>& lines() const { return lines_; }
    const std::vector<std::string>& contents() const { return contents_; }
    std::size_t buffered() const { return buffer_.buffered(); }

private:
    void drain() {
        for (;;) {
            take_content();
            if (wanted_ > 0) return;
            const auto line = buffer_.next_line();
            REQUIRE(line.has_value());
            if (!line->has_value()) return;
            lines_.emplace_back(**line);
            expect_content();
        }
    }

    void take_content() {
        if (wanted_ == 0) return;
        const std::string content = take(buffer_, wanted_);
        wanted_ -= content.size();
        contents_.back() += content;
    }

    void expect_content() {
        const auto message = read_peer_to_peer(lines_.back(), max_chunk_count);
        if (!message.has_value() || !std::holds_alternative<peer_to_peer::chunk_part>(*message)) return;
        wanted_ = std::get<peer_to_peer::chunk_part>(*message).size;
        contents_.emplace_back();
    }

    frame_buffer buffer_;
    std::size_t wanted_ = 0;
    std::vector<std::string> lines_;
    std::vector<std::string> contents_;
};

struct scene {
    std::string stream;
    std::vector<std::string> lines;
    std::vector<std::string> contents;

    void line(std::string text, std::string_view end = "\n") {
        stream.append(text).append(end);
        lines.push_back(std::move(text));
    }
    void chunk(const std::string& content) {
        line(R"({"type":"chunk","chunk":1,"offset":0,"size":)" + std::to_string(content.size()) +
             R"(,"total":99999})");
        stream += content;
        contents.push_back(content);
    }
};

scene busy_connection() {
    scene s;
    s.line(R"({"type":"hello"})");
    s.chunk("content with\nline ends\r\n");
    s.chunk("\n");
    s.line(R"({"type":"have","chunks":"1-3"})", "\r\n");
    s.line("");
    s.line("", "\r\n");
    s.line("a\rb");
    s.chunk("{\"type\":\"ping\"}\n");
    s.line(R"({"type":"ping"})");
    return s;
}

void check_all_arrived(const stream_reader& reader, const scene& expected) {
    CHECK(reader.lines() == expected.lines);
    CHECK(reader.contents() == expected.contents);
    CHECK(reader.buffered() == 0);
}

std::string line_error(frame_buffer& buffer) {
    const auto line = buffer.next_line();
    return line.has_value() ? "" : line.error().code;
}

}  // namespace

TEST_CASE("a stream split at any byte gives the same lines and content") {
    const scene expected = busy_connection();
    const std::string_view stream = expected.stream;
    for (std::size_t split = 0; split <= stream.size(); ++split) {
        CAPTURE(split);
        stream_reader reader;
        reader.feed(stream.substr(0, split));
        reader.feed(stream.substr(split));
        check_all_arrived(reader, expected);
    }
}

TEST_CASE("a stream in pieces of any size gives the same lines and content") {
    const scene expected = busy_connection();
    for (std::size_t size = 1; size < 40; ++size) {
        CAPTURE(size);
        stream_reader reader;
        for (std::string_view rest = expected.stream; !rest.empty();
             rest.remove_prefix(std::min(size, rest.size())))
            reader.feed(rest.substr(0, size));
        check_all_arrived(reader, expected);
    }
}

TEST_CASE("a buffer that is hardly longer than the lines gives the same lines and content") {
    const scene expected = busy_connection();
    std::size_t longest = 0;
    for (const std::string& line : expected.lines) longest = std::max(longest, line.size());
    stream_reader reader{longest};
    reader.feed(expected.stream);
    check_all_arrived(reader, expected);
}

TEST_CASE("nothing is a line before its end came") {
    frame_buffer buffer;
    CHECK(buffer.next_line().value() == std::nullopt);
    offer(buffer, "pin");
    CHECK(buffer.next_line().value() == std::nullopt);
    CHECK(buffer.buffered() == 3);
    offer(buffer, "g\n");
    CHECK(buffer.next_line().value() == "ping");
    CHECK(buffer.next_line().value() == std::nullopt);
    CHECK(buffer.buffered() == 0);
}

TEST_CASE("content is taken in as many bites as the taker likes") {
    frame_buffer buffer;
    offer(buffer, "line\n12345next\n");
    CHECK(buffer.next_line().value() == "line");
    CHECK(take(buffer, 2) == "12");
    CHECK(take(buffer, 0).empty());
    CHECK(take(buffer, 3) == "345");
    CHECK(buffer.next_line().value() == "next");
    CHECK(take(buffer, 10).empty());
}

TEST_CASE("content taken past what was looked through for a line end is forgotten") {
    frame_buffer buffer;
    offer(buffer, "12345");
    CHECK(buffer.next_line().value() == std::nullopt);
    CHECK(take(buffer, 3) == "123");
    offer(buffer, "6\n");
    CHECK(buffer.next_line().value() == "456");
}

TEST_CASE("a line of the longest length passes with either end") {
    for (const std::string end : {"\n", "\r\n"}) {
        frame_buffer buffer{10};
        CHECK(offer(buffer, "0123456789" + end).empty());
        CHECK(buffer.next_line().value() == "0123456789");
    }
}

TEST_CASE("a line one byte too long is an error before and after its end came") {
    for (const std::string_view text : {"0123456789a", "0123456789a\n", "0123456789\ra", "0123456789a\r"}) {
        CAPTURE(text);
        frame_buffer buffer{10};
        offer(buffer, text);
        CHECK(line_error(buffer) == "line_too_long");
        CHECK(line_error(buffer) == "line_too_long");
    }
}

TEST_CASE("a line of the longest length that lacks its end waits for it") {
    frame_buffer buffer{10};
    offer(buffer, "0123456789");
    CHECK(buffer.next_line().value() == std::nullopt);
    offer(buffer, "\r");
    CHECK(buffer.next_line().value() == std::nullopt);
    offer(buffer, "\n");
    CHECK(buffer.next_line().value() == "0123456789");
}

TEST_CASE("the longest line of the protocol passes and one more byte does not") {
    const std::string longest(max_line_length, 'x');
    frame_buffer buffer;
    for (std::string_view rest = longest; !rest.empty();) rest = offer(buffer, rest);
    CHECK(buffer.next_line().value() == std::nullopt);
    SUBCASE("with its end") {
        offer(buffer, "\n");
        CHECK(buffer.next_line().value() == longest);
    }
    SUBCASE("with one byte more") {
        offer(buffer, "x");
        CHECK(line_error(buffer) == "line_too_long");
    }
}

TEST_CASE("the whole lines before one that is too long are still read") {
    frame_buffer buffer{4};
    offer(buffer, "one\n");
    CHECK(buffer.next_line().value() == "one");
    offer(buffer, "three");
    CHECK(line_error(buffer) == "line_too_long");
}

TEST_CASE("an idle connection costs a small buffer and a long line no more than its length") {
    frame_buffer buffer;
    CHECK(buffer.prepare().size() == 4096);
    const std::string half(max_line_length / 2, 'x');
    for (int halves = 0; halves < 2; ++halves)
        for (std::string_view rest = half; !rest.empty();) rest = offer(buffer, rest);
    CHECK(buffer.buffered() + buffer.prepare().size() == max_line_length + 2);
}

TEST_CASE("a long stream of short lines never outgrows the first buffer") {
    frame_buffer buffer;
    for (int round = 0; round < 5000; ++round) {
        offer(buffer, "a line of some twenty bytes\nand a bit");
        while (buffer.next_line().value()) {
        }
        CHECK(buffer.buffered() + buffer.prepare().size() <= 4096);
        offer(buffer, "\n");
        CHECK(buffer.next_line().value() == "and a bit");
    }
}

TEST_CASE("what is left goes on in a buffer of its own") {
    frame_buffer shared(max_line_length, 100'000);
    offer(shared, "one\ntwo\nthr");
    CHECK(shared.next_line().value() == "one");
    frame_buffer own = shared.take_rest();
    CHECK(shared.buffered() == 0);
    offer(own, "ee\n");
    CHECK(own.next_line().value() == "two");
    CHECK(own.next_line().value() == "three");
    offer(shared, "four\n");
    CHECK(shared.next_line().value() == "four");
}

TEST_CASE("a buffer that everything was read from has all its room again") {
    frame_buffer buffer(max_line_length, 10'000);
    offer(buffer, std::string(8'000, 'x') + "\n");
    REQUIRE(buffer.next_line().has_value());
    CHECK(buffer.prepare().size() == 10'000);
}
