#!/usr/bin/env bash
# `connect() || timeout()` of Asio reports a refused connection as a timeout, and only when the whole time has passed.
#
# Versions: libasio-dev 1:1.22.1-1 (Debian 12) and 1:1.30.2-1 (Debian 13); g++ 12.2 and 14.2.
# Behaviour: operator|| of experimental::awaitable_operators waits for the first that succeeds, and a branch that throws
#   has not. So where the operation fails at once, the timer goes on, wins, and the exception is dropped. operator&&
#   cancels the others when one throws, but as these then fail too, what arrives is multiple_exceptions, whose what() says
#   no more than its name: the cause is in first_exception().
# Seen, with both versions (the connection is refused within a millisecond):
#   ||: the timer won, after the whole time
#   &&: multiple exceptions; the first of them: Connection refused, before the time was up
# Why it matters: this is the idiom for deadlines in nearly every example. "Refused" (start the server) becomes "timed
#   out" (look at the firewall), and a peer that tries ten dead addresses waits ten timeouts in place of none.
# Instead: as_tuple inside the branches, so that a failure is a value and wins like one; or a group of one's own that ends
#   with the first branch, however it ended; or cancel_after, from 1.31 on.
. "$(dirname "$0")/support/common.sh"

unpack bookworm asio-1.22.1 libasio-dev=1:1.22.1-1
unpack trixie asio-1.30.2 libasio-dev=1:1.30.2-1

program() {
    cat <<'CPP'
#include <asio.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <iostream>
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;
using asio::ip::tcp;

asio::awaitable<void> refused() {
    tcp::socket bound(co_await asio::this_coro::executor, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    tcp::socket socket(co_await asio::this_coro::executor);
    co_await socket.async_connect(bound.local_endpoint(), asio::use_awaitable);
}

asio::awaitable<void> timer() {
    asio::steady_timer timer(co_await asio::this_coro::executor, 300ms);
    co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> either() {
    const auto winner = co_await (refused() || timer());
    std::cout << (winner.index() == 1 ? "the timer won" : "the connection won");
}

asio::awaitable<void> both() {
    co_await (refused() && timer());
    std::cout << "both done";
}

void say(std::exception_ptr failure) try {
    if (failure) std::rethrow_exception(failure);
} catch (const asio::multiple_exceptions& several) {
    std::cout << several.what() << "; the first of them: ";
    say(several.first_exception());
} catch (const asio::system_error& error) {
    std::cout << error.code().message();
}

void run(asio::awaitable<void> (*work)()) {
    asio::io_context context;
    asio::co_spawn(context, work, say);
    const auto start = std::chrono::steady_clock::now();
    context.run();
    std::cout << (std::chrono::steady_clock::now() - start < 300ms ? ", before the time was up\n" : ", after the whole time\n");
}

int main() {
    run(either);
    run(both);
}
CPP
}

for version in 1.22.1 1.30.2; do
    program | build "program-$version" "asio-$version"
    "$work/program-$version" >"$work/out"
    expect "Asio $version, ||" "the timer won, after the whole time" "$(sed -n 1p "$work/out")"
    expect "Asio $version, &&" "multiple exceptions; the first of them: Connection refused, before the time was up" \
        "$(sed -n 2p "$work/out")"
done
