// What a coroutine can wait for: an event, which comes again and again, and a gate, which opens once.
#pragma once

#include "net/asio.hpp"

#include <optional>
#include <stdexcept>
#include <utility>

namespace p2p {

/// A flag for one coroutine that waits. Setting it twice before it looks is the same as setting it once.
class event {
public:
    explicit event(const asio::any_io_executor& executor) : timer_(executor, time_point::max()) {}

    void set() {
        set_ = true;
        timer_.cancel();
    }

    /// Returns once it is set, and clears it. Two waiters would take it from each other, and wake each other
    /// for ever: the second throws std::logic_error at once.
    awaitable<void> wait() { return wait_until(time_point::max()); }

    /// The same, or once `at` is reached; all others get their turn even where it was reached before.
    awaitable<void> wait_until(std::chrono::steady_clock::time_point at) {
        const sole_waiter self{waits_};
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
    struct sole_waiter {
        explicit sole_waiter(bool& waits) : waits_(waits) {
            if (std::exchange(waits_, true)) throw std::logic_error("two coroutines wait for one event");
        }
        sole_waiter(const sole_waiter&) = delete;
        sole_waiter& operator=(const sole_waiter&) = delete;
        ~sole_waiter() { waits_ = false; }
        bool& waits_;
    };

    asio::steady_timer timer_;
    bool set_ = false;
    bool waits_ = false;
};

/// Closed until somebody opens it, and open for good then: whoever waits passes, and so does whoever comes
/// later.
class gate {
public:
    explicit gate(const asio::any_io_executor& executor)
        : timer_(executor, std::chrono::steady_clock::time_point::max()) {}

    void open() {
        open_ = true;
        timer_.cancel();
    }

    awaitable<void> pass() {
        while (!open_) {
            std::error_code ignored;
            co_await timer_.async_wait(asio::redirect_error(use_awaitable, ignored));
        }
    }

private:
    asio::steady_timer timer_;
    bool open_ = false;
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
