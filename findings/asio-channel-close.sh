#!/usr/bin/env bash
# A channel of Asio that is closed loses what is in it, or does not: that depends on the version, and no compiler says so.
#
# Versions: libasio-dev 1:1.22.1-1 (Debian 12) and 1:1.30.2-1 (Debian 13); g++ 12.2 and 14.2.
# Behaviour: two values are sent into an experimental::channel with room for both, then it is closed, then somebody
#   receives. With 1.22.1 both values are gone. With 1.30.2 (since 1.27) they arrive first, and then comes the error.
# Seen:
#   Asio 1.22.1: Channel closed, Channel closed, Channel closed
#   Asio 1.30.2: 1, 2, Channel closed
# Why it matters: close() is how a producer says that this was all. The same source ends early on Debian 12 (the last
#   chunks of a queue are never written) and late on Debian 13 (work goes on after somebody closed a queue to stop it).
# Instead: send an end of your own (an empty optional) and close when that was received; to stop at once, cancel the
#   receiver. Both mean the same in every version.
. "$(dirname "$0")/support/common.sh"

unpack bookworm asio-1.22.1 libasio-dev=1:1.22.1-1
unpack trixie asio-1.30.2 libasio-dev=1:1.30.2-1

program() {
    cat <<'CPP'
#include <asio.hpp>
#include <asio/experimental/channel.hpp>
#include <iostream>

int main() {
    asio::io_context context;
    asio::experimental::channel<void(asio::error_code, int)> queue(context, 2);
    queue.try_send(asio::error_code{}, 1);
    queue.try_send(asio::error_code{}, 2);
    queue.close();
    const char* between = "";
    for (int i = 0; i < 3; ++i)
        queue.async_receive([&](asio::error_code error, int value) {
            std::cout << between << (error ? error.message() : std::to_string(value));
            between = ", ";
        });
    context.run();
}
CPP
}

program | build old asio-1.22.1
program | build new asio-1.30.2
expect "Asio 1.22.1" "Channel closed, Channel closed, Channel closed" "$("$work/old")"
expect "Asio 1.30.2" "1, 2, Channel closed" "$("$work/new")"
