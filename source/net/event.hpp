// A flag that a coroutine can wait for. Setting it twice before anybody looks is the same as setting it once.
#pragma once

#include "net/asio.hpp"

#include <optional>

namespace p2p {

class event {
public:
    explicit event(const asio::any_io_executor& executor) : timer_(executor, time_point::max()) {}

    void set() {
        set_ = true;
        timer_.cancel();
    }

    /// Returns once it is set, and clears it. One waiter at a time.
    awaitable<void> wait() { return wait_until(time_point::max()); }

    /// The same, or once `at` is reached; all others get their turn even where it was reached before.
    awaitable<void> wait_until(std::chrono::steady_clock::time_point at) {
        if (!set_) {
            do {
                timer_.expires_at(at);
                std::error_code ignored;
                co_await timer_.async_wait(asio::redirect_error(use_awaitable, ignored));
            } while (!set_ && std::chrono::steady_clock::now() < at);
        }
        set_ = false;
    }

private:
    using time_point = std::chrono::steady_clock::time_point;
    asio::steady_timer timer_;
    bool set_ = false;
};

/// Waits; ends early only by cancellation, which it throws.
inline awaitable<void> sleep_until(std::chrono::steady_clock::time_point at) {
    asio::steady_timer timer(co_await asio::this_coro::executor, at);
    co_await timer.async_wait(use_awaitable);
}

inline awaitable<void> sleep_for(std::chrono::steady_clock::duration wait) {
    return sleep_until(std::chrono::steady_clock::now() + wait);
}

}  // namespace p2p
