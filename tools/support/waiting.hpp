// How long tests and tools wait for something that happens, and how they wait for what only a look can tell.
#pragma once

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

namespace p2p {

/// Only a failing test ever waits so long; sanitizers on a busy machine are slow.
inline constexpr std::chrono::milliseconds patience = std::chrono::seconds{60};

/// Looks again and again until the condition holds; throws where it does not come to that.
inline void wait_until(const auto& condition, const std::string& what,
                       std::chrono::milliseconds limit = patience) {
    constexpr std::chrono::milliseconds between_looks{5};
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= end) throw std::runtime_error{"waited in vain: " + what};
        std::this_thread::sleep_for(between_looks);
    }
}

}  // namespace p2p
