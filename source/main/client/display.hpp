// Shows on standard error what goes on: on a terminal as a line with a bar that is drawn anew a few times a
// second, elsewhere as a line in the log now and then.
#pragma once

#include "net/asio.hpp"
#include "peer/activities.hpp"

#include <memory>

namespace p2p::client {

class display {
public:
    /// Until it is destroyed, it looks at these; it keeps the io_context at work that long.
    display(const asio::any_io_executor& executor, const activities& all);
    ~display();
    display(const display&) = delete;
    display& operator=(const display&) = delete;

private:
    struct watch;
    std::shared_ptr<watch> watch_;
};

}  // namespace p2p::client
