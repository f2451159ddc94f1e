// The head of an HTTP request, from its bytes: a library reads them (http1_parser.hpp), and what is not
// wanted is refused. Has no socket.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace p2p {

/// Bytes of the request line and all headers together.
inline constexpr std::size_t longest_request_head = std::size_t{16} * 1024;

struct request_head {
    std::string method;
    std::string target;  ///< from its path on, also where a whole address was asked for
    // Headers; what is not there is empty.
    std::string host;  ///< that of the address, where a whole one was asked for
    std::string origin;
    std::string fetch_site;
    std::string fetch_mode;
    std::string fetch_dest;
    std::string authorization;
};

class request_reader {
public:
    request_reader();
    ~request_reader();

    enum class state { more, whole, wrong, long_target, long_headers };
    /// What has come, in pieces of any size. `wrong`: it is no request of HTTP/1.0 or 1.1, says twice what
    /// may be said once, or does not say which host it is for, as HTTP/1.1 has to. What follows a whole head
    /// is not looked at.
    state take(std::string_view bytes);

    /// Once it is whole.
    const request_head& head() const;

private:
    struct parser;
    std::unique_ptr<parser> parser_;
};

/// Of a header Authorization: the token of a bearer, or the password of any user; empty: neither.
std::string token_in(std::string_view authorization);

}  // namespace p2p
