// Something that is done when time is up, unless this is gone by then.
#pragma once

#include "net/asio.hpp"

#include <functional>
#include <memory>

namespace p2p {

class deadline {
public:
    deadline(const asio::any_io_executor& executor, asio::steady_timer::duration limit,
             std::function<void()> then)
        : then_(std::make_shared<std::function<void()>>(std::move(then))), timer_(executor, limit) {
        // Time may be up, and the handler on its way, when this goes.
        timer_.async_wait([weak = std::weak_ptr{then_}](std::error_code ended) {
            const auto still = weak.lock();
            if (!ended && still) (*still)();
        });
    }
    deadline(const deadline&) = delete;
    deadline& operator=(const deadline&) = delete;

private:
    std::shared_ptr<std::function<void()>> then_;
    asio::steady_timer timer_;
};

}  // namespace p2p
