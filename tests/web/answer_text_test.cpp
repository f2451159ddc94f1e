#include "web/answer_text.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace p2p;

namespace {

constexpr std::time_t then = 784'111'777;  // the example of RFC 9110, section 5.6.7

bool has_line(const std::string& text, const std::string& line) {
    return text.find("\r\n" + line + "\r\n") != std::string::npos;
}

std::string line_of(int status) {
    const std::string text = text_of(refused(status, "no"), then);
    return text.substr(0, text.find('\r'));
}

}  // namespace

TEST_CASE("an answer says what it is, how long it is, when it was made, and that the connection ends") {
    const std::string text = text_of({200, "text/plain", "hello"}, then);
    CHECK(text.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(text.ends_with("\r\n\r\nhello"));
    for (const char* line : {"Date: Sun, 06 Nov 1994 08:49:37 GMT", "Content-Type: text/plain",
                             "Content-Length: 5", "Connection: close"})
        CHECK_MESSAGE(has_line(text, line), line);
}

TEST_CASE("whoever asks for the head alone is told all but the body") {
    const web_answer answer{200, "text/plain", "hello"};
    CHECK(text_of(answer, then, false) + "hello" == text_of(answer, then));
}

TEST_CASE("what has no end that is known has no length") {
    const std::string head = head_of_stream("text/event-stream", then);
    CHECK(head.find("Content-Length") == std::string::npos);
    CHECK(has_line(head, "Content-Type: text/event-stream"));
    CHECK(head.ends_with("\r\n\r\n"));
}

TEST_CASE("a status is called as the standard calls it, and comes with what belongs to it") {
    for (const char* line :
         {"400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found", "405 Method Not Allowed",
          "414 URI Too Long", "421 Misdirected Request", "431 Request Header Fields Too Large",
          "500 Internal Server Error", "503 Service Unavailable"})
        CHECK(line_of(std::stoi(line)) == std::string{"HTTP/1.1 "} + line);
    CHECK(line_of(599) == "HTTP/1.1 599 ");  // a status without a name is allowed
    CHECK(has_line(text_of(refused(401, ""), then), "WWW-Authenticate: Basic realm=\"p2p\""));
    CHECK(has_line(text_of(refused(405, ""), then), "Allow: GET, HEAD"));
    CHECK(has_line(text_of(refused(503, ""), then), "Retry-After: 1"));
}
