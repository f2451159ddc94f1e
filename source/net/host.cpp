#include "net/host.hpp"

namespace p2p {

std::string host_of(const asio::ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
    return address.to_string();
}

bool is_loopback(const std::string& host) {
    std::error_code no_address;
    const asio::ip::address address = asio::ip::make_address(host, no_address);
    return no_address ? host == "localhost" : address.is_loopback();
}

}  // namespace p2p
