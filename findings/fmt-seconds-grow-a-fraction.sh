#!/usr/bin/env bash
# A time stamp that fmt writes with %S has no fraction on Debian 12, and nine more digits on Debian 13.
#
# Versions: libfmt-dev 9.1.0+ds1-2 (Debian 12) and 10.1.1+ds1-4 (Debian 13), the same with 11.1.1+ds1-2; g++ 12.2 and 14.2.
# Behaviour: fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", std::chrono::system_clock::now()) gives whole seconds with 9.1. Since
#   10.0, %S and %T of a time_point show what its type can hold: nanoseconds, on Linux. "{}" likewise. Durations had
#   their fraction before, and fmt::gmtime() gives whole seconds in both.
# Seen:
#   fmt 9.1.0:  2023-11-14T22:13:20Z
#   fmt 10.1.1: 2023-11-14T22:13:20.250000000Z
# Why it matters: events, logs and file names with a time stamp change form when the same source is built on the next
#   Debian: a schema that says "20 characters", a sort by text of old and new lines together ('.' comes before 'Z'), a
#   strptime("%SZ") at the reader.
# Instead: say the unit: format std::chrono::time_point_cast<std::chrono::seconds>(now), or milliseconds.
. "$(dirname "$0")/support/common.sh"

unpack bookworm fmt-9.1.0 libfmt-dev=9.1.0+ds1-2
unpack trixie fmt-10.1.1 libfmt-dev=10.1.1+ds1-4

program() {
    cat <<'CPP'
#define FMT_HEADER_ONLY
#include <chrono>
#include <fmt/chrono.h>
using namespace std::chrono;

int main() {
    const auto now = system_clock::time_point{} + seconds(1700000000) + milliseconds(250);
    fmt::print("{:%Y-%m-%dT%H:%M:%SZ}, as seconds {:%Y-%m-%dT%H:%M:%SZ}", now, time_point_cast<seconds>(now));
}
CPP
}

program | build old fmt-9.1.0
program | build new fmt-10.1.1
expect "fmt 9.1.0" "2023-11-14T22:13:20Z, as seconds 2023-11-14T22:13:20Z" "$("$work/old")"
expect "fmt 10.1.1" "2023-11-14T22:13:20.250000000Z, as seconds 2023-11-14T22:13:20Z" "$("$work/new")"
