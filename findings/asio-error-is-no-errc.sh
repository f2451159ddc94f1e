#!/usr/bin/env bash
# No error of standalone Asio equals its std::errc, though the source has a table that says they are equal.
#
# Versions: libasio-dev 1:1.22.1-1 (Debian 12) and 1:1.30.2-1 (Debian 13), the same with 1:1.36.0-1; g++ 12.2 and 14.2.
# Behaviour: asio::error_code is std::error_code, and its errors are errno values in a category of Asio's own
#   ("asio.system"). The function that would map them (default_error_condition) is there, but inside #if
#   defined(ASIO_HAS_STD_ERROR_CODE), a macro that is defined nowhere. So a connection that is refused for real compares
#   unequal to std::errc::connection_refused, and to the same errno from the standard library.
# Seen, with both versions:
#   a refused connect: asio.system 111, == asio::error: 1, == std::errc: 0, == std::system_category: 0
# Why it matters: code that treats errors of files (std::filesystem) and of sockets alike, or that comes from Boost.Asio,
#   where the comparison is true, compiles and takes the wrong branch: what should be tried again is fatal.
# Instead: compare with asio::error::..., or rebuild the code once at the edge:
#   if (e.category() == asio::system_category()) e = {e.value(), std::system_category()};
. "$(dirname "$0")/support/common.sh"

unpack bookworm asio-1.22.1 libasio-dev=1:1.22.1-1
unpack trixie asio-1.30.2 libasio-dev=1:1.30.2-1

program() {
    cat <<'CPP'
#include <asio.hpp>
#include <iostream>
using asio::ip::tcp;

int main() {
    asio::io_context context;
    tcp::socket bound(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));  // so that nobody listens at its port
    tcp::socket socket(context);
    asio::error_code error;
    socket.connect(bound.local_endpoint(), error);
    const std::error_code standard(error.value(), std::system_category());
    std::cout << error.category().name() << ' ' << error.value()                               //
              << ", == asio::error: " << (error == asio::error::connection_refused)            //
              << ", == std::errc: " << (error == std::errc::connection_refused)                //
              << ", == std::system_category: " << (error == standard)                          //
              << "; rebuilt, == std::errc: " << (standard == std::errc::connection_refused);
}
CPP
}

wanted="asio.system 111, == asio::error: 1, == std::errc: 0, == std::system_category: 0; rebuilt, == std::errc: 1"
for version in 1.22.1 1.30.2; do
    program | build "program-$version" "asio-$version"
    expect "Asio $version, a refused connect" "$wanted" "$("$work/program-$version")"
    if grep -rq 'define *ASIO_HAS_STD_ERROR_CODE' "$work/asio-$version/usr/include"; then
        differs "Asio $version defines ASIO_HAS_STD_ERROR_CODE"
    fi
done
