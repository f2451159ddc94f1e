#include "support/name_server.hpp"

#include <arpa/inet.h>
#include <array>
#include <cstddef>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>
#include <utility>

namespace p2p::test {

namespace {

// RFC 1035, section 4; RFC 3596 for IPv6.
constexpr std::size_t header_size = 12;
constexpr unsigned type_ipv4 = 1;
constexpr unsigned type_ipv6 = 28;

struct question {
    std::string name{};
    unsigned type = 0;
    std::size_t end = 0;  // in the datagram
};

std::optional<question> read(std::string_view datagram) {
    question read;
    std::size_t at = header_size;
    while (at < datagram.size() && datagram[at] != 0) {
        const auto length = static_cast<unsigned char>(datagram[at]);
        if (!read.name.empty()) read.name += '.';
        read.name += datagram.substr(at + 1, length);
        at += 1U + length;
    }
    read.end = at + 5;  // an empty label, the type, the class
    if (read.end > datagram.size()) return std::nullopt;
    read.type = static_cast<unsigned char>(datagram[at + 2]);
    return read;
}

/// The bytes of an address of this type; none where it is of the other one.
std::string bytes_of(const std::string& address, unsigned type) {
    std::array<char, sizeof(in6_addr)> bytes{};
    const int family = type == type_ipv6 ? AF_INET6 : AF_INET;
    if (::inet_pton(family, address.c_str(), bytes.data()) != 1) return {};
    return {bytes.data(), type == type_ipv6 ? sizeof(in6_addr) : sizeof(in_addr)};
}

std::string in_two_bytes(std::size_t number) {
    return {static_cast<char>(number >> 8U), static_cast<char>(number & 0xffU)};
}

/// Of the name that the question is about, to be forgotten at once.
std::string record(unsigned type, const std::string& bytes) {
    using namespace std::string_literals;
    return "\xc0\x0c"s + in_two_bytes(type) + "\0\x01\0\0\0\0"s + in_two_bytes(bytes.size()) + bytes;
}

}  // namespace

name_server::name_server(unique_fd socket) : socket_(std::move(socket)) {}

name_server::~name_server() {
    ::shutdown(socket_.get(), SHUT_RDWR);
    thread_.join();
}

void name_server::knows(const std::string& name, std::vector<std::string> addresses) {
    const std::lock_guard lock{mutex_};
    known_[name] = std::move(addresses);
}

unsigned name_server::asked() const {
    const std::lock_guard lock{mutex_};
    return asked_;
}

void name_server::serve() {
    std::array<char, 1500> datagram{};
    sockaddr_in from{};
    for (;;) {
        socklen_t size = sizeof from;
        auto* const asker = reinterpret_cast<sockaddr*>(&from);
        const ssize_t n = ::recvfrom(socket_.get(), datagram.data(), datagram.size(), 0, asker, &size);
        if (n <= 0) return;  // shut down
        const std::string answer = answer_to({datagram.data(), static_cast<std::size_t>(n)});
        if (!answer.empty()) ::sendto(socket_.get(), answer.data(), answer.size(), 0, asker, size);
    }
}

std::string name_server::answer_to(std::string_view datagram) {
    using namespace std::string_literals;
    const auto asked = read(datagram);
    const std::lock_guard lock{mutex_};
    ++asked_;
    const auto known = asked ? known_.find(asked->name) : known_.end();
    if (known == known_.end()) return {};
    std::string records;
    std::size_t count = 0;
    for (const std::string& address : known->second) {
        if (asked->type != type_ipv4 && asked->type != type_ipv6) break;
        const std::string bytes = bytes_of(address, asked->type);
        if (bytes.empty()) continue;
        records += record(asked->type, bytes);
        ++count;
    }
    return std::string{datagram.substr(0, 2)} + "\x81\x80\0\x01"s + in_two_bytes(count) + "\0\0\0\0"s +
           std::string{datagram.substr(header_size, asked->end - header_size)} + records;
}

}  // namespace p2p::test
