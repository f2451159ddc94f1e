// SIGINT and SIGTERM as calls on the io_context, until this is destroyed.
#pragma once

#include "net/asio.hpp"

#include <functional>

namespace p2p {

class stop_signals {
public:
    stop_signals(const asio::any_io_executor& executor, std::function<void()> on_signal);

private:
    void wait();
    asio::signal_set signals_;
    std::function<void()> on_signal_;
};

}  // namespace p2p
