#include "core/hosts/zone.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <netinet/in.h>

namespace p2p {

std::string without_zone(const std::string& host) {
    return host.substr(0, host.find('%'));
}

std::string in_zone_of(const std::string& neighbour, const std::string& host) {
    in6_addr address{};
    const bool is_link_local =
        ::inet_pton(AF_INET6, host.c_str(), &address) == 1 && IN6_IS_ADDR_LINKLOCAL(&address);
    return is_link_local ? host + neighbour.substr(std::min(neighbour.find('%'), neighbour.size())) : host;
}

}  // namespace p2p
