#include "net/own_address.hpp"

#include <array>
#include <ifaddrs.h>
#include <memory>
#include <net/if.h>
#include <netdb.h>
#include <sys/socket.h>

namespace p2p {

namespace {

bool is_up(const ifaddrs& one) {
    return one.ifa_addr && (one.ifa_flags & IFF_UP) != 0 && (one.ifa_flags & IFF_LOOPBACK) == 0;
}

std::string text_of(const ifaddrs& one) {
    const socklen_t size = one.ifa_addr->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(one.ifa_addr, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0)
        return {};
    return text.data();
}

}  // namespace

std::string own_address() {
    ifaddrs* all = nullptr;
    if (::getifaddrs(&all) != 0) return "127.0.0.1";
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owned{all, ::freeifaddrs};
    for (const int family : {AF_INET, AF_INET6})
        for (const ifaddrs* one = all; one; one = one->ifa_next) {
            if (!is_up(*one) || one->ifa_addr->sa_family != family) continue;
            const std::string text = text_of(*one);
            // A link-local address has its interface in it, which means nothing elsewhere.
            if (!text.empty() && text.find('%') == std::string::npos) return text;
        }
    return "127.0.0.1";
}

}  // namespace p2p
