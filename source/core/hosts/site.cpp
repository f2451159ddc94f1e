#include "core/hosts/site.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstddef>
#include <cstdint>

namespace p2p {

namespace {

std::string text_of(int family, const void* address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    return ::inet_ntop(family, address, text.data(), text.size());
}

}  // namespace

std::string site_of(const std::string& host) {
    in6_addr address{};
    const std::string without_zone = host.substr(0, host.find('%'));
    if (::inet_pton(AF_INET6, without_zone.c_str(), &address) != 1) return host;
    std::uint8_t* const bytes = address.s6_addr;
    constexpr std::size_t last_four = 12;
    constexpr std::size_t network = 8;
    if (IN6_IS_ADDR_V4MAPPED(&address)) return text_of(AF_INET, bytes + last_four);
    std::fill(bytes + network, bytes + sizeof address.s6_addr, std::uint8_t{0});
    return text_of(AF_INET6, bytes) + "/64";
}

}  // namespace p2p
