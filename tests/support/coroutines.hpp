// Runs coroutines in a test, to their end or to that of its patience.
#pragma once

#include "net/asio.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <exception>
#include <utility>

namespace p2p::test {

/// Runs a coroutine, and whatever else the context has to do until it ends; throws what it throws.
inline void run(asio::io_context& io, awaitable<void> work) {
    constexpr std::chrono::seconds patience{20};
    bool ended = false;
    std::exception_ptr failure;
    asio::co_spawn(io, std::move(work), [&](std::exception_ptr error) {
        ended = true;
        failure = std::move(error);
    });
    io.restart();
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!ended && io.run_one_until(deadline) > 0) {
    }
    REQUIRE_MESSAGE(ended, "a coroutine does not end");
    if (failure) std::rethrow_exception(failure);
}

/// Lets everything else run that can run now.
inline awaitable<void> let_others_run() {
    for (int i = 0; i < 20; ++i) co_await asio::post(co_await asio::this_coro::executor, use_awaitable);
}

}  // namespace p2p::test
