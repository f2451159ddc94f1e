#!/usr/bin/env bash
# A program that reads its standard input with Asio makes the next program that reads the same input fail.
#
# Versions: libasio-dev 1:1.22.1-1 (Debian 12) and 1:1.30.2-1 (Debian 13), and 1:1.36.0-1 (testing at this writing);
#   g++ 12.2 and 14.2; coreutils 9.1 and 9.7.
# Behaviour: an asynchronous operation of posix::stream_descriptor sets O_NONBLOCK. That flag belongs to the open pipe or
#   terminal, not to the descriptor: a dup() of 0 does not help, and the flag stays when the program ends. `cat`, which
#   reads what is left, fails with EAGAIN as soon as there is nothing to read for a moment. With 1.22.1 and 1.30.2 even
#   async_wait sets the flag; with 1.36.0 (since 1.31) async_wait leaves it as it is, reads still set it.
# Seen:
#   Asio 1.22.1: cat after async_read_some: cat: -: Resource temporarily unavailable
#   Asio 1.22.1: cat after async_wait: cat: -: Resource temporarily unavailable
#   (1.30.2: both the same)
#   Asio 1.36.0: cat after async_read_some: cat: -: Resource temporarily unavailable
#   Asio 1.36.0: cat after async_wait: second
# Why it matters: `(peer --once; consume) <commands` and every shell script in which a program with a console shares its
#   input with others. It is the other program that fails, with an error that names nothing of this.
# Instead: read on a thread of its own; or from Asio 1.31 on, async_wait and then a plain read(2); or note the flags
#   (F_GETFL) before the first operation and put them back on every way out.
. "$(dirname "$0")/support/common.sh"

unpack bookworm asio-1.22.1 libasio-dev=1:1.22.1-1
unpack trixie asio-1.30.2 libasio-dev=1:1.30.2-1
versions="1.22.1 1.30.2"
if fetch forky asio-1.36.0 libasio-dev=1:1.36.0-1; then versions+=" 1.36.0"; else echo "Asio 1.36.0 is left out"; fi

program() {
    cat <<'CPP'
#include <asio.hpp>
#include <iostream>
#include <string_view>

int main(int, char** arguments) {
    asio::io_context context;
    asio::posix::stream_descriptor input(context, ::dup(0));
    char line[6];
    if (arguments[1] == std::string_view("async_wait"))
        input.async_wait(input.wait_read, [&](asio::error_code) { (void)::read(0, line, sizeof line); });
    else
        input.async_read_some(asio::buffer(line), [](asio::error_code, std::size_t) {});
    context.run();
}
CPP
}

# The second line comes when `cat` has been waiting for it.
what_cat_says_after() {
    { echo first; sleep 2; echo second; } 2>/dev/null | { "$@"; LC_ALL=C cat 2>&1; } || true
}

for version in $versions; do
    program | build "program-$version" "asio-$version"
    for operation in async_read_some async_wait; do
        wanted="cat: -: Resource temporarily unavailable"
        [ "$version $operation" != "1.36.0 async_wait" ] || wanted=second
        expect "Asio $version: cat after $operation" "$wanted" "$(what_cat_says_after "$work/program-$version" $operation)"
    done
done
