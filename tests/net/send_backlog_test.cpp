#include "net/send_backlog.hpp"

#include "storage/unique_fd.hpp"

#include <doctest/doctest.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

using namespace p2p;

TEST_CASE("a connection that has sent nothing yet has the kernel hold little") {
    const unique_fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    send_backlog backlog;
    backlog.adjust(socket.get(), time_point{});
    int not_sent = 0;
    socklen_t size = sizeof not_sent;
    REQUIRE(::getsockopt(socket.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &not_sent, &size) == 0);
    CHECK(not_sent == 16 * 1024);
    CHECK(backlog.bytes() == 16 * 1024);
}
