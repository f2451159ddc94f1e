#!/usr/bin/env bash
# as_tuple, which is there so that Asio gives errors as values, does not keep the co_await after a cancellation from throwing.
#
# Versions: libasio-dev 1:1.22.1-1 (Debian 12) and 1:1.30.2-1 (Debian 13), the same with 1:1.36.0-1; g++ 12.2 and 14.2.
# Behaviour: when a coroutine is cancelled, the operation that it waits for gives operation_aborted, as a value, as asked
#   for. The next operation is not even begun: its co_await throws system_error with the same code, and so does every one
#   after it, that of another coroutine too, until this one resets its cancellation state or asks not to be thrown at.
# Seen, with both versions:
#   first wait: Operation aborted. as a value; second wait: Operation aborted. thrown; after a reset: Success as a value
# Why it matters: the second wait is the polite one: to say goodbye to the other side, to save the last state. It stands
#   where the author has shown, by as_tuple, that nothing throws here, so nothing catches, and it is left out exactly
#   when a program is told to end.
# Instead: before such an end, `co_await asio::this_coro::reset_cancellation_state()` (and a deadline for what follows); or
#   `co_await asio::this_coro::throw_if_cancelled(false)` once, at the beginning.
. "$(dirname "$0")/support/common.sh"

unpack bookworm asio-1.22.1 libasio-dev=1:1.22.1-1
unpack trixie asio-1.30.2 libasio-dev=1:1.30.2-1

program() {
    cat <<'CPP'
#include <asio.hpp>
#if ASIO_VERSION < 102300
#include <asio/experimental/as_tuple.hpp>
namespace asio { using experimental::as_tuple; }
#endif
#include <iostream>
using namespace std::chrono_literals;

asio::awaitable<void> work() {
    asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
    const auto as_value = asio::as_tuple(asio::use_awaitable);
    auto [first] = co_await timer.async_wait(as_value);
    std::cout << "first wait: " << first.message() << " as a value";
    timer.expires_after(1ms);
    try {
        co_await timer.async_wait(as_value);
        std::cout << "; second wait: a value";
    } catch (const asio::system_error& error) {
        std::cout << "; second wait: " << error.code().message() << " thrown";
    }
    co_await asio::this_coro::reset_cancellation_state();
    auto [third] = co_await timer.async_wait(as_value);
    std::cout << "; after a reset: " << third.message() << " as a value";
}

int main() {
    asio::io_context context;
    asio::cancellation_signal cancel;
    asio::co_spawn(context, work(), asio::bind_cancellation_slot(cancel.slot(), asio::detached));
    asio::steady_timer soon(context, 50ms);
    soon.async_wait([&](asio::error_code) { cancel.emit(asio::cancellation_type::terminal); });
    context.run();
}
CPP
}

for version in 1.22.1 1.30.2; do
    program | build "program-$version" "asio-$version"
    expect "Asio $version" \
        "first wait: Operation aborted. as a value; second wait: Operation aborted. thrown; after a reset: Success as a value" \
        "$("$work/program-$version")"
done
