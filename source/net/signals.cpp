#include "net/signals.hpp"

#include <csignal>

namespace p2p {

struct stop_signals::watch : std::enable_shared_from_this<watch> {
    watch(const asio::any_io_executor& executor, std::function<void()> call)
        : signals(executor, SIGINT, SIGTERM), on_signal(std::move(call)) {}

    void wait() {
        signals.async_wait([me = weak_from_this()](std::error_code error, int) {
            const auto here = me.lock();
            if (error || !here || here->over) return;
            here->on_signal();
            if (!here->over) here->wait();
        });
    }

    asio::signal_set signals;
    std::function<void()> on_signal;
    bool over = false;  // by what on_signal did
};

stop_signals::stop_signals(const asio::any_io_executor& executor, std::function<void()> on_signal)
    : watch_(std::make_shared<watch>(executor, std::move(on_signal))) {
    watch_->wait();
}

stop_signals::~stop_signals() {
    watch_->over = true;
    std::error_code ignored;
    watch_->signals.cancel(ignored);
}

}  // namespace p2p
