#include "net/signals.hpp"

namespace p2p {

struct caught_signals::watch : std::enable_shared_from_this<watch> {
    watch(const asio::any_io_executor& executor, std::initializer_list<int> which, std::function<void()> call)
        : signals(executor), on_signal(std::move(call)) {
        for (const int one : which) signals.add(one);
    }

    void wait() {
        signals.async_wait([me = weak_from_this()](std::error_code error, int) {
            const auto here = me.lock();
            if (error || !here || here->stopped) return;
            here->on_signal();
            if (!here->stopped) here->wait();
        });
    }

    asio::signal_set signals;
    std::function<void()> on_signal;
    bool stopped = false;  // by what on_signal did
};

caught_signals::caught_signals(const asio::any_io_executor& executor, std::initializer_list<int> which,
                               std::function<void()> on_signal)
    : watch_(std::make_shared<watch>(executor, which, std::move(on_signal))) {
    watch_->wait();
}

caught_signals::~caught_signals() {
    watch_->stopped = true;
    std::error_code ignored;
    watch_->signals.cancel(ignored);
}

}  // namespace p2p
