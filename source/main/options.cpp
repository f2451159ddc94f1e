#include "main/options.hpp"

#include "core/base/rate_limit.hpp"

#include <fmt/format.h>

#include <utility>

namespace p2p {

CLI::Option* add_text(CLI::App& app, const std::string& names,
                      std::function<std::string(const std::string&)> take, const std::string& help) {
    const auto take_or_throw = [take = std::move(take), names](const std::string& text) {
        const std::string why = take(text);
        if (!why.empty()) throw CLI::ValidationError(names, why);
    };
    return app.add_option_function<std::string>(names, take_or_throw, help)->expected(1);
}

CLI::Option* add_size(CLI::App& app, const std::string& names, byte_count& value, const std::string& help) {
    return add_parsed(app, names, value, parse_size, help)->type_name("SIZE");
}

tl::expected<byte_count, std::string> parse_size_within(const std::string& text, byte_count least,
                                                        byte_count most) {
    const auto size = parse_size(text);
    if (size && (*size < least || *size > most))
        return tl::unexpected{
            fmt::format("{} is not from {} to {}", text, show_size(least), show_size(most))};
    return size;
}

CLI::Option* add_rate(CLI::App& app, const std::string& names, byte_count& value, const std::string& help) {
    return add_parsed(app, names, value, parse_rate_limit, help)->type_name("RATE");
}

CLI::Option* add_endpoint(CLI::App& app, const std::string& names, endpoint& value, const std::string& help) {
    const auto parse = [usual = value.port](const std::string& text) { return parse_endpoint(text, usual); };
    return add_parsed(app, names, value, parse, help)->type_name("HOST:PORT")->default_str(value.to_string());
}

CLI::Option* add_endpoints(CLI::App& app, const std::string& names, std::vector<endpoint>& values,
                           std::uint16_t usual, const std::string& help) {
    const auto take = [&values, usual, names](const std::vector<std::string>& texts) {
        for (const std::string& text : texts) {
            const auto parsed = parse_endpoint(text, usual);
            if (!parsed) throw CLI::ValidationError(names, parsed.error());
            values.push_back(*parsed);
        }
    };
    return app.add_option_function<std::vector<std::string>>(names, take, help)
        ->allow_extra_args(false)  // the next word is not another value
        ->type_name("HOST:PORT");
}

CLI::Option* add_listen_endpoint(CLI::App& app, const std::string& names, endpoint& value,
                                 const std::string& help) {
    const auto parse = [usual = value.port](const std::string& text) {
        return parse_listen_endpoint(text, usual);
    };
    return add_parsed(app, names, value, parse, help)->type_name("HOST:PORT")->default_str(value.to_string());
}

}  // namespace p2p
