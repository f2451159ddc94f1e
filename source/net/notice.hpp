// Something that happens again and again, and that any number of coroutines can wait for.
#pragma once

#include "net/asio.hpp"

namespace p2p {

class notice {
public:
    explicit notice(const asio::any_io_executor& executor) : timer_(executor, time_point::max()) {}

    /// Whoever waits goes on.
    void give() { timer_.cancel(); }

    /// Until it is given the next time.
    awaitable<void> next() {
        std::error_code ignored;
        co_await timer_.async_wait(asio::redirect_error(use_awaitable, ignored));
    }

private:
    using time_point = std::chrono::steady_clock::time_point;
    asio::steady_timer timer_;
};

}  // namespace p2p
