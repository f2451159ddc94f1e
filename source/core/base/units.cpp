#include "core/base/units.hpp"

#include "core/base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace p2p {

namespace {

constexpr std::size_t quoted_length = 60;
constexpr std::size_t max_host_length = 253;  // of a DNS name
constexpr std::uint64_t nanoseconds_per_second = 1'000'000'000;
constexpr std::uint64_t longest_duration = std::uint64_t{10} * 365 * 24 * 3600 * nanoseconds_per_second;

tl::unexpected<std::string> bad(std::string_view text, std::string_view expected) {
    return tl::unexpected{fmt::format("\"{}\" is no {}", printable(text, quoted_length), expected)};
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// A decimal number, apart at its point so that whole numbers stay exact, and the text after it.
struct quantity {
    std::uint64_t whole = 0;
    double fraction = 0;
    std::string_view unit;
};

std::optional<quantity> parse_quantity(std::string_view text) {
    quantity parsed;
    const char* const end = text.data() + text.size();
    auto [at, error] = std::from_chars(text.data(), end, parsed.whole);
    if (error != std::errc{}) return std::nullopt;
    if (end - at >= 2 && at[0] == '.' && is_digit(at[1]))
        at = std::from_chars(at, end, parsed.fraction, std::chars_format::fixed).ptr;
    parsed.unit = {at, static_cast<std::size_t>(end - at)};
    return parsed;
}

/// The number times `factor`, rounded down; nothing where it does not fit.
std::optional<std::uint64_t> scaled(const quantity& number, std::uint64_t factor) {
    std::uint64_t result = 0;
    const auto fraction = static_cast<std::uint64_t>(number.fraction * static_cast<double>(factor));
    if (__builtin_mul_overflow(number.whole, factor, &result)) return std::nullopt;
    if (__builtin_add_overflow(result, fraction, &result)) return std::nullopt;
    return result;
}

std::uint64_t power(std::uint64_t base, std::size_t exponent) {
    return exponent == 0 ? 1 : base * power(base, exponent - 1);
}

/// Takes "K", "Mi", ... off the front of a unit, in either case of the letter, and returns what it stands
/// for.
std::uint64_t take_prefix(std::string_view& unit) {
    constexpr std::string_view letters = "kmgtKMGT";
    const std::size_t found = unit.empty() ? std::string_view::npos : letters.find(unit.front());
    if (found == std::string_view::npos) return 1;
    const bool binary = unit.substr(1).starts_with("i");
    unit.remove_prefix(binary ? 2 : 1);
    return power(binary ? 1024 : 1000, found % 4 + 1);
}

bool is_binary(std::uint64_t factor) {
    return factor > 1 && std::has_single_bit(factor);
}

bool means_bytes(std::string_view unit) {
    return unit.empty() || unit == "B";
}

/// Bytes per second; nothing where the unit is no unit of a rate, or the number does not fit.
std::optional<byte_count> rate_of(quantity number) {
    if (number.unit.ends_with("/s")) number.unit.remove_suffix(2);
    const std::uint64_t factor = take_prefix(number.unit);
    const auto amount = scaled(number, factor);
    if (means_bytes(number.unit)) return amount;
    if (number.unit != "bit" || is_binary(factor) || !amount) return std::nullopt;
    return *amount / 8;
}

std::optional<std::uint64_t> nanoseconds_in(std::string_view unit) {
    if (unit == "ms") return nanoseconds_per_second / 1000;
    if (unit == "s" || unit.empty()) return nanoseconds_per_second;
    if (unit == "min" || unit == "m") return nanoseconds_per_second * 60;
    if (unit == "h") return nanoseconds_per_second * 3600;
    return std::nullopt;
}

bool is_alphanumeric(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_host(std::string_view text, std::string_view punctuation) {
    return !text.empty() && text.size() <= max_host_length &&
           std::all_of(text.begin(), text.end(), [&](char c) {
               return is_alphanumeric(c) || punctuation.find(c) != std::string_view::npos;
           });
}

/// The host, with its brackets if it has any, and the port, or "" for either.
std::pair<std::string_view, std::string_view> split_endpoint(std::string_view text) {
    const std::size_t host_end = text.starts_with('[') ? text.find(']') : 0;
    const std::size_t colon = text.find(':', std::min(host_end, text.size()));
    if (colon == std::string_view::npos) return {text, {}};
    // A colon promises a port; without one this is no endpoint at all.
    if (colon + 1 == text.size()) return {};
    return {text.substr(0, colon), text.substr(colon + 1)};
}

/// The host without its brackets; nothing where it is neither a name nor an address.
std::optional<std::string> parse_host(std::string_view text) {
    const bool bracketed = text.size() > 2 && text.starts_with('[') && text.ends_with(']');
    if (bracketed) text = text.substr(1, text.size() - 2);
    // In brackets is an IPv6 address, which has a colon: as it is written, so it can be read again.
    if (bracketed && text.find(':') == std::string_view::npos) return std::nullopt;
    // The % introduces the zone of a link-local address.
    if (!is_host(text, bracketed ? ".:%-_" : ".-_")) return std::nullopt;
    return std::string{text};
}

/// Nothing where it is no port, so also for 0.
std::optional<std::uint16_t> parse_port(std::string_view digits) {
    std::uint16_t port = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stopped_at, error] = std::from_chars(digits.data(), end, port);
    if (error != std::errc{} || stopped_at != end || port == 0) return std::nullopt;
    return port;
}

/// Three digits in all, of which those after the point.
int decimals_for(double number) {
    if (number >= 99.95) return 0;
    return number >= 9.995 ? 1 : 2;
}

/// Three digits, so that 1023.7 KiB is 1.00 MiB already.
std::string show_bytes(double bytes) {
    constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    std::size_t unit = 0;
    for (; bytes >= 1023.5 && unit + 1 < units.size(); ++unit) bytes /= 1024;
    const int decimals = unit == 0 ? 0 : decimals_for(bytes);
    return fmt::format("{:.{}f} {}", bytes, decimals, units[unit]);
}

/// Also the line separators and the marks that turn the direction of writing: they can make a line look like
/// another.
bool is_control(char32_t code) {
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

tl::expected<byte_count, std::string> parse_size(std::string_view text) {
    constexpr std::string_view expected = "size (expected a number of bytes such as 65536, 64KiB or 2GB)";
    auto number = parse_quantity(text);
    if (!number) return bad(text, expected);
    const std::uint64_t factor = take_prefix(number->unit);
    const auto bytes = scaled(*number, factor);
    if (!bytes || !means_bytes(number->unit)) return bad(text, expected);
    return *bytes;
}

tl::expected<byte_count, std::string> parse_rate(std::string_view text) {
    const auto number = parse_quantity(text);
    const auto rate = number ? rate_of(*number) : std::nullopt;
    if (!rate || *rate == 0)
        return bad(text, "rate (expected more than 0, such as 20Mbit/s, 2.5MB/s or 1MiB/s)");
    return *rate;
}

tl::expected<duration, std::string> parse_duration(std::string_view text) {
    const auto number = parse_quantity(text);
    const auto unit = number ? nanoseconds_in(number->unit) : std::nullopt;
    const auto time = unit ? scaled(*number, *unit) : std::nullopt;
    if (!time || *time > longest_duration)
        return bad(text, "duration (expected at most 10 years, such as 30s, 500ms, 5min or 2h)");
    return std::chrono::nanoseconds{*time};
}

std::string endpoint::to_string() const {
    const bool needs_brackets = host.find(':') != std::string::npos;
    return needs_brackets ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

tl::expected<endpoint, std::string> parse_endpoint(std::string_view text, std::uint16_t default_port) {
    const auto [host_text, port_text] = split_endpoint(text);
    const auto host = parse_host(host_text);
    const auto port = port_text.empty() ? std::optional{default_port} : parse_port(port_text);
    if (!host || !port || *port == 0)
        return bad(text, "address (expected HOST:PORT such as 10.0.0.7:5100 or [::1]:5100)");
    return endpoint{*host, *port};
}

tl::expected<endpoint, std::string> parse_listen_endpoint(std::string_view text, std::uint16_t default_port) {
    if (text.starts_with(':')) return parse_listen_endpoint(fmt::format("[::]{}", text), default_port);
    if (!text.ends_with(":0")) return parse_endpoint(text, default_port);
    text.remove_suffix(2);
    auto parsed = parse_endpoint(text, 1);
    if (parsed) parsed->port = 0;
    return parsed;
}

std::string show_size(byte_count bytes) {
    return show_bytes(static_cast<double>(bytes));
}

std::string show_rate(double bytes_per_second) {
    return show_bytes(std::max(0.0, bytes_per_second)) + "/s";
}

std::string show_duration(duration elapsed) {
    const double seconds = std::max(0.0, std::chrono::duration<double>{elapsed}.count());
    if (seconds < 9.995) return fmt::format("{:.2f} s", seconds);
    if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
    const auto whole_seconds = std::llround(seconds);
    if (whole_seconds < 3600) return fmt::format("{} min {:02} s", whole_seconds / 60, whole_seconds % 60);
    const auto minutes = std::llround(seconds / 60);
    return fmt::format("{} h {:02} min", minutes / 60, minutes % 60);
}

std::string show_count(std::uint64_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string printable(std::string_view text, std::size_t max_length) {
    constexpr std::string_view dots = "...";
    std::string shown;
    std::size_t cut = 0;  // the last place where the dots still fit
    while (!text.empty()) {
        const utf8_character c = first_character(text);
        const bool shows = c.length > 0 && !is_control(c.code);
        shown.append(shows ? text.substr(0, c.length) : "?");
        if (shown.size() > max_length) return shown.substr(0, cut).append(dots.substr(0, max_length));
        if (shown.size() + dots.size() <= max_length) cut = shown.size();
        text.remove_prefix(std::max<std::size_t>(c.length, 1));
    }
    return shown;
}

}  // namespace p2p
