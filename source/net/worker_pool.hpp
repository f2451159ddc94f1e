// The threads of a program that do what blocks. Signals are not for them, but for the thread that waits for
// signals.
#pragma once

#include "net/asio.hpp"

#include <csignal>
#include <cstddef>

namespace p2p {

/// Threads that are started while it lives get no signals.
class kept_from_signals {
public:
    kept_from_signals() {
        sigset_t all;
        sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~kept_from_signals() { restore(); }
    kept_from_signals(const kept_from_signals&) = delete;
    kept_from_signals& operator=(const kept_from_signals&) = delete;

protected:
    void restore() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_{};
};

class worker_pool : private kept_from_signals, public asio::thread_pool {
public:
    explicit worker_pool(std::size_t threads) : asio::thread_pool(threads) { restore(); }
};

}  // namespace p2p
