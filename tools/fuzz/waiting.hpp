// How a target waits for what the program does by itself.
#pragma once

#include "net/asio.hpp"

#include <chrono>

namespace p2p::fuzz {

/// Runs what there is to do, again and again, until the condition holds, or the patience is over.
template <class Program, class Condition>
void run_until(asio::io_context& io, Program& program, std::chrono::nanoseconds patience, Condition holds) {
    const auto give_up_at = std::chrono::steady_clock::now() + patience;
    for (program.run_until_idle(); !holds() && std::chrono::steady_clock::now() < give_up_at;)
        io.run_one_for(std::chrono::milliseconds{1});
}

}  // namespace p2p::fuzz
