#include "core/hosts/web_target.hpp"

#include "core/base/percent_encoding.hpp"

#include <algorithm>
#include <charconv>

namespace p2p {

namespace {

std::optional<std::uint64_t> whole_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::uint64_t web_target::number(const std::string& name, std::uint64_t otherwise, std::uint64_t most) const {
    const auto found = query.find(name);
    if (found == query.end()) return otherwise;
    return std::min(whole_number(found->second).value_or(otherwise), most);
}

bool web_target::is_number_if_any(const std::string& name) const {
    const std::vector<std::string> values = all(name);
    return values.empty() || (values.size() == 1 && whole_number(values.front()));
}

std::vector<std::string> web_target::all(const std::string& name) const {
    std::vector<std::string> values;
    const auto [begin, end] = query.equal_range(name);
    for (auto one = begin; one != end; ++one) values.push_back(one->second);
    return values;
}

std::optional<web_target> parse_web_target(std::string_view text) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; };
    if (!text.starts_with('/') || std::ranges::any_of(text, is_control)) return std::nullopt;
    auto [path, query] = cut_at(text.substr(0, text.find('#')), '?');
    web_target read;
    while (!path.empty()) {
        const auto [part, rest] = cut_at(path, '/');
        const auto decoded = percent_decoded(part);
        if (!decoded) return std::nullopt;
        if (!decoded->empty()) read.path.push_back(*decoded);
        path = rest;
    }
    while (!query.empty()) {
        const auto [one, rest] = cut_at(query, '&');
        const auto [name, value] = cut_at(one, '=');
        const auto plain_name = percent_decoded(name);
        const auto plain_value = percent_decoded(value);
        if (!plain_name || !plain_value) return std::nullopt;
        read.query.emplace(*plain_name, *plain_value);
        query = rest;
    }
    return read;
}

}  // namespace p2p
