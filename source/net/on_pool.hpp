// The one way to do blocking work: on a thread of the pool, and back to the io_context with what came of it.
#pragma once

#include "net/asio.hpp"

#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/executor_work_guard.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace p2p {

/// Runs `work` on the pool and returns its result, or throws what it threw. It is not cancelled half-way:
/// what `work` refers to needs to live in the caller's coroutine only. Give the lambda a name before the
/// co_await (g++ 12 destroys temporaries in such an expression twice).
template <class Work>
awaitable<std::invoke_result_t<Work&>> on_pool(asio::thread_pool& pool, Work work) {
    using result_type = std::invoke_result_t<Work&>;
    constexpr bool returns = !std::is_void_v<result_type>;
    std::optional<std::conditional_t<returns, result_type, char>> result;
    std::exception_ptr failure;

    auto job = [&] {
        try {
            if constexpr (returns)
                result.emplace(work());
            else
                work();
        } catch (...) {
            failure = std::current_exception();
        }
    };
    auto start = [&pool, &job](auto handler) {
        auto back = asio::make_work_guard(asio::get_associated_executor(handler));
        asio::post(pool, [&job, back, handler = std::move(handler)]() mutable {
            job();
            asio::post(back.get_executor(), std::move(handler));
        });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(start, use_awaitable);

    if (failure) std::rethrow_exception(failure);
    if constexpr (returns) co_return std::move(*result);
}

}  // namespace p2p
