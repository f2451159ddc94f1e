#!/usr/bin/env bash
# accept() hands out connections that were reset before; who they were, only accept() itself still knows.
#
# Versions: Linux 6.18; libasio-dev 1:1.22.1-1 (Debian 12), the same with 1:1.30.2-1 and 1:1.36.0-1; g++ 12.2 and 14.2.
# Behaviour: a client connects, sends a line and resets the connection while it waits in the backlog. Linux keeps it
#   there. accept() succeeds, with the client's address, and its line can be read; but getpeername() fails with ENOTCONN,
#   so asio's remote_endpoint() throws on a socket that was handed out a moment ago. The reset itself is told once, by the
#   first read after the data.
# Seen:
#   accept: Success, same address as the client: yes; remote_endpoint(): Transport endpoint is not connected;
#   read: 5 bytes; read: Connection reset by peer
# Why it matters: scanners, health checks and impatient clients do this all day. A loop of the usual form, `socket =
#   co_await acceptor.async_accept(); log(socket.remote_endpoint());`, leaves by an exception: not from the connection's
#   own coroutine, which is expected to fail, but from the loop that accepts for everybody.
# Instead: use the overload of accept that takes an endpoint, and hand that to the connection; or the one of
#   remote_endpoint() that takes an error_code.
. "$(dirname "$0")/support/common.sh"

unpack bookworm asio-1.22.1 libasio-dev=1:1.22.1-1

build program asio-1.22.1 <<'CPP'
#include <asio.hpp>
#include <iostream>
using asio::ip::tcp;

int main() {
    asio::io_context context;
    tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    tcp::socket client(context);
    client.connect(acceptor.local_endpoint());
    const auto address = client.local_endpoint();
    asio::write(client, asio::buffer("hello", 5));
    client.set_option(asio::socket_base::linger(true, 0));
    client.close();

    tcp::endpoint who;
    asio::error_code error;
    tcp::socket socket = acceptor.accept(who, error);
    std::cout << "accept: " << error.message() << ", same address as the client: " << (who == address ? "yes" : "no");
    socket.remote_endpoint(error);
    std::cout << "; remote_endpoint(): " << error.message();
    char bytes[16];
    const auto count = socket.read_some(asio::buffer(bytes), error);
    std::cout << "; read: " << count << " bytes";
    socket.read_some(asio::buffer(bytes), error);
    std::cout << "; read: " << error.message();
}
CPP
expect "a connection that was reset before it was accepted" \
    "accept: Success, same address as the client: yes; remote_endpoint(): Transport endpoint is not connected; read: 5 bytes; read: Connection reset by peer" \
    "$("$work/program")"
