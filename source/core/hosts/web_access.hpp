// Who may see the page of a program, by what a request says. Pages show, and change nothing. What is to be
// kept out is another web site that has somebody's browser ask for them (through a name of its own that leads
// here, which is called DNS rebinding, or across sites), and strangers who have not the token, where there is
// one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace p2p {

struct web_access_rules {
    std::vector<std::string>
        names{};  ///< of this host, in any case; addresses and "localhost" are known anyway
    std::vector<std::string> tokens{};  ///< of which a request must have one, if there are any
};

/// As the headers have it; what is not there is empty.
struct web_visit {
    std::string_view method;
    std::string_view host;                    ///< Host: with its port, if it has one
    std::string_view origin{};                ///< Origin
    std::string_view fetch_site{};            ///< Sec-Fetch-Site
    bool opens_page = false;                  ///< it is for the page itself, of somebody who follows a link
    std::optional<std::string_view> token{};  ///< Authorization: of a bearer, or the password of any user
};

enum class web_access { granted, wrong_method, unknown_host, cross_site, no_token };

web_access access_for(const web_visit& visit, const web_access_rules& rules);

/// The host of a header Host, or of what people call one: in lower case, without its port, the brackets of an
/// IPv6 address, and a dot at its end; empty where it is none.
std::string host_in(std::string_view text);

}  // namespace p2p
