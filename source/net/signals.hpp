// Signals as calls on the io_context, until this is destroyed: it keeps the io_context at work that long.
#pragma once

#include "net/asio.hpp"

#include <csignal>
#include <functional>
#include <initializer_list>
#include <memory>

namespace p2p {

class caught_signals {
public:
    caught_signals(const asio::any_io_executor& executor, std::initializer_list<int> which,
                   std::function<void()> on_signal);
    ~caught_signals();
    caught_signals(const caught_signals&) = delete;
    caught_signals& operator=(const caught_signals&) = delete;

private:
    // A signal may have been caught, and its handler be under way, when this is destroyed: the handler has to
    // find out.
    struct watch;
    std::shared_ptr<watch> watch_;
};

/// What asks a program to end.
inline constexpr std::initializer_list<int> stop_signals{SIGINT, SIGTERM};

}  // namespace p2p
