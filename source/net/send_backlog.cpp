#include "net/send_backlog.hpp"

#include <algorithm>
#include <linux/tcp.h>  // newer than <netinet/tcp.h>: it has the delivery rate
#include <netinet/in.h>
#include <sys/socket.h>

namespace p2p {

namespace {

constexpr duration between_looks = std::chrono::milliseconds{50};
constexpr byte_count backlogs_per_second = 50;  // 20 ms: the kernel is never idle before it asks for more
constexpr byte_count most = byte_count{16} << 20U;

byte_count rate_of(int socket) {
    tcp_info info{};
    socklen_t size = sizeof info;
    if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
    return info.tcpi_delivery_rate;
}

}  // namespace

void send_backlog::adjust(int socket, time_point now) {
    if (adjusted_ != time_point::min() && now < adjusted_ + between_looks) return;
    adjusted_ = now;
    bytes_ = std::clamp(rate_of(socket) / backlogs_per_second, least, most);
    const auto not_sent = static_cast<int>(bytes_);
    ::setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &not_sent, sizeof not_sent);
}

}  // namespace p2p
