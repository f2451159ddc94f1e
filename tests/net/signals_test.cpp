#include "net/signals.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <optional>

namespace p2p {

TEST_CASE("a signal that is on its way when nobody waits for it any more reaches nobody") {
    asio::io_context io;
    int heard = 0;
    std::optional<caught_signals> signals;
    signals.emplace(io.get_executor(), stop_signals, [&] { ++heard; });
    std::raise(SIGTERM);
    io.run_one();  // the signal has been read, and is queued for whoever waits
    REQUIRE(heard == 0);
    signals.reset();
    io.run_for(std::chrono::seconds{5});
    CHECK(heard == 0);
    CHECK(io.stopped());  // nothing is left to wait for
}

}  // namespace p2p
