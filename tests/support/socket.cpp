#include "support/socket.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstddef>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace p2p::test {

namespace {

[[noreturn]] void throw_errno(const char* what) {
    throw std::system_error{errno, std::generic_category(), what};
}

unique_fd new_socket() {
    unique_fd made{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!made) throw_errno("socket");
    return made;
}

sockaddr_in address(const std::string& host, std::uint16_t port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    if (::inet_pton(AF_INET, host.c_str(), &at.sin_addr) != 1) throw std::invalid_argument{host};
    return at;
}

void bind_to(const unique_fd& socket, const std::string& host) {
    const sockaddr_in at = address(host, 0);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) throw_errno("bind");
}

bool is_ready(const unique_fd& socket, short events, std::chrono::milliseconds within) {
    pollfd what{socket.get(), events, 0};
    return ::poll(&what, 1, static_cast<int>(within.count())) > 0;
}

void wait_for(const unique_fd& socket, short events, const char* what) {
    if (!is_ready(socket, events, patience)) throw std::runtime_error{std::string{"waited in vain: "} + what};
}

}  // namespace

tcp_client tcp_client::connect(std::uint16_t port, const std::string& from) {
    unique_fd socket = new_socket();
    // With this the port is chosen when connecting, so that many clients can share one.
    const int yes = 1;
    ::setsockopt(socket.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    bind_to(socket, from);
    const sockaddr_in to = address("127.0.0.1", port);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
        throw_errno("connect");
    return tcp_client{std::move(socket)};
}

void tcp_client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        wait_for(socket_, POLLOUT, "the other side takes nothing");
        const ssize_t n = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN) continue;
        if (n < 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
}

bool tcp_client::receive() {
    wait_for(socket_, POLLIN, "the other side sends nothing");
    std::array<char, 65536> some;
    const ssize_t n = ::recv(socket_.get(), some.data(), some.size(), 0);
    if (n <= 0) return false;
    received_.append(some.data(), static_cast<std::size_t>(n));
    return true;
}

std::string tcp_client::read_line() {
    std::size_t end = 0;
    while ((end = received_.find('\n')) == std::string::npos)
        if (!receive()) throw std::runtime_error{"closed instead of a line, after: " + received_};
    std::string line = received_.substr(0, end);
    received_.erase(0, end + 1);
    return line;
}

std::string tcp_client::read_exact(std::size_t bytes) {
    while (received_.size() < bytes)
        if (!receive()) throw std::runtime_error{"closed in the middle of content"};
    std::string content = received_.substr(0, bytes);
    received_.erase(0, bytes);
    return content;
}

std::string tcp_client::read_to_end() {
    while (receive()) {
    }
    return std::move(received_);
}

bool tcp_client::hears_something(std::chrono::milliseconds within) {
    return !received_.empty() || is_ready(socket_, POLLIN, within);
}

void tcp_client::finish() {
    ::shutdown(socket_.get(), SHUT_WR);
}

void tcp_client::reset() {
    const linger at_once{1, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    socket_.reset();
}

tcp_listener::tcp_listener() : socket_{new_socket()} {
    bind_to(socket_, "127.0.0.1");
    if (::listen(socket_.get(), SOMAXCONN) != 0) throw_errno("listen");
    sockaddr_in at{};
    socklen_t size = sizeof at;
    if (::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&at), &size) != 0)
        throw_errno("getsockname");
    port_ = ntohs(at.sin_port);
}

tcp_client tcp_listener::accept() {
    wait_for(socket_, POLLIN, "nobody connects");
    unique_fd visitor{::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    if (!visitor) throw_errno("accept");
    return tcp_client{std::move(visitor)};
}

}  // namespace p2p::test
