#include "web/answer_text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace p2p {

namespace {

struct status {
    int code = 0;
    std::string_view reason;     ///< RFC 9110, section 15; RFC 6585 for 431
    std::string_view headers{};  ///< that come with it
};

constexpr std::array all_statuses{status{200, "OK"},
                                  status{400, "Bad Request"},
                                  status{401, "Unauthorized", "WWW-Authenticate: Basic realm=\"p2p\"\r\n"},
                                  status{403, "Forbidden"},
                                  status{404, "Not Found"},
                                  status{405, "Method Not Allowed", "Allow: GET, HEAD\r\n"},
                                  status{414, "URI Too Long"},
                                  status{421, "Misdirected Request"},
                                  status{431, "Request Header Fields Too Large"},
                                  status{500, "Internal Server Error"},
                                  status{503, "Service Unavailable", "Retry-After: 1\r\n"}};

status status_of(int code) {
    const auto* const known = std::ranges::find(all_statuses, code, &status::code);
    return known == all_statuses.end() ? status{code, ""} : *known;
}

std::string head_of(int code, std::string_view type, std::time_t now, std::string_view more) {
    const status one = status_of(code);
    return fmt::format(
        "HTTP/1.1 {} {}\r\n"
        "Date: {:%a, %d %b %Y %H:%M:%S} GMT\r\n"
        "Content-Type: {}\r\n"
        "Connection: close\r\n"
        "Cache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Referrer-Policy: no-referrer\r\n"
        "Cross-Origin-Resource-Policy: same-origin\r\n"
        "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
        "{}{}\r\n",
        one.code, one.reason, fmt::gmtime(now), type, one.headers, more);
}

}  // namespace

std::string head_of_stream(std::string_view type, std::time_t now) {
    return head_of(200, type, now, "");
}

std::string text_of(const web_answer& answer, std::time_t now, bool with_body) {
    const std::string length = fmt::format("Content-Length: {}\r\n", answer.body.size());
    std::string text = head_of(answer.status, answer.type, now, length);
    return with_body ? text + answer.body : text;
}

}  // namespace p2p
