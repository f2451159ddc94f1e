// Streams and listeners over real sockets on loopback.
#include "net/stream.hpp"

#include "net/listener.hpp"
#include "net/task_group.hpp"
#include "storage/unique_fd.hpp"
#include "support/coroutines.hpp"
#include "support/temp_folder.hpp"

#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <asio/write.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <optional>
#include <random>
#include <string>
#include <vector>

using namespace p2p;
using namespace p2p::test;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;
const auto loopback = asio::ip::address_v4::loopback();

/// A stream, and the plain socket at the other end of its connection.
struct connected_pair {
    explicit connected_pair(stream_limits limits = {}) {
        tcp::acceptor acceptor(io, {loopback, 0});
        // Small, so that a writer soon waits for a reader that does not read.
        acceptor.set_option(asio::socket_base::send_buffer_size(16 << 10U));
        other.open(tcp::v4());
        other.set_option(asio::socket_base::receive_buffer_size(16 << 10U));
        other.connect(acceptor.local_endpoint());
        line.emplace(acceptor.accept(), limits);
    }

    void comes(const std::string& bytes) { asio::write(other, asio::buffer(bytes)); }

    asio::io_context io;
    tcp::socket other{io};
    std::optional<stream> line;
};

/// Reads lines, and logs them.
awaitable<void> read_lines(stream& from, int count, std::vector<std::string>& lines) {
    for (int i = 0; i < count; ++i) {
        const std::string_view line = co_await from.read_line();
        lines.emplace_back(line);
    }
}

std::vector<std::string> lines_of(connected_pair& pair, int count) {
    std::vector<std::string> lines;
    run(pair.io, read_lines(*pair.line, count, lines));
    return lines;
}

awaitable<void> read_content(stream& from, std::size_t size, std::string& content) {
    content.resize(size);
    const auto into = std::as_writable_bytes(std::span{content});
    for (std::size_t filled = 0; filled < size;) {
        const auto room = into.subspan(filled);
        filled += co_await from.read_content(room);
    }
}

std::string content_of(connected_pair& pair, std::size_t size) {
    std::string content;
    run(pair.io, read_content(*pair.line, size, content));
    return content;
}

/// What a read of a line fails with.
std::error_code read_error(connected_pair& pair) {
    try {
        lines_of(pair, 1);
    } catch (const std::system_error& failure) {
        return failure.code();
    }
    return {};
}

/// Everything that comes at the other end until it is closed.
awaitable<void> receive_all(tcp::socket& other, std::string& received, std::error_code& error) {
    while (!error) {
        std::vector<char> buffer(64 << 10U);
        const std::size_t n =
            co_await other.async_read_some(asio::buffer(buffer), asio::redirect_error(use_awaitable, error));
        received.append(buffer.data(), n);
    }
    other.close();
}

awaitable<void> receive_all(tcp::socket& other, std::string& received) {
    std::error_code ignored;
    co_await receive_all(other, received, ignored);
}

awaitable<void> send_all(tcp::socket& other, const std::string& bytes) {
    co_await asio::async_write(other, asio::buffer(bytes), use_awaitable);
}

std::string random_text(std::size_t size) {
    std::mt19937 random{1};
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random());
    return text;
}

/// An open file with this content.
class file_with {
public:
    explicit file_with(const std::string& content) {
        write_text(temp_ / "file", content);
        file_.reset(::open((temp_ / "file").c_str(), O_RDONLY | O_CLOEXEC));
    }
    int fd() const { return file_.get(); }

private:
    temp_folder temp_;
    unique_fd file_;
};

awaitable<void> send_and_close(stream& line, std::string header, int file, byte_count offset,
                               byte_count size) {
    co_await line.send_file(header, file, offset, size);
    line.close();
}

/// What arrives at the other end of a file that is sent.
std::string sent_file(connected_pair& pair, const std::string& header, int file, byte_count offset,
                      byte_count size) {
    std::string received;
    task_group group(pair.io.get_executor());
    group.spawn(receive_all(pair.other, received));
    group.spawn(send_and_close(*pair.line, header, file, offset, size));
    run(pair.io, group.join());
    return received;
}

}  // namespace

// --- reading

TEST_CASE("lines come one by one however their bytes arrive") {
    connected_pair pair;
    pair.comes("one\ntwo\r\n\nthr");
    CHECK(lines_of(pair, 3) == std::vector<std::string>{"one", "two", ""});
    pair.comes("ee\n");
    CHECK(lines_of(pair, 1) == std::vector<std::string>{"three"});
}

TEST_CASE("content between lines is read as it is") {
    connected_pair pair;
    pair.comes("header\nab\ncdnext\n");
    CHECK(lines_of(pair, 1) == std::vector<std::string>{"header"});
    CHECK(content_of(pair, 5) == "ab\ncd");
    CHECK(lines_of(pair, 1) == std::vector<std::string>{"next"});
}

TEST_CASE("long content comes whole") {
    connected_pair pair;
    const std::string content = random_text(3'000'000);
    const std::string bytes = "header\n" + content;
    std::vector<std::string> lines;
    std::string received;
    task_group group(pair.io.get_executor());
    group.spawn(send_all(pair.other, bytes));
    run(pair.io, read_lines(*pair.line, 1, lines));
    run(pair.io, read_content(*pair.line, content.size(), received));
    run(pair.io, group.join());
    CHECK(received == content);
    CHECK(pair.line->received() == bytes.size());
}

TEST_CASE("the longest line that is allowed is read") {
    connected_pair pair;
    const std::string longest(max_line_length, 'x');
    const std::string bytes = longest + "\n";
    task_group group(pair.io.get_executor());
    group.spawn(send_all(pair.other, bytes));
    CHECK(lines_of(pair, 1) == std::vector<std::string>{longest});
    run(pair.io, group.join());
}

TEST_CASE("a line over the limit breaks the protocol") {
    connected_pair pair;
    const std::string bytes(max_line_length + 1000, 'x');
    task_group group(pair.io.get_executor());
    group.spawn(send_all(pair.other, bytes));
    try {
        lines_of(pair, 1);
        FAIL("it was read");
    } catch (const protocol_violation& violation) {
        CHECK(violation.answer.code == "line_too_long");
    }
    run(pair.io, group.join());
}

TEST_CASE("a read ends when the other side has closed") {
    connected_pair pair;
    pair.comes("half a li");
    pair.other.close();
    CHECK(read_error(pair) == asio::error::eof);
}

TEST_CASE("a read fails when nothing comes for too long") {
    connected_pair pair;
    pair.line->silence_limit(30ms);
    const auto start = clock_type::now();
    CHECK(read_error(pair) == asio::error::timed_out);
    CHECK(clock_type::now() >= start + 30ms);
}

TEST_CASE("half a line is no excuse for silence") {
    connected_pair pair;
    pair.line->silence_limit(30ms);
    pair.comes("half a li");
    CHECK(read_error(pair) == asio::error::timed_out);
}

TEST_CASE("a limit that is made longer counts from then on") {
    connected_pair pair;
    pair.line->silence_limit(20ms);
    pair.comes("one\n");
    lines_of(pair, 1);
    pair.line->silence_limit(60ms);
    const auto start = clock_type::now();
    CHECK(read_error(pair) == asio::error::timed_out);
    CHECK(clock_type::now() >= start + 60ms);
}

namespace {

awaitable<void> close_soon(stream& line) {
    co_await let_others_run();
    line.close();
}

}  // namespace

TEST_CASE("closing a stream ends its read") {
    connected_pair pair;
    task_group group(pair.io.get_executor());
    group.spawn(close_soon(*pair.line));
    CHECK(read_error(pair));
    run(pair.io, group.join());
}

TEST_CASE("a limited stream reads no faster than its limit") {
    rate_limiter limit(200'000);
    connected_pair pair({.down = &limit});
    const std::string bytes(20'000, 'x');
    task_group group(pair.io.get_executor());
    group.spawn(send_all(pair.other, bytes));
    const auto start = clock_type::now();
    CHECK(content_of(pair, bytes.size()) == bytes);
    CHECK(clock_type::now() >= start + 90ms);
    run(pair.io, group.join());
}

// --- writing

TEST_CASE("a stream that is finished sends what was posted and closes") {
    connected_pair pair;
    pair.line->read_no_more();
    pair.line->post("one\n");
    pair.line->post("two\n");
    pair.line->finish();
    CHECK(pair.line->finishing());
    std::string received;
    task_group group(pair.io.get_executor());
    group.spawn(pair.line->write_lines());
    group.spawn(receive_all(pair.other, received));
    run(pair.io, group.join());
    CHECK(received == "one\ntwo\n");
    CHECK(pair.line->sent() == received.size());
}

namespace {

awaitable<void> read_lines_to_the_end(stream& line, std::vector<std::string>& lines) {
    try {
        for (;;) lines.emplace_back(co_await line.read_line());
    } catch (const std::system_error& failure) {
        CHECK(failure.code() == asio::error::eof);
    }
    line.close();
}

/// What the other end gets to read, and what ends that.
std::string farewell_of(connected_pair& pair, task_group& group, std::error_code& end) {
    pair.line->post("leave\n");
    pair.line->finish();
    std::string received;
    group.spawn(pair.line->write_lines());
    group.spawn(receive_all(pair.other, received, end));
    run(pair.io, group.join());
    return received;
}

}  // namespace

TEST_CASE("what comes too late to be read takes no last line back") {
    connected_pair pair;
    task_group group(pair.io.get_executor());
    pair.comes("something\n");
    pair.line->read_no_more();
    std::error_code end;
    CHECK(farewell_of(pair, group, end) == "leave\n");
    CHECK(end == asio::error::eof);
}

TEST_CASE("whoever reads from a stream that is finished reads on until the other side has closed") {
    connected_pair pair;
    task_group group(pair.io.get_executor());
    pair.comes("something\nsomething else\n");
    std::vector<std::string> lines;
    group.spawn(read_lines_to_the_end(*pair.line, lines));
    std::error_code end;
    CHECK(farewell_of(pair, group, end) == "leave\n");
    CHECK(end == asio::error::eof);
    CHECK(lines == std::vector<std::string>{"something", "something else"});
}

namespace {

awaitable<void> post_and_finish_later(stream& line) {
    for (const auto* text : {"one\n", "two\n", "three\n"}) {
        co_await let_others_run();
        line.post(text);
    }
    co_await let_others_run();
    line.finish();
}

}  // namespace

TEST_CASE("a writer that rests sends what is posted later") {
    connected_pair pair;
    pair.line->read_no_more();
    std::string received;
    task_group group(pair.io.get_executor());
    group.spawn(pair.line->write_lines());
    group.spawn(receive_all(pair.other, received));
    group.spawn(post_and_finish_later(*pair.line));
    run(pair.io, group.join());
    CHECK(received == "one\ntwo\nthree\n");
}

TEST_CASE("lines that exceed every buffer come whole and in order") {
    connected_pair pair;
    pair.line->read_no_more();
    std::string expected;
    for (int i = 0; i < 15; ++i) {
        const std::string line = std::string(65'000, static_cast<char>('a' + i)) + "\n";
        pair.line->post(line);
        expected += line;
    }
    pair.line->finish();
    std::string received;
    task_group group(pair.io.get_executor());
    group.spawn(pair.line->write_lines());
    group.spawn(receive_all(pair.other, received));
    run(pair.io, group.join());
    CHECK(received == expected);
}

TEST_CASE("how long lines are, and how much waits to be sent, is for the limits to say") {
    stream_limits limits;
    limits.line = 10;
    limits.buffered = 20;
    connected_pair pair{limits};
    pair.comes("0123456789\n0123456789x");
    CHECK(lines_of(pair, 1) == std::vector<std::string>{"0123456789"});
    CHECK_THROWS_AS(lines_of(pair, 1), protocol_violation);
    pair.line->post("0123456789\n");
    CHECK_THROWS_AS(pair.line->post("0123456789\n"), std::system_error);
}

TEST_CASE("a line that trickles must be whole in time, however often something comes") {
    connected_pair pair;
    pair.line->silence_limit(100ms);
    const auto trickle = [](tcp::socket& to) -> awaitable<void> {
        for (int i = 0; i < 300; ++i) {
            co_await sleep_for(10ms);
            std::error_code ignored;
            to.write_some(asio::buffer("x", 1), ignored);
        }
    };
    std::error_code error;
    const auto read = [](stream& from, std::error_code& why) -> awaitable<void> {
        try {
            co_await from.read_line();
        } catch (const std::system_error& failure) {
            why = failure.code();
        }
    };
    task_group group(pair.io.get_executor());
    task_group beside(pair.io.get_executor());
    beside.spawn(trickle(pair.other));
    group.spawn(read(*pair.line, error));
    run(pair.io, group.join());
    CHECK(error == asio::error::timed_out);
    beside.cancel();
    run(pair.io, beside.join());
}

TEST_CASE("a stream that gives up sends one last line in place of what waits") {
    connected_pair pair;
    pair.line->read_no_more();
    pair.line->post("this is never sent\n");
    pair.line->give_up("farewell\n");
    std::string received;
    task_group group(pair.io.get_executor());
    group.spawn(pair.line->write_lines());
    group.spawn(receive_all(pair.other, received));
    run(pair.io, group.join());
    CHECK(received == "farewell\n");
}

TEST_CASE("after a silence the other side can be told") {
    connected_pair pair;
    pair.line->silence_limit(30ms);
    CHECK(read_error(pair) == asio::error::timed_out);
    pair.line->read_no_more();
    pair.line->post("too late\n");
    pair.line->finish();
    std::string received;
    task_group group(pair.io.get_executor());
    group.spawn(pair.line->write_lines());
    group.spawn(receive_all(pair.other, received));
    run(pair.io, group.join());
    CHECK(received == "too late\n");
}

TEST_CASE("what the other side does not read cannot pile up for ever") {
    connected_pair pair;
    const std::string line(64 << 10U, 'x');
    for (int i = 0; i < 16; ++i) pair.line->post(line);
    CHECK_THROWS_AS(pair.line->post(line), std::system_error);
}

namespace {

awaitable<void> note_room(stream& line, std::string& log) {
    try {
        co_await line.room_in_outbox();
        log = "there is room";
    } catch (const std::system_error&) {
        log = "the connection ended";
    }
}

/// Fills the outbox by more than half.
void fill_outbox(stream& line) {
    line.post(std::string(900 << 10U, 'x'));
}

}  // namespace

TEST_CASE("nobody waits for room in an outbox that has some") {
    connected_pair pair;
    pair.line->post(std::string(400 << 10U, 'x'));
    run(pair.io, pair.line->room_in_outbox());
}

TEST_CASE("whoever waits for room in the outbox goes on once it is being sent") {
    connected_pair pair;
    pair.line->read_no_more();
    fill_outbox(*pair.line);
    std::string log;
    std::string received;
    task_group group(pair.io.get_executor());
    group.spawn(note_room(*pair.line, log));
    pair.io.poll();
    CHECK(log.empty());
    group.spawn(pair.line->write_lines());
    group.spawn(receive_all(pair.other, received));
    pair.line->finish();
    run(pair.io, group.join());
    CHECK(log == "there is room");
}

namespace {

awaitable<void> flush_and_ignore_failure(stream& line) {
    try {
        co_await line.flush();
    } catch (const std::system_error&) {
        co_return;
    }
    FAIL("it was sent");
}

/// Closes so that what is sent to it afterwards is answered by a reset.
void reset(tcp::socket& socket) {
    socket.set_option(asio::socket_base::linger(true, 0));
    socket.close();
}

}  // namespace

TEST_CASE("whoever waits for room in the outbox learns that the connection broke") {
    connected_pair pair;
    std::string log;
    task_group group(pair.io.get_executor());
    fill_outbox(*pair.line);
    group.spawn(flush_and_ignore_failure(*pair.line));
    pair.io.poll();
    fill_outbox(*pair.line);
    group.spawn(note_room(*pair.line, log));
    pair.io.restart();
    pair.io.poll();
    CHECK(log.empty());
    reset(pair.other);
    run(pair.io, group.join());
    CHECK(log == "the connection ended");
}

TEST_CASE("whoever waits for room in the outbox learns that the stream was closed") {
    connected_pair pair;
    fill_outbox(*pair.line);
    std::string log;
    task_group group(pair.io.get_executor());
    group.spawn(note_room(*pair.line, log));
    group.spawn(close_soon(*pair.line));
    run(pair.io, group.join());
    CHECK(log == "the connection ended");
}

// --- files

TEST_CASE("a part of a file is sent after its line") {
    connected_pair pair;
    const file_with file("0123456789");
    CHECK(sent_file(pair, "header\n", file.fd(), 3, 4) == "header\n3456");
}

TEST_CASE("an empty part of a file is its line alone") {
    connected_pair pair;
    const file_with file("");
    CHECK(sent_file(pair, "header\n", file.fd(), 0, 0) == "header\n");
}

TEST_CASE("a large file is sent whole") {
    connected_pair pair;
    const std::string content = random_text(5'000'000);
    const file_with file(content);
    CHECK(sent_file(pair, "header\n", file.fd(), 0, content.size()) == "header\n" + content);
    CHECK(pair.line->sent() == content.size() + 7);
}

TEST_CASE("a file that ends too early is an error") {
    connected_pair pair;
    const file_with file("short");
    try {
        sent_file(pair, "header\n", file.fd(), 0, 6);
        FAIL("it was sent");
    } catch (const std::system_error& failure) {
        CHECK(failure.code() == std::errc::io_error);
    }
}

TEST_CASE("a limited stream sends files no faster than its limit") {
    rate_limiter limit(200'000);
    connected_pair pair({.up = &limit});
    const std::string content = random_text(20'000);
    const file_with file(content);
    const auto start = clock_type::now();
    CHECK(sent_file(pair, "", file.fd(), 0, content.size()) == content);
    CHECK(clock_type::now() >= start + 90ms);
}

// --- listening and connecting

TEST_CASE("any free port may be listened on") {
    asio::io_context io;
    const tcp::acceptor acceptor = listen_on(io.get_executor(), {"127.0.0.1", 0});
    CHECK(acceptor.local_endpoint().port() != 0);
}

TEST_CASE("a port that is in use is a failure that names it") {
    asio::io_context io;
    const tcp::acceptor first = listen_on(io.get_executor(), {"127.0.0.1", 0});
    const endpoint taken{"127.0.0.1", first.local_endpoint().port()};
    const std::string message = "cannot listen on " + taken.to_string() + ": Address already in use";
    CHECK_THROWS_WITH_AS(listen_on(io.get_executor(), taken), message.c_str(), network_failure);
}

namespace {

awaitable<void> connect_twice(std::uint16_t port) {
    for (int i = 0; i < 2; ++i) {
        const tcp::socket socket = co_await connect_to("127.0.0.1", port, 5s);
        CHECK(socket.is_open());
    }
}

}  // namespace

TEST_CASE("a listener hands over every connection until it is cancelled") {
    asio::io_context io;
    tcp::acceptor acceptor = listen_on(io.get_executor(), {"127.0.0.1", 0});
    int arrived = 0;
    task_group group(io.get_executor());
    const auto count = [&](const tcp::socket&, const std::string&) {
        if (++arrived == 2) group.cancel();
    };
    group.spawn(accept_loop(acceptor, count));
    run(io, connect_twice(acceptor.local_endpoint().port()));
    run(io, group.join());
    CHECK(arrived == 2);
}

TEST_CASE("a listener knows where a connection comes from that was reset before it was looked at") {
    asio::io_context io;
    tcp::acceptor acceptor = listen_on(io.get_executor(), {"127.0.0.1", 0});
    {
        tcp::socket hasty(io);
        hasty.open(tcp::v4());
        hasty.bind({asio::ip::make_address("127.0.0.7"), 0});
        hasty.connect(acceptor.local_endpoint());
        reset(hasty);
    }
    std::string came_from;
    task_group group(io.get_executor());
    const auto note = [&](const tcp::socket&, const std::string& host) {
        came_from = host;
        group.cancel();
    };
    group.spawn(accept_loop(acceptor, note));
    run(io, group.join());
    CHECK(came_from == "127.0.0.7");
}

namespace {

awaitable<void> connect_once(std::uint16_t port, std::error_code& error) {
    try {
        const tcp::socket socket = co_await connect_to("127.0.0.1", port, 5s);
    } catch (const std::system_error& failure) {
        error = failure.code();
    }
}

}  // namespace

TEST_CASE("a connection that is refused is an error") {
    asio::io_context io;
    std::uint16_t port = 0;
    {
        const tcp::acceptor closed_at_once = listen_on(io.get_executor(), {"127.0.0.1", 0});
        port = closed_at_once.local_endpoint().port();
    }
    std::error_code error;
    run(io, connect_once(port, error));
    CHECK(error == asio::error::connection_refused);
}
