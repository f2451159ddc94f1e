// Content that is read on the pool, over real sockets on loopback.
#include "net/rate_limiter.hpp"
#include "net/stream.hpp"
#include "net/task_group.hpp"
#include "support/coroutines.hpp"

#include <asio/write.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

using namespace p2p;
using namespace p2p::test;
using namespace std::chrono_literals;

namespace {

/// A stream with a pool, and the plain socket at the other end of its connection.
struct pooled_pair {
    explicit pooled_pair(stream_limits limits = {}) {
        tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
        other.connect(acceptor.local_endpoint());
        line.emplace(acceptor.accept(), limits);
    }
    ~pooled_pair() { pool.join(); }

    asio::io_context io;
    asio::thread_pool pool{2};
    tcp::socket other{io};
    std::optional<stream> line;
};

awaitable<void> send_all(tcp::socket& to, const std::string& bytes) {
    co_await asio::async_write(to, asio::buffer(bytes), use_awaitable);
}

/// What a reader was told, and in which order.
struct heard {
    std::string content;
    std::size_t came = 0;
    std::size_t came_in_all = 0;  // by the time that all had come
    bool all_came = false;

    stream::content_sink sink() {
        stream::content_sink sink;
        sink.take = [this](std::span<const std::byte> bytes) {
            content.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        };
        sink.came = [this](std::size_t n) { came += n; };
        sink.all_came = [this] {
            all_came = true;
            came_in_all = came;
        };
        return sink;
    }
};

awaitable<void> read_all(pooled_pair& pair, std::size_t size, heard& what) {
    stream::content_sink sink = what.sink();
    co_await pair.line->read_content(pair.pool, size, std::move(sink));
}

std::string random_looking(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * i) >> 7U);
    return bytes;
}

std::error_code failure_of(pooled_pair& pair, std::size_t size, heard& what) {
    try {
        run(pair.io, read_all(pair, size, what));
    } catch (const std::system_error& failure) {
        return failure.code();
    }
    return {};
}

}  // namespace

TEST_CASE("content that is read on the pool comes whole and in order") {
    pooled_pair pair;
    const std::string bytes = random_looking(5'000'000);
    heard what;
    task_group group(pair.io.get_executor());
    group.spawn(send_all(pair.other, bytes));
    run(pair.io, read_all(pair, bytes.size(), what));
    run(pair.io, group.join());
    CHECK(what.content == bytes);
    CHECK(what.came == bytes.size());
    CHECK(what.came_in_all == bytes.size());
    CHECK(pair.line->received() == bytes.size());
}

TEST_CASE("content that came along with its line is not lost when the pool reads the rest") {
    pooled_pair pair;
    const std::string bytes = random_looking(100'000);
    const std::string all = "a line\n" + bytes + "the next\n";
    heard what;
    std::string next;
    const auto work = [&]() -> awaitable<void> {
        (void)co_await pair.line->read_line();
        co_await read_all(pair, bytes.size(), what);
        next = co_await pair.line->read_line();
    };
    task_group group(pair.io.get_executor());
    group.spawn(send_all(pair.other, all));
    run(pair.io, work());
    run(pair.io, group.join());
    CHECK(what.content == bytes);
    CHECK(next == "the next");
}

TEST_CASE("a line that follows can be read while the last piece is still being taken") {
    pooled_pair pair;
    std::mutex mutex;
    std::condition_variable changed;
    bool line_was_read = false;
    bool in_time = false;
    event all_came(pair.io.get_executor());
    stream::content_sink sink;
    sink.came = [](std::size_t) {};
    sink.all_came = [&] { all_came.set(); };
    sink.take = [&](std::span<const std::byte>) {
        std::unique_lock lock{mutex};
        in_time = changed.wait_for(lock, 20s, [&] { return line_was_read; });
    };
    task_group group(pair.io.get_executor());
    asio::write(pair.other, asio::buffer(std::string{"contentline\n"}));
    group.spawn(pair.line->read_content(pair.pool, 7, sink));
    const auto read_on = [&]() -> awaitable<void> {
        co_await all_came.wait();
        (void)co_await pair.line->read_line();
        const std::lock_guard lock{mutex};
        line_was_read = true;
        changed.notify_all();
    };
    run(pair.io, read_on());
    run(pair.io, group.join());
    CHECK(in_time);
}

TEST_CASE("what came before the other side has closed is taken, and then the read fails") {
    pooled_pair pair;
    asio::write(pair.other, asio::buffer(std::string(1000, 'x')));
    pair.other.close();
    heard what;
    CHECK(failure_of(pair, 2000, what) == asio::error::eof);
    CHECK(what.content.size() == 1000);
    CHECK_FALSE(what.all_came);
}

TEST_CASE("a read on the pool fails when nothing comes for too long") {
    pooled_pair pair;
    pair.line->silence_limit(50ms);
    asio::write(pair.other, asio::buffer(std::string(10, 'x')));
    heard what;
    CHECK(failure_of(pair, 20, what) == asio::error::timed_out);
    CHECK(what.content.size() == 10);
}

TEST_CASE("a stream that is closed while the pool reads from it is closed when the pool is through") {
    pooled_pair pair;
    std::mutex mutex;
    std::condition_variable changed;
    bool taking = false;
    bool closed = false;
    stream::content_sink sink;
    sink.came = [](std::size_t) {};
    sink.all_came = [] {};
    sink.take = [&](std::span<const std::byte>) {
        std::unique_lock lock{mutex};
        taking = true;
        changed.notify_all();
        changed.wait_for(lock, 20s, [&] { return closed; });
    };
    asio::write(pair.other, asio::buffer(std::string(10, 'x')));
    // More is expected, so that the stream is lent to the pool while the first piece is taken.
    std::error_code failure;
    const auto read = [&]() -> awaitable<void> {
        try {
            co_await pair.line->read_content(pair.pool, 20, sink);
        } catch (const std::system_error& error) {
            failure = error.code();
        }
    };
    std::jthread closer([&] {
        std::unique_lock lock{mutex};
        changed.wait_for(lock, 20s, [&] { return taking; });
        asio::post(pair.io, [&] {
            pair.line->close();
            const std::lock_guard again{mutex};
            closed = true;
            changed.notify_all();
        });
    });
    run(pair.io, read());
    CHECK(failure);
    CHECK_FALSE(pair.line->is_open());
}

TEST_CASE("content that came along with its line is counted once") {
    pooled_pair pair;
    const std::string content = random_looking(100'000);
    const std::string all = "a line\n" + content;
    heard what;
    const auto work = [&]() -> awaitable<void> {
        (void)co_await pair.line->read_line();
        co_await read_all(pair, content.size(), what);
    };
    task_group group(pair.io.get_executor());
    group.spawn(send_all(pair.other, all));
    run(pair.io, work());
    run(pair.io, group.join());
    CHECK(pair.line->received() == all.size());
}

TEST_CASE("a limited stream is read on the pool no faster than its limit") {
    rate_limiter limit(200'000);
    pooled_pair pair({.down = &limit});
    const std::string bytes = random_looking(20'000);
    heard what;
    task_group group(pair.io.get_executor());
    group.spawn(send_all(pair.other, bytes));
    const auto start = std::chrono::steady_clock::now();
    run(pair.io, read_all(pair, bytes.size(), what));
    CHECK(std::chrono::steady_clock::now() >= start + 80ms);
    run(pair.io, group.join());
    CHECK(what.content == bytes);
}
