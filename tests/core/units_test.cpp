#include "core/base/units.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <utility>

using namespace p2p;
using namespace std::chrono_literals;

TEST_CASE("sizes are read in decimal and in binary units") {
    const std::pair<std::string, byte_count> known[] = {
        {"0", 0},
        {"65536", 65536},
        {"1B", 1},
        {"64KiB", 65536},
        {"64kiB", 65536},
        {"64Ki", 65536},
        {"1K", 1000},
        {"1kB", 1000},
        {"1MB", 1'000'000},
        {"1MiB", 1 << 20},
        {"2GiB", byte_count{2} << 30},
        {"3GB", 3'000'000'000},
        {"1TiB", byte_count{1} << 40},
        {"1TB", 1'000'000'000'000},
        {"1.5KiB", 1536},
        {"0.5MB", 500'000},
        {"18446744073709551615", UINT64_MAX},
        {"9007199254740993", 9007199254740993},
    };
    for (const auto& [text, bytes] : known) {
        CAPTURE(text);
        CHECK(parse_size(text) == bytes);
    }
}

TEST_CASE("what is no size is refused") {
    for (const std::string text : {"",
                                   " ",
                                   "B",
                                   "KiB",
                                   "x",
                                   "-1",
                                   "+1",
                                   " 1",
                                   "1 ",
                                   "1 KiB",
                                   "1KiBB",
                                   "1Kb",
                                   "1KIB",
                                   "1iB",
                                   "1PiB",
                                   "1.",
                                   ".5",
                                   "1..5",
                                   "1.5.5",
                                   "1e3",
                                   "0x10",
                                   "1,5",
                                   "inf",
                                   "nan",
                                   "18446744073709551616",
                                   "18446744073709551615K",
                                   "16777216TiB",
                                   "99999999999999999999999",
                                   "1bit",
                                   "1MB/s"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_size(text));
    }
}

TEST_CASE("rates are read in bytes and in bits") {
    const std::pair<std::string, byte_count> known[] = {
        {"20Mbit", 2'500'000},
        {"20Mbit/s", 2'500'000},
        {"2.5MB/s", 2'500'000},
        {"1MiB/s", 1 << 20},
        {"500kbit", 62'500},
        {"1Gbit", 125'000'000},
        {"8bit", 1},
        {"1000", 1000},
        {"1000B/s", 1000},
        {"1Tbit/s", 125'000'000'000},
        {"0.5kbit", 62},
        {"20M", 20'000'000},
    };
    for (const auto& [text, rate] : known) {
        CAPTURE(text);
        CHECK(parse_rate(text) == rate);
    }
}

TEST_CASE("what is no rate, or none above 0, is refused") {
    for (const std::string text :
         {"", "0", "0Mbit", "7bit", "0.5B", "-1MB/s", "fast", "20Mibit", "20Mbits", "20Mbps", "20MB/h", "/s",
          "Mbit/s", "1MB/s/s", "20Mb", "1bitB", "99999999Tbit", "18446744073709551616"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_rate(text));
    }
}

TEST_CASE("durations are read with their unit, or as seconds") {
    const std::pair<std::string, duration> known[] = {
        {"0", 0s},  {"30", 30s},      {"30s", 30s},    {"500ms", 500ms}, {"5min", 5min},     {"5m", 5min},
        {"2h", 2h}, {"1.5s", 1500ms}, {"0.25", 250ms}, {"0.5h", 30min},  {"87600h", 87600h},
    };
    for (const auto& [text, time] : known) {
        CAPTURE(text);
        CHECK(parse_duration(text) == time);
    }
}

TEST_CASE("what is no duration, or over ten years, is refused") {
    for (const std::string text : {"", "s", "-1s", "+1s", "1 s", "1S", "1hour", "1us", "1s1s", "87601h",
                                   "315360001", "9999999999999h", "99999999999999999999999999", "1e3s"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_duration(text));
    }
}

TEST_CASE("endpoints are read as hosts, IPv4 and IPv6 addresses with a port") {
    CHECK(parse_endpoint("10.0.0.7:5100") == endpoint{"10.0.0.7", 5100});
    CHECK(parse_endpoint("tracker:5100") == endpoint{"tracker", 5100});
    CHECK(parse_endpoint("my-host_2.example.org:65535") == endpoint{"my-host_2.example.org", 65535});
    CHECK(parse_endpoint("[::1]:1") == endpoint{"::1", 1});
    CHECK(parse_endpoint("[fe80::1%eth0]:5100") == endpoint{"fe80::1%eth0", 5100});
}

TEST_CASE("with a default port the port may be left out") {
    CHECK(parse_endpoint("tracker", 5100) == endpoint{"tracker", 5100});
    CHECK(parse_endpoint("[::1]", 5100) == endpoint{"::1", 5100});
    CHECK(parse_endpoint("tracker:7", 5100) == endpoint{"tracker", 7});
    CHECK_FALSE(parse_endpoint("tracker"));
    CHECK_FALSE(parse_endpoint("[::1]"));
}

TEST_CASE("what is no endpoint is refused, also with a default port") {
    for (const std::string text : {"",
                                   ":",
                                   ":5100",
                                   "tracker:",
                                   "tracker:0",
                                   "tracker:65536",
                                   "tracker:99999999999",
                                   "tracker:-1",
                                   "tracker:+1",
                                   "tracker: 1",
                                   "tracker:1 ",
                                   "tracker:x",
                                   "tracker:1:2",
                                   "::1",
                                   "::1:5100",
                                   "[]:1",
                                   "[:1",
                                   "[::1",
                                   "::1]:1",
                                   "[::1]x:1",
                                   "[::1]5100",
                                   "x[::1]:1",
                                   "[::1]:",
                                   "[[::1]]:1",
                                   "[fe80%eth0]:1",
                                   "[tracker]:1",
                                   "http://tracker:1",
                                   "tra cker:1",
                                   "tracker/x:1",
                                   "user@tracker:1",
                                   "tracker\n:1",
                                   "tr\xC3\xA4"
                                   "cker:1"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_endpoint(text, 5100));
    }
    CHECK_FALSE(parse_endpoint(std::string(254, 'a') + ":1"));
    CHECK_FALSE(parse_endpoint(std::string("a\0b:1", 5)));
}

TEST_CASE("an endpoint is shown as it is read") {
    for (const std::string text : {"10.0.0.7:5100", "tracker:1", "[::1]:5100"})
        CHECK(parse_endpoint(text)->to_string() == text);
}

TEST_CASE("an error names the text and what is expected, in one printable line") {
    CHECK(parse_size("1x").error() ==
          "\"1x\" is no size (expected a number of bytes such as 65536, 64KiB or 2GB)");
    CHECK(parse_rate("\x1b").error().substr(0, 15) == "\"?\" is no rate ");
    CHECK(parse_duration(std::string(100'000, 'x')).error().size() < 200);
    CHECK(parse_endpoint("a\nb").error().substr(0, 18) == "\"a?b\" is no addres");
}

TEST_CASE("sizes are shown with three digits") {
    const std::pair<byte_count, std::string> known[] = {
        {0, "0 B"},
        {1, "1 B"},
        {1023, "1023 B"},
        {1024, "1.00 KiB"},
        {65536, "64.0 KiB"},
        {1'572'864, "1.50 MiB"},
        {10 * 1024 - 1, "10.0 KiB"},
        {100 * 1024 - 1, "100 KiB"},
        {1000 * 1024, "1000 KiB"},
        {(1 << 20) - 1, "1.00 MiB"},
        {byte_count{5} << 40, "5.00 TiB"},
        {UINT64_MAX, "16.0 EiB"},
    };
    for (const auto& [bytes, text] : known) CHECK(show_size(bytes) == text);
}

TEST_CASE("rates are shown as sizes are") {
    CHECK(show_rate(2'500'000) == "2.38 MiB/s");
    CHECK(show_rate(0.4) == "0 B/s");
    CHECK(show_rate(1023.6) == "1.00 KiB/s");
    CHECK(show_rate(-1) == "0 B/s");
    CHECK(show_rate(std::nan("")) == "0 B/s");
}

TEST_CASE("durations are shown in the unit that suits them") {
    const std::pair<duration, std::string> known[] = {
        {0s, "0.00 s"},         {350ms, "0.35 s"},          {9994ms, "9.99 s"},       {9996ms, "10.0 s"},
        {12'300ms, "12.3 s"},   {59'940ms, "59.9 s"},       {59'960ms, "1 min 00 s"}, {125s, "2 min 05 s"},
        {3599s, "59 min 59 s"}, {3599'600ms, "1 h 00 min"}, {187min, "3 h 07 min"},   {50h, "50 h 00 min"},
        {-5s, "0.00 s"},
    };
    for (const auto& [time, text] : known) CHECK(show_duration(time) == text);
}

TEST_CASE("printable text is left as it is") {
    for (const std::string text : {"", "plain", "tab-free, with \"quotes\"",
                                   "Gr\xC3\xBC\xC3\x9F"
                                   "e",
                                   "\xE2\x82\xAC", "\xF0\x9F\x98\x80"})
        CHECK(printable(text) == text);
}

TEST_CASE("control characters and bytes that are no UTF-8 are shown as question marks") {
    const std::pair<std::string, std::string> known[] = {
        {"a\tb\nc\r", "a?b?c?"},
        {"\x1b[31mred", "?[31mred"},
        {"\x7f", "?"},
        {std::string("a\0b", 3), "a?b"},
        {"\xC2\x9B", "?"},  // an 8-bit terminal escape
        {"\xE2\x80\xAE"
         "abc",
         "?abc"},               // turns the direction of writing
        {"\xE2\x80\xA8", "?"},  // a line separator
        {"\xFF\xFE", "??"},
        {"\x80", "?"},
        {"\xC3", "?"},  // cut short
        {"\xC3(", "?("},
        {"\xE2\x82", "??"},
        {"\xC0\xAF", "??"},  // a slash, spelt too long
        {"\xE0\x80\xAF", "???"},
        {"\xED\xA0\x80", "???"},       // a surrogate
        {"\xF4\x90\x80\x80", "????"},  // past the last code point
        {"\xF8\x88\x80\x80\x80", "?????"},
    };
    for (const auto& [text, shown] : known) {
        CAPTURE(shown);
        CHECK(printable(text) == shown);
    }
}

TEST_CASE("long text is cut to the length, between characters") {
    CHECK(printable("abcdef", 6) == "abcdef");
    CHECK(printable("abcdefg", 6) == "abc...");
    CHECK(printable("ab\xE2\x82\xAC\xE2\x82\xAC", 7) == "ab...");
    CHECK(printable("abcdef", 2) == "..");
    CHECK(printable("abcdef", 0) == "");
    CHECK(printable(std::string(10'000'000, '\n')).size() == 200);
}
