// Where a program listens: with both kinds of addresses, and on a system that has only one.
#include "net/listener.hpp"

#include "support/coroutines.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <cstddef>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <thread>

using namespace p2p;

namespace {

bool can_connect(const asio::ip::address& address, std::uint16_t port) {
    asio::io_context io;
    tcp::socket socket(io);
    std::error_code error;
    socket.connect({address, port}, error);
    return !error;
}

/// From now on, for this thread, there is no IPv6. false: that cannot be had here.
bool leave_ipv6() {
    const std::array program{sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                             sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
                             sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)),
                             sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
                             sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
                             sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const sock_fprog filter{program.size(), const_cast<sock_filter*>(program.data())};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

}  // namespace

TEST_CASE("what listens everywhere is reached by addresses of both kinds") {
    asio::io_context io;
    const tcp::acceptor acceptor = listen_on(io.get_executor(), {"::", 0});
    const std::uint16_t port = acceptor.local_endpoint().port();
    CHECK(can_connect(asio::ip::address_v4::loopback(), port));
    CHECK(can_connect(asio::ip::address_v6::loopback(), port));
}

TEST_CASE("what listens everywhere does so where there is no IPv6, too") {
    bool has_no_ipv6 = false;
    bool listens = false;
    std::thread([&] {
        has_no_ipv6 = leave_ipv6();
        if (!has_no_ipv6) return;
        asio::io_context io;
        const tcp::acceptor acceptor = listen_on(io.get_executor(), {"::", 0});
        listens = can_connect(asio::ip::address_v4::loopback(), acceptor.local_endpoint().port());
    }).join();
    if (!has_no_ipv6) MESSAGE("left out: no system calls can be forbidden here");
    CHECK(listens == has_no_ipv6);
}
