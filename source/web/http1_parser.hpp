// The parser of HTTP/1 that the system has: llhttp, or where there is none http_parser, which it has grown
// from. What is called otherwise in one of them has one name here; what both call the same (http_major,
// on_url, ...) keeps it.
#pragma once

#include <string_view>

#if __has_include(<llhttp.h>)

#include <llhttp.h>

namespace p2p::http1 {

using parser = llhttp_t;
using callbacks = llhttp_settings_t;

/// Both stay where they are.
inline void begin(parser& one, callbacks& hooks) {
    llhttp_settings_init(&hooks);
    llhttp_init(&one, HTTP_REQUEST, &hooks);
}

/// Whether it may go on.
inline bool take(parser& one, const callbacks& /*known*/, std::string_view bytes) {
    return llhttp_execute(&one, bytes.data(), bytes.size()) == HPE_OK;
}

inline std::string_view method(const parser& one) {
    return llhttp_method_name(static_cast<llhttp_method_t>(one.method));
}

}  // namespace p2p::http1

#else

#include <http_parser.h>

namespace p2p::http1 {

using parser = http_parser;
using callbacks = http_parser_settings;

inline void begin(parser& one, callbacks& hooks) {
    http_parser_settings_init(&hooks);
    http_parser_init(&one, HTTP_REQUEST);
}

inline bool take(parser& one, const callbacks& hooks, std::string_view bytes) {
    http_parser_execute(&one, &hooks, bytes.data(), bytes.size());
    return HTTP_PARSER_ERRNO(&one) == HPE_OK;
}

inline std::string_view method(const parser& one) {
    return http_method_str(static_cast<http_method>(one.method));
}

}  // namespace p2p::http1

#endif
