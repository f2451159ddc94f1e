// SIGINT and SIGTERM as calls on the io_context, until this is destroyed.
#pragma once

#include "net/asio.hpp"

#include <functional>
#include <memory>

namespace p2p {

class stop_signals {
public:
    stop_signals(const asio::any_io_executor& executor, std::function<void()> on_signal);
    ~stop_signals();
    stop_signals(const stop_signals&) = delete;
    stop_signals& operator=(const stop_signals&) = delete;

private:
    // A signal may have been caught, and its handler be under way, when this is destroyed: the handler has to
    // find out.
    struct watch;
    std::shared_ptr<watch> watch_;
};

}  // namespace p2p
