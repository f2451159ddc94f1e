#include "web/request_head.hpp"

#include "core/base/ascii.hpp"
#include "web/http1_parser.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <utility>

namespace p2p {

namespace {

/// The first is the one that must be there.
constexpr std::array<std::pair<std::string_view, std::string request_head::*>, 6> wanted{
    {{"host", &request_head::host},
     {"origin", &request_head::origin},
     {"sec-fetch-site", &request_head::fetch_site},
     {"sec-fetch-mode", &request_head::fetch_mode},
     {"sec-fetch-dest", &request_head::fetch_dest},
     {"authorization", &request_head::authorization}}};

std::string_view without_blanks(std::string_view value) {
    constexpr std::string_view blanks = " \t";
    value.remove_prefix(std::min(value.find_first_not_of(blanks), value.size()));
    return value.substr(0, value.find_last_not_of(blanks) + 1);
}

/// "http://host:80/path", as proxies are asked: RFC 9112, section 3.2.2.
void take_host_of(request_head& head) {
    constexpr std::string_view scheme = "http://";
    if (!is_same_word(head.target.substr(0, scheme.size()), scheme)) return;
    const std::size_t end = std::min(head.target.find_first_of("/?#", scheme.size()), head.target.size());
    head.host = head.target.substr(scheme.size(), end - scheme.size());
    head.target.erase(0, end);
    if (!head.target.starts_with('/')) head.target.insert(0, "/");
}

/// What follows the scheme, if it is that one.
std::string_view after_scheme(std::string_view text, std::string_view scheme) {
    if (text.size() <= scheme.size() || !is_same_word(text.substr(0, scheme.size()), scheme)) return {};
    text.remove_prefix(scheme.size());
    if (text.front() != ' ') return {};
    return text.substr(std::min(text.find_first_not_of(' '), text.size()));
}

std::string from_base64(std::string_view text) {
    const std::string coded{text};
    std::string plain(coded.size(), '\0');
    const int length =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(plain.data()),
                        reinterpret_cast<const unsigned char*>(coded.data()), static_cast<int>(coded.size()));
    const auto padding = static_cast<int>(std::ranges::count(coded, '='));
    if (length < padding) return {};
    plain.resize(static_cast<std::size_t>(length - padding));
    return plain;
}

}  // namespace

struct request_reader::parser {
    parser() {
        http1::begin(state, hooks);
        state.data = this;
        hooks.on_url = [](http1::parser* of, const char* at, std::size_t length) {
            self(of).head.target.append(at, length);
            return go_on;
        };
        hooks.on_header_field = [](http1::parser* of, const char* at, std::size_t length) {
            self(of).name_goes_on({at, length});
            return go_on;
        };
        hooks.on_header_value = [](http1::parser* of, const char* at, std::size_t length) {
            self(of).value.append(at, length);
            self(of).has_value = true;
            return go_on;
        };
        hooks.on_headers_complete = [](http1::parser* of) {
            self(of).end_head();
            return stop;
        };
    }
    static parser& self(http1::parser* of) { return *static_cast<parser*>(of->data); }

    void name_goes_on(std::string_view piece) {
        if (has_value) end_header();
        has_target = true;
        name.append(piece);
    }

    void end_header() {
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            if (!is_same_word(name, wanted[i].first)) continue;
            says_twice |= std::exchange(is_there[i], true);
            head.*wanted[i].second = without_blanks(value);
        }
        name.clear();
        value.clear();
        has_value = false;
    }

    void end_head() {
        end_header();
        is_whole = true;
        head.method = http1::method(state);
        is_right = state.http_major == 1 && state.http_minor <= 1 && !says_twice &&
                   (state.http_minor == 0 || is_there[0]);
        take_host_of(head);
    }

    static constexpr int go_on = 0;
    static constexpr int stop = -1;  // at what follows the head

    http1::parser state{};
    http1::callbacks hooks{};
    request_head head;
    std::string name;
    std::string value;
    std::array<bool, wanted.size()> is_there{};
    std::size_t taken = 0;
    bool has_target = false;
    bool has_value = false;
    bool is_whole = false;
    bool says_twice = false;
    bool is_right = false;
};

request_reader::request_reader() : parser_(std::make_unique<parser>()) {}
request_reader::~request_reader() = default;

request_reader::state request_reader::take(std::string_view bytes) {
    parser& p = *parser_;
    const std::size_t room = longest_request_head - std::min(p.taken, longest_request_head);
    p.taken += bytes.size();
    const bool may_go_on = http1::take(p.state, p.hooks, bytes.substr(0, room));
    if (p.is_whole) return p.is_right ? state::whole : state::wrong;
    if (!may_go_on) return state::wrong;
    if (p.taken < longest_request_head) return state::more;
    return p.has_target ? state::long_headers : state::long_target;
}

const request_head& request_reader::head() const {
    return parser_->head;
}

std::string token_in(std::string_view authorization) {
    if (const std::string_view token = after_scheme(authorization, "bearer"); !token.empty())
        return std::string{token};
    const std::string credentials = from_base64(after_scheme(authorization, "basic"));
    return credentials.substr(std::min(credentials.find(':'), credentials.size() - 1) + 1);
}

}  // namespace p2p
