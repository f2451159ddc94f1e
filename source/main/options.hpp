// Options that several programs share: values in the units that people type, and errors in one line.
#pragma once

#include "core/base/rate_limit.hpp"
#include "core/base/units.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <string>
#include <vector>

namespace p2p {

// Each of these is an option whose text one of the parsers of units.hpp reads.

inline CLI::Option* add_parsed(CLI::App& app, const std::string& names, auto& value, auto parse,
                               const std::string& help) {
    return app
        .add_option_function<std::string>(
            names,
            [&value, parse, names](const std::string& text) {
                const auto parsed = parse(text);
                if (!parsed) throw CLI::ValidationError(names, parsed.error());
                value = *parsed;
            },
            help)
        ->expected(1);
}

/// A whole number with its bounds.
inline CLI::Option* add_count(CLI::App& app, const std::string& names, auto& value, int least, int most,
                              const std::string& help) {
    return app.add_option(names, value, help)
        ->check(CLI::Range(least, most).description(""))
        ->type_name("N")
        ->capture_default_str();
}

inline CLI::Option* add_size(CLI::App& app, const std::string& names, byte_count& value,
                             const std::string& help) {
    return add_parsed(
               app, names, value, [](const std::string& t) { return parse_size(t); }, help)
        ->type_name("SIZE");
}

/// A size with its bounds.
inline CLI::Option* add_size(CLI::App& app, const std::string& names, auto& value, byte_count least,
                             byte_count most, const std::string& help) {
    const auto parse = [least, most](const std::string& text) -> tl::expected<byte_count, std::string> {
        const auto size = parse_size(text);
        if (size && (*size < least || *size > most))
            return tl::unexpected{
                fmt::format("{} is not from {} to {}", text, show_size(least), show_size(most))};
        return size;
    };
    return add_parsed(app, names, value, parse, help)->type_name("SIZE")->default_str(show_size(value));
}

inline CLI::Option* add_rate(CLI::App& app, const std::string& names, byte_count& value,
                             const std::string& help) {
    return add_parsed(
               app, names, value, [](const std::string& t) { return parse_rate_limit(t); }, help)
        ->type_name("RATE");
}

inline CLI::Option* add_duration(CLI::App& app, const std::string& names, auto& value,
                                 const std::string& help) {
    return add_parsed(
               app, names, value, [](const std::string& t) { return parse_duration(t); }, help)
        ->type_name("TIME");
}

inline CLI::Option* add_endpoint(CLI::App& app, const std::string& names, endpoint& value,
                                 const std::string& help) {
    const std::uint16_t usual = value.port;
    return add_parsed(
               app, names, value, [usual](const std::string& t) { return parse_endpoint(t, usual); }, help)
        ->type_name("HOST:PORT")
        ->default_str(value.to_string());
}

/// One that may be repeated.
inline CLI::Option* add_endpoints(CLI::App& app, const std::string& names, std::vector<endpoint>& values,
                                  std::uint16_t usual, const std::string& help) {
    return app
        .add_option_function<std::vector<std::string>>(
            names,
            [&values, usual, names](const std::vector<std::string>& texts) {
                for (const std::string& text : texts) {
                    const auto parsed = parse_endpoint(text, usual);
                    if (!parsed) throw CLI::ValidationError(names, parsed.error());
                    values.push_back(*parsed);
                }
            },
            help)
        ->allow_extra_args(false)  // the next word is not another value
        ->type_name("HOST:PORT");
}

inline CLI::Option* add_listen_endpoint(CLI::App& app, const std::string& names, endpoint& value,
                                        const std::string& help) {
    const std::uint16_t usual = value.port;
    return add_parsed(
               app, names, value, [usual](const std::string& t) { return parse_listen_endpoint(t, usual); },
               help)
        ->type_name("HOST:PORT")
        ->default_str(value.to_string());
}

}  // namespace p2p
