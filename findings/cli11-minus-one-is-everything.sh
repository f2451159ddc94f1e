#!/usr/bin/env bash
# With CLI11 of Debian 12, `--rate -1` for an unsigned 64-bit option is accepted, and means 18446744073709551615.
#
# Versions: libcli11-dev 2.1.2+ds-1 (Debian 12) and 2.4.1+ds-2 (Debian 13); g++ 12.2 and 14.2.
# Behaviour: 2.1.2 refuses -1 for an unsigned 32-bit number, but for 64 bits takes it as the largest one there is, and a
#   number that is too large as the largest too (for signed numbers likewise). AsSizeValue, the transform for sizes with
#   a unit, does the same. 2.4.1 refuses all of these.
# Seen:
#   --rate -1                     2.1.2: 18446744073709551615     2.4.1: refused
#   --rate 18446744073709551616   2.1.2: 18446744073709551615     2.4.1: refused
#   --size -1                     2.1.2: 18446744073709551615     2.4.1: refused
#   --count -1 (32 bits)          2.1.2: refused                  2.4.1: refused
# Why it matters: rates, sizes and offsets of transfers are 64 bits, so the check that one saw work for a port or a count
#   is not there where it counts: a slip of the keyboard becomes "no limit". And where people have come to write -1 for
#   "no limit", the same command line ends the program on Debian 13.
# Instead: read such options as text and parse them with std::from_chars, which refuses signs for unsigned types and
#   reports what is out of range.
. "$(dirname "$0")/support/common.sh"

unpack bookworm cli11-2.1.2 libcli11-dev=2.1.2+ds-1
unpack trixie cli11-2.4.1 libcli11-dev=2.4.1+ds-2

program() {
    cat <<'CPP'
#include <CLI/CLI.hpp>
#include <cstdint>
#include <iostream>

int main(int count, char** arguments) {
    CLI::App app;
    std::uint64_t rate{}, size{};
    std::uint32_t number{};
    app.add_option("--rate", rate);
    app.add_option("--size", size)->transform(CLI::AsSizeValue(false));
    app.add_option("--count", number);
    try {
        app.parse(count, arguments);
        std::cout << rate + size + number;  // one of them was given
    } catch (const CLI::ParseError&) {
        std::cout << "refused";
    }
}
CPP
}

program | build old cli11-2.1.2
program | build new cli11-2.4.1
check() {  # option, value, what 2.1.2 makes of it, what 2.4.1 does
    expect "$1 $2 in 2.1.2" "$3" "$("$work/old" "$1" "$2")"
    expect "$1 $2 in 2.4.1" "$4" "$("$work/new" "$1" "$2")"
}
check --rate -1 18446744073709551615 refused
check --rate 18446744073709551616 18446744073709551615 refused
check --size -1 18446744073709551615 refused
check --size 4MiB 4194304 4194304
check --count -1 refused refused
