// A Unix socket that answers lines, asked by hand.
#include "net/local_socket.hpp"

#include "net/task_group.hpp"
#include "support/coroutines.hpp"
#include "support/temp_folder.hpp"

#include <asio/read_until.hpp>
#include <asio/write.hpp>
#include <doctest/doctest.h>

#include <new>
#include <stdexcept>
#include <string>

using namespace p2p;
using namespace p2p::test;

namespace {

using protocol = asio::local::stream_protocol;

std::string answer(std::string_view line) {
    if (line == "fail") throw std::runtime_error("it fell over");
    if (line == "run out") throw std::bad_alloc{};
    if (line == "throw") throw 7;
    return "heard " + std::string{line} + "\n";
}

std::string refuse(std::string_view why) {
    return "no: " + std::string{why} + "\n";
}

/// Who asks, line by line.
struct visitor {
    visitor(asio::io_context& io, const temp_folder& here) : socket(io) {
        socket.connect(protocol::endpoint{(here / "sock").native()});
    }

    awaitable<std::string> ask(std::string line) {
        co_await asio::async_write(socket, asio::buffer(line), use_awaitable);
        const std::size_t n =
            co_await asio::async_read_until(socket, asio::dynamic_buffer(heard), '\n', use_awaitable);
        std::string reply = heard.substr(0, n - 1);
        heard.erase(0, n);
        co_return reply;
    }

    protocol::socket socket;
    std::string heard;
};

}  // namespace

TEST_CASE("a request that fails, however it does, is answered, and disturbs nobody") {
    const temp_folder here;
    asio::io_context io;
    local_listener listener(io.get_executor(), here / "sock");
    visitor one(io, here);
    visitor other(io, here);
    task_group serving(io.get_executor());
    serving.spawn(listener.serve(answer, refuse));
    const auto converse = [&]() -> awaitable<void> {
        CHECK(co_await one.ask("fail\n") == "no: it fell over");
        CHECK(co_await one.ask("throw\n") == "no: unknown failure");
        CHECK(co_await one.ask("run out\n") == "no: std::bad_alloc");
        CHECK(co_await one.ask("me\r\n") == "heard me");
        CHECK(co_await other.ask("me too\n") == "heard me too");
    };
    run(io, serving.cancel_after(converse()));
}

TEST_CASE("a line may be as long as those of peers, its end not counted, and no longer") {
    const temp_folder here;
    asio::io_context io;
    local_listener listener(io.get_executor(), here / "sock");
    visitor one(io, here);
    task_group serving(io.get_executor());
    serving.spawn(
        listener.serve([](std::string_view line) { return std::to_string(line.size()) + "\n"; }, refuse));
    const auto converse = [&]() -> awaitable<void> {
        CHECK(co_await one.ask(std::string(65'536, 'x') + "\n") == "65536");
        CHECK(co_await one.ask(std::string(65'536, 'x') + "\r\n") == "65536");
        CHECK(co_await one.ask(std::string(65'537, 'x')) == "no: a line is longer than 65536 bytes");
        std::error_code error;
        co_await asio::async_read_until(one.socket, asio::dynamic_buffer(one.heard), '\n',
                                        asio::redirect_error(use_awaitable, error));
        CHECK(error);
    };
    run(io, serving.cancel_after(converse()));
}
