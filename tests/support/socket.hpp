// A blocking TCP client and a listener for tests that speak the protocol by hand. Every wait has a deadline,
// and throws std::runtime_error when it passes. IPv4 on this machine only.
#pragma once

#include "storage/unique_fd.hpp"
#include "support/waiting.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace p2p::test {

class tcp_client {
public:
    /// `from`: the address that the other side is to see.
    static tcp_client connect(std::uint16_t port, const std::string& from = "127.0.0.1");
    explicit tcp_client(unique_fd socket) : socket_{std::move(socket)} {}

    /// What the other side does not take because it has closed is lost in silence, as it is for any sender.
    void send(std::string_view bytes);
    void send_line(std::string_view line) { send(std::string{line} + '\n'); }

    /// The next line, without its end. Throws where the connection ends instead.
    std::string read_line();
    std::string read_exact(std::size_t bytes);
    /// What comes until the other side closes.
    std::string read_to_end();
    /// Whether something comes within this time, or has come already.
    bool hears_something(std::chrono::milliseconds within);

    /// Nothing more is sent; what comes can still be read.
    void finish();
    /// Closes as a program does that is killed with unread input: with a reset.
    void reset();

private:
    bool receive();  // false: the other side has closed

    unique_fd socket_;
    std::string received_;
};

class tcp_listener {
public:
    tcp_listener();

    std::uint16_t port() const { return port_; }
    tcp_client accept();

private:
    unique_fd socket_;
    std::uint16_t port_ = 0;
};

}  // namespace p2p::test
