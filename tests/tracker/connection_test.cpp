// One connection of a tracker, over a real socket on loopback.
#include "tracker/connection.hpp"

#include <asio/write.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string>

using namespace p2p;
using namespace std::chrono_literals;

namespace {

/// A connection, and the plain socket at its other end, which has sent a line.
struct connected_pair {
    connected_pair() {
        tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
        other.connect(acceptor.local_endpoint());
        line.emplace(acceptor.accept(), shared, 10s, nullptr);
        asio::write(other, asio::buffer("a line\n", 7));
    }

    asio::io_context io;
    shared_buffers shared;
    tcp::socket other{io};
    std::optional<tracker_connection> line;
};

}  // namespace

TEST_CASE("what the other side of a tracker's connection said before it closed counts") {
    connected_pair pair;
    pair.other.close();
    pair.line->receive();
    CHECK(pair.line->next_line() == "a line");
}

TEST_CASE("what the other side of a tracker's connection said before a reset does not count") {
    connected_pair pair;
    pair.other.set_option(asio::socket_base::linger(true, 0));
    pair.other.close();
    pair.line->receive();
    CHECK_THROWS_AS(pair.line->next_line(), std::system_error);
}
