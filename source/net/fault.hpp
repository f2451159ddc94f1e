// What no rule foresees: an exception that is neither the end of a connection nor a breach of the protocol.
// It ends the connection behind which it came up, and nothing else. And the place at which tests have one
// happen.
#pragma once

#include "protocol/messages.hpp"

#include <atomic>
#include <exception>
#include <string_view>
#include <typeinfo>
#include <variant>

namespace p2p {

/// What the other side is told, where it can still be told anything.
extern const error_message internal_error;

/// Says on one line of the log whose connection it ends.
void log_fault(std::string_view whose, const std::exception_ptr& fault) noexcept;

/// A test sets it, to throw once a message of some type was handled. Nobody else does.
inline std::atomic<void (*)(const std::type_info& behind)> injected_fault = nullptr;

/// Behind each message that another machine can send, wherever one is handled.
template <class Message>
void fault_point(const Message& message) {
    if (const auto fault = injected_fault.load(std::memory_order_relaxed)) fault(typeid(message));
}
template <class... Kinds>
void fault_point(const std::variant<Kinds...>& message) {
    std::visit([](const auto& one) { fault_point(one); }, message);
}

}  // namespace p2p
