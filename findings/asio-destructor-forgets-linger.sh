#!/usr/bin/env bash
# An Asio socket that is told to reset its connection (linger, 0 seconds) does not do so when it is merely destroyed.
#
# Versions: libasio-dev 1:1.22.1-1 (Debian 12) and 1:1.30.2-1 (Debian 13); g++ 12.2 and 14.2; Linux 6.18.
# Behaviour: set_option(linger(true, 0)) asks for a reset in place of an orderly end. close() gives one. The destructor
#   sets the option back before it closes, so that it can never block, and it does that for 0 seconds too, where nothing
#   could block: the other side reads an orderly end.
# Seen, with both versions:
#   the other side reads: after close() Connection reset by peer, after the destructor End of file
# Why it matters: an abort that looks like an end is taken for one. Whoever sends a body without a length, or a test that
#   wants to see what its program does on a reset, relies on the reset. A close() right before the end of the scope looks
#   needless, and is what makes the difference.
# Instead: call close() by name wherever the way of ending matters.
. "$(dirname "$0")/support/common.sh"

unpack bookworm asio-1.22.1 libasio-dev=1:1.22.1-1
unpack trixie asio-1.30.2 libasio-dev=1:1.30.2-1

program() {
    cat <<'CPP'
#include <asio.hpp>
#include <iostream>
using asio::ip::tcp;

std::string end_of_connection(bool by_close) {
    asio::io_context context;
    tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    tcp::socket other(context);
    {
        tcp::socket socket(context);
        socket.connect(acceptor.local_endpoint());
        other = acceptor.accept();
        socket.set_option(asio::socket_base::linger(true, 0));
        if (by_close) socket.close();
    }
    char byte;
    asio::error_code error;
    other.read_some(asio::buffer(&byte, 1), error);
    return error.message();
}

int main() {
    std::cout << "after close() " << end_of_connection(true) << ", after the destructor " << end_of_connection(false);
}
CPP
}

for version in 1.22.1 1.30.2; do
    program | build "program-$version" "asio-$version"
    expect "Asio $version, the other side reads" \
        "after close() Connection reset by peer, after the destructor End of file" "$("$work/program-$version")"
done
