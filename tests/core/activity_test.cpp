// What is said of work that takes long, and how it fits onto a terminal.

#include "core/views/activity.hpp"

#include "core/base/units.hpp"
#include "core/base/utf8.hpp"

#include <doctest/doctest.h>

namespace p2p::test {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using kind = activity::kind;

constexpr byte_count mib = byte_count{1} << 20U;

time_point at(duration since) {
    return time_point{} + since;
}

activity fetching(byte_count done, byte_count total = 400 * mib) {
    return {
        .what = kind::fetching, .name = "set", .done = done, .total = total, .received = done, .peers = 5};
}

watched_activity fetched_at_10_mib_a_second() {
    watched_activity seen;
    for (unsigned second = 0; second <= 10; ++second)
        seen.look(fetching(second * 10 * mib), at(seconds{second}));
    return seen;
}

}  // namespace

TEST_CASE("a rate is that of the last five seconds") {
    rate_meter meter;
    CHECK_FALSE(meter.per_second());
    meter.add(1000, at(seconds{0}));
    CHECK_FALSE(meter.per_second());
    meter.add(2000, at(seconds{1}));
    CHECK(meter.per_second() == doctest::Approx(1000));
    for (int second = 2; second <= 10; ++second) meter.add(2000, at(seconds{second}));
    CHECK(meter.per_second() == doctest::Approx(0));
}

TEST_CASE("what was lost again makes no rate") {
    rate_meter meter;
    meter.add(1000, at(seconds{0}));
    meter.add(0, at(seconds{1}));
    CHECK(meter.per_second() == doctest::Approx(0));
}

TEST_CASE("two looks at the same instant make no rate") {
    rate_meter meter;
    meter.add(0, at(seconds{1}));
    meter.add(1000, at(seconds{1}));
    CHECK_FALSE(meter.per_second());
}

TEST_CASE("a line says how far it is, how fast, how long it takes still, and with how many") {
    CHECK(fetched_at_10_mib_a_second().line() ==
          "fetching set: 100 MiB of 400 MiB (25%), 10.0 MiB/s, 30 s left, 5 peers");
}

TEST_CASE("a line without a rate says what is known") {
    watched_activity seen;
    seen.look({.what = kind::hashing, .name = "set", .done = 0, .total = 10 * mib}, at(seconds{0}));
    CHECK(seen.line() == "hashing set: 0 B of 10.0 MiB (0%)");
}

TEST_CASE("the time left of a chunk folder is that of its chunks") {
    watched_activity seen;
    for (unsigned second = 0; second <= 2; ++second)
        seen.look({.what = kind::fetching,
                   .name = "default",
                   .counted_in = activity::unit::chunks,
                   .done = second,
                   .total = 12,
                   .received = second * mib,
                   .peers = 1},
                  at(seconds{second}));
    CHECK(seen.line() == "fetching default: 2 of 12 chunks (16%), 1.00 MiB/s, 10 s left, 1 peer");
}

TEST_CASE("who serves says how many copies that makes, and never when it ends") {
    watched_activity seen;
    for (unsigned second = 0; second <= 1; ++second)
        seen.look(
            {.what = kind::serving, .name = "set", .total = 2 * mib, .sent = second * 3 * mib, .peers = 2},
            at(seconds{second}));
    CHECK(seen.line() == "serving set: 3.00 MiB sent (1.50 copies), 3.00 MiB/s, 2 peers");
    CHECK_FALSE(seen.time_left());
}

TEST_CASE("100% is said only where nothing is left") {
    watched_activity seen;
    seen.look(fetching(400 * mib - 1), at(seconds{0}));
    CHECK(seen.line().find("(99%)") != std::string::npos);
    seen.look(fetching(400 * mib), at(seconds{1}));
    CHECK(seen.line().find("(100%)") != std::string::npos);
}

TEST_CASE("a time left that would be weeks is not said") {
    watched_activity seen;
    seen.look(fetching(0, byte_count{1} << 50U), at(seconds{0}));
    seen.look(fetching(1, byte_count{1} << 50U), at(seconds{1}));
    CHECK_FALSE(seen.time_left());
}

TEST_CASE("on a wide terminal there is a bar, and on a narrow one what matters most") {
    const watched_activity seen = fetched_at_10_mib_a_second();
    const auto line = [&seen](std::size_t columns) { return seen.line(columns); };
    CHECK(line(100) ==
          "fetching set 25% [=======>                      ] 100 MiB of 400 MiB, 10.0 MiB/s, "
          "30 s left, 5 peers");
    CHECK(line(79) == "fetching set 25% [==>      ] 100 MiB of 400 MiB, 10.0 MiB/s, 30 s left, 5 peers");
    CHECK(line(70) == "set 25% [==>      ] 100 MiB of 400 MiB, 10.0 MiB/s, 30 s left, 5 peers");
    CHECK(line(60) == "set 25%, 100 MiB of 400 MiB, 10.0 MiB/s, 30 s left, 5 peers");
    CHECK(line(40) == "set 25%, 10.0 MiB/s, 30 s left, 5 peers");
    CHECK(line(15) == "25%, 10.0 MiB/s");
    CHECK(line(3) == "25%");
    CHECK(line(2).empty());
}

TEST_CASE("a line is never wider than the terminal, whatever the set is called") {
    for (const std::string name :
         {"s", "a name that is rather long for the name of a set, but names can be that long",
          "\xE5\x90\x8D\xE5\x89\x8D\xE5\x90\x8D\xE5\x89\x8D", "\x1B[2J\x07"}) {
        watched_activity seen;
        for (unsigned second = 0; second <= 2; ++second) {
            activity now = fetching(second * mib);
            now.name = name;
            seen.look(now, at(seconds{second}));
        }
        for (std::size_t columns = 1; columns < 200; ++columns) {
            const std::string line = seen.line(columns);
            CHECK(columns_of(line) <= columns);
            CHECK(line.find('\x1B') == std::string::npos);
        }
    }
}

TEST_CASE("several sets are shown as one: those that are worked on before those that are only served") {
    CHECK_FALSE(combined({}));
    const activity serves{.what = kind::serving, .name = "a", .total = 10, .sent = 1, .peers = 1};
    CHECK(combined({serves})->name == "a");
    activity other = serves;
    other.name = "b";
    const auto both = combined({serves, other});
    CHECK(both->name == "2 file-sets");
    CHECK(both->sent == 2);
    CHECK(both->peers == 2);
    const activity checks{.what = kind::checking, .name = "c", .done = 1, .total = 2};
    CHECK(combined({serves, checks, other})->name == "c");
}

}  // namespace p2p::test
