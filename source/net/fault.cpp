#include "net/fault.hpp"

#include "core/base/units.hpp"
#include "net/task_group.hpp"

#include <spdlog/spdlog.h>

namespace p2p {

const error_message internal_error{"internal_error",
                                   "something went wrong here: the log of this program says what"};

void log_fault(std::string_view whose, const std::exception_ptr& fault) noexcept {
    try {
        spdlog::error("the connection with {} ends, by a fault of this program: {}", whose,
                      printable(message_of(fault)));
    } catch (...) {
        // There may be no memory to say it with.
    }
}

}  // namespace p2p
