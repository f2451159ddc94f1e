#include "net/local_socket.hpp"

#include "net/deadline.hpp"
#include "net/event.hpp"
#include "net/fault.hpp"
#include "net/listener.hpp"
#include "net/task_group.hpp"
#include "protocol/framing.hpp"

#include <asio/read_until.hpp>
#include <asio/write.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace p2p {

namespace {

using protocol = asio::local::stream_protocol;

constexpr std::size_t most_at_a_time = 32;
constexpr std::chrono::seconds patience_with_reader{10};
constexpr std::chrono::milliseconds pause_after_failure{100};

[[noreturn]] void cannot(const char* what, const std::filesystem::path& path, const std::string& why) {
    throw network_failure(fmt::format("cannot {} {}: {}", what, path.native(), why));
}

protocol::endpoint address_of(const std::filesystem::path& path) {
    constexpr std::size_t longest = 107;  // sun_path of unix(7), with its end
    if (path.native().size() > longest)
        cannot("listen at", path, fmt::format("the path of a socket has at most {} bytes", longest));
    return protocol::endpoint{path.native()};
}

/// What a program that was killed has left there goes.
void make_free(const asio::any_io_executor& executor, const std::filesystem::path& path) {
    struct stat there {};
    if (::lstat(path.c_str(), &there) != 0) return;
    if (!S_ISSOCK(there.st_mode)) cannot("listen at", path, "something is there that is no socket");
    protocol::socket visitor(executor);
    std::error_code error;
    visitor.connect(address_of(path), error);
    if (error != asio::error::connection_refused) cannot("listen at", path, "another program does");
    ::unlink(path.c_str());
}

/// How lines are answered.
struct manners {
    local_listener::answerer answer;
    local_listener::answerer refuse;
};

// What goes wrong with one line is no reason to end anything else.
std::string reply_to(std::string_view line, const manners& how) {
    try {
        return how.answer(line);
    } catch (...) {
        const std::string why = message_of(std::current_exception());
        spdlog::error("a request could not be carried out: {}", why);
        return how.refuse(why);
    }
}

awaitable<void> answer_lines(protocol::socket& socket, const manners& how) {
    frame_buffer lines;
    for (;;) {
        std::error_code error;
        const auto line = lines.next_line();
        if (line && !*line) {
            const auto room = lines.prepare();
            const std::size_t n = co_await socket.async_read_some(asio::buffer(room.data(), room.size()),
                                                                  asio::redirect_error(use_awaitable, error));
            if (error) co_return;
            lines.commit(n);
            continue;
        }
        const std::string reply = line ? reply_to(**line, how) : how.refuse(line.error().message);
        const deadline patience(socket.get_executor(), patience_with_reader, [&socket] { socket.close(); });
        co_await asio::async_write(socket, asio::buffer(reply), asio::redirect_error(use_awaitable, error));
        if (error || !line) co_return;
    }
}

}  // namespace

local_listener::local_listener(asio::any_io_executor executor, std::filesystem::path path)
    : executor_(std::move(executor)), path_(std::move(path)), acceptor_(executor_) {
    const protocol::endpoint address = address_of(path_);
    make_free(executor_, path_);
    std::error_code error;
    acceptor_.open(address.protocol(), error);
    constexpr mode_t for_nobody_else = 0177;
    const mode_t before = ::umask(for_nobody_else);
    if (!error) acceptor_.bind(address, error);
    ::umask(before);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) cannot("listen at", path_, error.message());
}

local_listener::~local_listener() {
    ::unlink(path_.c_str());
}

awaitable<void> local_listener::serve(answerer answer, answerer refuse) {
    task_group visitors(executor_);
    const manners how{std::move(answer), std::move(refuse)};
    const auto converse = [&](std::unique_ptr<protocol::socket> socket) -> awaitable<void> {
        try {
            co_await answer_lines(*socket, how);
        } catch (...) {
            if (is_cancellation(std::current_exception())) throw;
            log_fault("somebody at the control socket", std::current_exception());
        }
    };
    const auto accept = [&]() -> awaitable<void> {
        for (;;) {
            std::error_code error;
            protocol::socket socket =
                co_await acceptor_.async_accept(asio::redirect_error(use_awaitable, error));
            if (error == asio::error::operation_aborted) throw std::system_error(error);
            if (error)
                co_await sleep_for(pause_after_failure);
            else if (visitors.size() < most_at_a_time)
                visitors.spawn(converse(std::make_unique<protocol::socket>(std::move(socket))));
        }
    };
    co_await visitors.join_after(accept());
}

std::string ask_local(const std::filesystem::path& path, std::string_view line, std::size_t longest,
                      std::chrono::steady_clock::duration limit) {
    asio::io_context io;
    protocol::socket socket(io);
    std::string answer;
    std::error_code trouble = asio::error::timed_out;
    const auto ask = [&]() -> awaitable<void> {
        std::error_code error;
        co_await socket.async_connect(address_of(path), asio::redirect_error(use_awaitable, error));
        if (!error)
            co_await asio::async_write(socket, asio::buffer(line),
                                       asio::redirect_error(use_awaitable, error));
        std::size_t length = 0;
        if (!error)
            length = co_await asio::async_read_until(socket, asio::dynamic_buffer(answer, longest), '\n',
                                                     asio::redirect_error(use_awaitable, error));
        if (!error) answer.resize(length - 1);
        trouble = error;
    };
    asio::co_spawn(io, ask(), [](const std::exception_ptr&) {});  // it throws nothing
    io.run_for(limit);
    if (trouble) cannot("ask a peer at", path, trouble.message());
    return answer;
}

}  // namespace p2p
