#include "net/signals.hpp"

#include <csignal>

namespace p2p {

stop_signals::stop_signals(const asio::any_io_executor& executor, std::function<void()> on_signal)
    : signals_(executor, SIGINT, SIGTERM), on_signal_(std::move(on_signal)) {
    wait();
}

void stop_signals::wait() {
    signals_.async_wait([this](std::error_code error, int) {
        if (error) return;
        on_signal_();
        wait();
    });
}

}  // namespace p2p
