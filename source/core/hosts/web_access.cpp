#include "core/hosts/web_access.hpp"

#include "core/base/ascii.hpp"

#include <algorithm>
#include <cstddef>

namespace p2p {

namespace {

constexpr std::string_view digits = "0123456789";

bool consists_of(std::string_view text, std::string_view characters) {
    return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

// No name that somebody could have registered: labels at the end of those have letters, and none has a colon.
bool is_address(std::string_view host) {
    const bool is_ipv6 = host.find(':') != std::string_view::npos;
    if (is_ipv6) return consists_of(host, "0123456789abcdefABCDEF:.");
    return consists_of(host, "0123456789.") && host.find_first_of(digits) != std::string_view::npos;
}

bool is_ours(std::string_view host, const web_access_rules& rules) {
    const std::string name = host_in(host);
    if (is_address(name) || name == "localhost") return true;
    return !name.empty() && std::ranges::find(rules.names, name, host_in) != rules.names.end();
}

/// Of a page of ours: it was asked for by this name.
bool is_same_origin(std::string_view origin, std::string_view host) {
    const std::size_t scheme = origin.find("://");
    return scheme != std::string_view::npos && is_same_word(origin.substr(scheme + 3), host);
}

bool is_cross_site(const web_visit& visit) {
    if (!visit.origin.empty() && !is_same_origin(visit.origin, visit.host)) return true;
    if (visit.fetch_site.empty() || visit.fetch_site == "same-origin" || visit.fetch_site == "none")
        return false;
    return !visit.opens_page;
}

/// Takes as long wherever they differ.
bool is_same_secret(std::string_view a, std::string_view b) {
    unsigned difference = a.size() == b.size() ? 0 : 1;
    for (std::size_t i = 0; i < a.size() && !b.empty(); ++i)
        difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i % b.size()]);
    return difference == 0;
}

}  // namespace

std::string host_in(std::string_view text) {
    const bool in_brackets = text.starts_with('[');
    const std::size_t end = in_brackets ? text.find(']') : std::min(text.find(':'), text.size());
    if (end == std::string_view::npos) return {};
    const std::string_view rest = text.substr(in_brackets ? end + 1 : end);
    if (!rest.empty() && (rest[0] != ':' || !consists_of(rest.substr(1), digits))) return {};
    std::string_view host = in_brackets ? text.substr(1, end - 1) : text.substr(0, end);
    if (!in_brackets && host.ends_with('.')) host.remove_suffix(1);
    return ascii_lower(host);
}

web_access access_for(const web_visit& visit, const web_access_rules& rules) {
    if (visit.method != "GET" && visit.method != "HEAD") return web_access::wrong_method;
    if (!is_ours(visit.host, rules)) return web_access::unknown_host;
    if (is_cross_site(visit)) return web_access::cross_site;
    const std::string_view token = visit.token.value_or("");
    const auto is_right = [token](const std::string& one) { return is_same_secret(token, one); };
    if (!rules.tokens.empty() && std::ranges::none_of(rules.tokens, is_right)) return web_access::no_token;
    return web_access::granted;
}

}  // namespace p2p
