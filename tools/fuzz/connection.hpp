// One end of a TCP connection to the program that is fuzzed, and a port at which it can be connected to.
// Nothing here waits for the other side, but the very connecting.
#pragma once

#include "fuzz.hpp"
#include "protocol/framing.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstdint>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <span>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace p2p::fuzz {

inline sockaddr_in address_of(std::uint32_t host, std::uint16_t port) {
    sockaddr_in made{};
    made.sin_family = AF_INET;
    made.sin_addr.s_addr = htonl(host);
    made.sin_port = htons(port);
    return made;
}

class connection {
public:
    /// To that port of this machine, from one of its loopback addresses.
    explicit connection(std::uint16_t port, std::uint32_t from = INADDR_LOOPBACK)
        : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const sockaddr_in own = address_of(from, 0);
        require(::bind(socket_, reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0, "bind");
        const sockaddr_in to = address_of(INADDR_LOOPBACK, port);
        const int done = ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to);
        require(done == 0 || (errno == EINTR && connects()), "connect");
    }
    /// That somebody else has opened.
    static connection accepted(int socket) { return connection{taken{socket}}; }
    connection(connection&& other) noexcept
        : socket_(std::exchange(other.socket_, -1)), frames_(std::move(other.frames_)) {}
    connection& operator=(connection&&) = delete;
    ~connection() { reset(); }

    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (n <= 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(n));
        }
    }

    /// Takes what has come, and has `read` look at frames() after each piece of it. False once nothing more
    /// will come.
    template <class Read>
    bool receive(Read read) {
        for (;;) {
            const std::span<std::byte> room = frames_.prepare();
            const ssize_t n = ::recv(socket_, room.data(), room.size(), MSG_DONTWAIT);
            if (n <= 0) return n < 0 && errno == EAGAIN;
            frames_.commit(static_cast<std::size_t>(n));
            read();
        }
    }
    frame_buffer& frames() { return frames_; }

    void shut_down_sending() { ::shutdown(socket_, SHUT_WR); }
    void close() { ::close(std::exchange(socket_, -1)); }
    void reset() {
        if (socket_ < 0) return;
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close();
    }

private:
    struct taken {
        int socket;
    };
    explicit connection(taken from) : socket_(from.socket) {}

    // libFuzzer's clock interrupts what waits; the connection comes to be all the same.
    bool connects() {
        pollfd writable{socket_, POLLOUT, 0};
        while (::poll(&writable, 1, -1) < 0 && errno == EINTR) {
        }
        int error = 0;
        socklen_t size = sizeof error;
        return ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
    }

    int socket_;
    frame_buffer frames_;
};

/// A port of one of this machine's loopback addresses.
class listener {
public:
    explicit listener(std::uint32_t host = INADDR_LOOPBACK)
        : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_in own = address_of(host, 0);
        socklen_t size = sizeof own;
        require(::bind(socket_, reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0 &&
                    ::listen(socket_, most_waiting) == 0 &&
                    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&own), &size) == 0,
                "listen");
        port_ = ntohs(own.sin_port);
    }
    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;
    ~listener() { ::close(socket_); }

    std::uint16_t port() const { return port_; }

    /// The next that somebody has opened, if any waits.
    std::optional<connection> accept() {
        const int socket = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) return std::nullopt;
        return connection::accepted(socket);
    }

private:
    static constexpr int most_waiting = 64;

    int socket_;
    std::uint16_t port_ = 0;
};

}  // namespace p2p::fuzz
