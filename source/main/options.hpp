// Options that several programs share: values in the units that people type, and errors in one line. Each of
// them is one whose text a parser of units.hpp reads, if nothing else is said.
#pragma once

#include "core/base/units.hpp"

#include <CLI/CLI.hpp>
#include <tl/expected.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace p2p {

/// `take` is given the text, and says what is wrong with it; empty: nothing.
CLI::Option* add_text(CLI::App& app, const std::string& names,
                      std::function<std::string(const std::string&)> take, const std::string& help);

/// `parse` makes a value of the text, or says what is wrong with it.
CLI::Option* add_parsed(CLI::App& app, const std::string& names, auto& value, auto parse,
                        const std::string& help) {
    const auto take = [&value, parse](const std::string& text) -> std::string {
        const auto parsed = parse(text);
        if (!parsed) return parsed.error();
        value = *parsed;
        return {};
    };
    return add_text(app, names, take, help);
}

/// A whole number with its bounds.
CLI::Option* add_count(CLI::App& app, const std::string& names, auto& value, int least, int most,
                       const std::string& help) {
    return app.add_option(names, value, help)
        ->check(CLI::Range(least, most).description(""))
        ->type_name("N")
        ->capture_default_str();
}

CLI::Option* add_size(CLI::App& app, const std::string& names, byte_count& value, const std::string& help);

/// A size with its bounds.
tl::expected<byte_count, std::string> parse_size_within(const std::string& text, byte_count least,
                                                        byte_count most);
CLI::Option* add_size(CLI::App& app, const std::string& names, auto& value, byte_count least, byte_count most,
                      const std::string& help) {
    const auto parse = [least, most](const std::string& text) {
        return parse_size_within(text, least, most);
    };
    return add_parsed(app, names, value, parse, help)->type_name("SIZE")->default_str(show_size(value));
}

CLI::Option* add_rate(CLI::App& app, const std::string& names, byte_count& value, const std::string& help);

CLI::Option* add_duration(CLI::App& app, const std::string& names, auto& value, const std::string& help) {
    return add_parsed(app, names, value, parse_duration, help)->type_name("TIME");
}

CLI::Option* add_endpoint(CLI::App& app, const std::string& names, endpoint& value, const std::string& help);

/// One that may be repeated.
CLI::Option* add_endpoints(CLI::App& app, const std::string& names, std::vector<endpoint>& values,
                           std::uint16_t usual, const std::string& help);

CLI::Option* add_listen_endpoint(CLI::App& app, const std::string& names, endpoint& value,
                                 const std::string& help);

}  // namespace p2p
