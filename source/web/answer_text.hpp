// An answer as it is sent: HTTP/1.1, on a connection that ends behind it.
#pragma once

#include "web/answer.hpp"

#include <ctime>
#include <string>
#include <string_view>

namespace p2p {

/// The status line and the headers, of what has no end that is known.
std::string head_of_stream(std::string_view type, std::time_t now);

/// `with_body`: HEAD is answered as GET is, down to the length of the body, but without it.
std::string text_of(const web_answer& answer, std::time_t now, bool with_body = true);

}  // namespace p2p
