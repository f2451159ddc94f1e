#include "net/own_address.hpp"

#include "net/asio.hpp"

#include <array>
#include <cstdint>
#include <ifaddrs.h>
#include <memory>
#include <net/if.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

namespace p2p {

namespace {

// Somewhere far away, of each kind: a root server of the domain name system.
constexpr auto far_away = std::to_array({"198.41.0.4", "2001:503:ba3e::2:30"});

bool is_for_others(const asio::ip::address& address) {
    return !address.is_loopback() && !address.is_unspecified() &&
           !(address.is_v6() && address.to_v6().is_link_local());
}

// What the system would choose: to connect a datagram socket sends nothing.
std::string source_of_packets_to(const asio::ip::address& other) {
    constexpr std::uint16_t any_port = 9;
    const tcp::endpoint to{other, any_port};
    tcp::endpoint source;
    auto size = static_cast<socklen_t>(source.capacity());
    const int socket = ::socket(to.protocol().family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0) return {};
    const bool known = ::connect(socket, to.data(), static_cast<socklen_t>(to.size())) == 0 &&
                       ::getsockname(socket, source.data(), &size) == 0;
    ::close(socket);
    return known && is_for_others(source.address()) ? source.address().to_string() : "";
}

// A bridge that nothing is connected to is up, but does not run.
bool works(const ifaddrs& one) {
    constexpr unsigned wanted = IFF_UP | IFF_RUNNING;
    return one.ifa_addr != nullptr && (one.ifa_flags & wanted) == wanted;
}

std::string text_of(const ifaddrs& one) {
    const socklen_t size = one.ifa_addr->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(one.ifa_addr, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0)
        return {};
    std::error_code no_address;
    const asio::ip::address address = asio::ip::make_address(text.data(), no_address);
    return !no_address && is_for_others(address) ? text.data() : "";
}

std::string first_of_interfaces(int family) {
    ifaddrs* all = nullptr;
    if (::getifaddrs(&all) != 0) return {};
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owned{all, ::freeifaddrs};
    for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
        if (!works(*one) || one->ifa_addr->sa_family != family) continue;
        if (std::string text = text_of(*one); !text.empty()) return text;
    }
    return {};
}

}  // namespace

std::vector<std::string> own_addresses() {
    std::vector<std::string> all;
    for (const char* const somewhere : far_away) {
        const asio::ip::address other = asio::ip::make_address(somewhere);
        std::string own = source_of_packets_to(other);
        if (own.empty()) own = first_of_interfaces(other.is_v4() ? AF_INET : AF_INET6);
        if (!own.empty()) all.push_back(std::move(own));
    }
    return all;
}

}  // namespace p2p
