#include "web/request_head.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <http_parser.h>
#include <utility>

namespace p2p {

namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_same_word(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, lower, lower);
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
        http_parser_init(&state, HTTP_REQUEST);
        http_parser_settings_init(&told);
        state.data = this;
        told.on_url = [](http_parser* of, const char* at, std::size_t length) {
            self(of).head.target.append(at, length);
            return 0;
        };
        told.on_header_field = [](http_parser* of, const char* at, std::size_t length) {
            self(of).name_goes_on({at, length});
            return 0;
        };
        told.on_header_value = [](http_parser* of, const char* at, std::size_t length) {
            self(of).value.append(at, length);
            self(of).has_value = true;
            return 0;
        };
        told.on_headers_complete = [](http_parser* of) {
            self(of).end_header();
            self(of).is_whole = true;
            return 1;  // nobody asks what the body is
        };
    }
    static parser& self(http_parser* of) { return *static_cast<parser*>(of->data); }

    void name_goes_on(std::string_view piece) {
        if (has_value) end_header();
        name.append(piece);
    }

    void end_header() {
        const std::array<std::pair<std::string_view, std::string*>, 6> wanted{
            {{"host", &head.host},
             {"origin", &head.origin},
             {"sec-fetch-site", &head.fetch_site},
             {"sec-fetch-mode", &head.fetch_mode},
             {"sec-fetch-dest", &head.fetch_dest},
             {"authorization", &head.authorization}}};
        for (const auto& [known, into] : wanted) {
            if (!is_same_word(name, known)) continue;
            if (!into->empty()) says_twice = true;
            *into = value;
        }
        name.clear();
        value.clear();
        has_value = false;
    }

    http_parser state{};
    http_parser_settings told{};
    request_head head;
    std::string name;
    std::string value;
    std::size_t taken = 0;
    bool has_value = false;
    bool is_whole = false;
    bool says_twice = false;
};

request_reader::request_reader() : parser_(std::make_unique<parser>()) {}
request_reader::~request_reader() = default;

request_reader::state request_reader::take(std::string_view bytes) {
    parser& p = *parser_;
    const std::size_t room = longest_request_head - std::min(p.taken, longest_request_head);
    p.taken += bytes.size();
    http_parser_execute(&p.state, &p.told, bytes.data(), std::min(bytes.size(), room));
    if (p.is_whole) {
        p.head.method = http_method_str(static_cast<http_method>(p.state.method));
        return p.says_twice ? state::wrong : state::whole;
    }
    return HTTP_PARSER_ERRNO(&p.state) == HPE_OK && p.taken < longest_request_head ? state::more
                                                                                   : state::wrong;
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
