#include "core/set/link.hpp"

#include "core/base/ascii.hpp"
#include "core/base/percent_encoding.hpp"
#include "core/set/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace p2p {

namespace {

constexpr std::string_view scheme = "p2p://";
constexpr std::size_t quoted_length = 60;

tl::unexpected<std::string> bad(std::string_view text, std::string_view expected) {
    return tl::unexpected{fmt::format("\"{}\" is no {}", printable(text, quoted_length), expected)};
}

bool begins_with_scheme(std::string_view text) {
    return is_same_word(text.substr(0, scheme.size()), scheme);
}

/// What is behind the last "@", of whatever text.
std::string_view without_key(std::string_view text) {
    const std::size_t at = text.rfind('@');
    return at == std::string_view::npos ? text : text.substr(at + 1);
}

tl::expected<std::vector<endpoint>, std::string> parse_trackers(std::string_view text) {
    const auto commas = static_cast<std::size_t>(std::count(text.begin(), text.end(), ','));
    if (commas >= max_link_trackers)
        return tl::unexpected{
            fmt::format("the link names {} trackers, more than {}", commas + 1, max_link_trackers)};
    std::vector<endpoint> trackers;
    for (std::size_t i = 0; i <= commas; ++i) {
        const auto [first, rest] = cut_at(text, ',');
        auto tracker = parse_endpoint(first, usual_tracker_port);
        if (!tracker) return tl::unexpected{std::move(tracker.error())};
        trackers.push_back(std::move(*tracker));
        text = rest;
    }
    return trackers;
}

tl::expected<std::string, std::string> parse_name(std::string_view text) {
    auto name = percent_decoded(text);
    if (!name) return bad(text, "name of a link (a % comes before two hexadecimal digits)");
    const std::string why = name->empty() ? "" : why_no_set_name(*name);
    if (!why.empty()) return bad(*name, "name of a file-set: " + why);
    return std::move(*name);
}

}  // namespace

std::string hide_keys(std::string text) {
    constexpr std::size_t digits_of_key = 2 * swarm_key::size;
    constexpr std::size_t enough_to_be_one = 16;  // a key that was cut off
    const auto is_digit = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    };
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at;
        while (end < text.size() && is_digit(text[end])) ++end;
        const std::size_t length = end - at;
        const bool in_link =
            at >= scheme.size() && begins_with_scheme(std::string_view{text}.substr(at - scheme.size()));
        const bool before_at = end < text.size() && text[end] == '@';
        if ((in_link && length >= enough_to_be_one) || (before_at && length >= digits_of_key))
            std::fill_n(text.begin() + static_cast<std::ptrdiff_t>(at), length, '*');
        at = std::max(end, at + 1);
    }
    return text;
}

std::string link::to_string() const {
    std::string text{scheme};
    if (key) text += key->to_hex() + '@';
    for (const endpoint& tracker : trackers) {
        if (&tracker != &trackers.front()) text += ',';
        text += tracker.to_string();
    }
    text += '/' + id.to_hex();
    return name.empty() ? text : text + '/' + percent_encoded(name);
}

tl::expected<link, std::string> parse_link(std::string_view text) {
    if (!begins_with_scheme(text))
        return bad(without_key(text), "link (expected p2p://TRACKER:PORT/ID/NAME)");
    const auto [authority, path] = cut_at(text.substr(scheme.size()), '/');
    const std::string_view trackers_text = without_key(authority);
    const bool has_key = trackers_text.size() < authority.size();
    const auto key =
        swarm_key::from_hex(authority.substr(0, has_key ? authority.size() - trackers_text.size() - 1 : 0));
    if (has_key && !key) return tl::unexpected{std::string{"the key in the link has not 64 digits"}};
    const auto [id_text, name_text] = cut_at(path, '/');
    auto trackers = parse_trackers(trackers_text);
    if (!trackers) return tl::unexpected{std::move(trackers.error())};
    const auto id = file_set_id::from_hex(id_text);
    if (!id)
        return bad(id_text, "id of a file-set (expected p2p://TRACKER:PORT/ID/NAME, an ID of 64 digits)");
    auto name = parse_name(name_text);
    if (!name) return tl::unexpected{std::move(name.error())};
    return link{std::move(*trackers), *id, std::move(*name), has_key ? key : std::nullopt};
}

}  // namespace p2p
