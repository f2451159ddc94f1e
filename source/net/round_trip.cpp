#include "net/round_trip.hpp"

#include <linux/tcp.h>  // the C library's own header lacks it, and does not go together with this one
#include <netinet/in.h>
#include <sys/socket.h>

namespace p2p {

duration shortest_round_trip(int socket) {
    tcp_info info{};
    socklen_t size = sizeof info;
    if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
    const std::chrono::microseconds shortest{info.tcpi_min_rtt};
    return shortest.count() == ~__u32{0} ? duration{} : shortest;  // nothing was measured yet
}

}  // namespace p2p
