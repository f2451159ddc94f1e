#include "web/request_head.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace p2p;
using state = request_reader::state;

namespace {

const std::string usual =
    "GET /api/v1/peers?most=5 HTTP/1.1\r\nHost: 127.0.0.1:5180\r\nX-Other: 1\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "sec-fetch-mode: cors\r\nAuthorization: Bearer abc\r\nOrigin: http://127.0.0.1:5180\r\n\r\n";

state whole(const std::string& text) {
    return request_reader{}.take(text);
}

request_head head_of(const std::string& text) {
    request_reader reader;
    CHECK_MESSAGE(reader.take(text) == state::whole, text);
    return reader.head();
}

}  // namespace

TEST_CASE("a request is read wherever it is cut") {
    for (std::size_t cut = 0; cut <= usual.size(); ++cut) {
        request_reader reader;
        if (cut < usual.size()) CHECK(reader.take(usual.substr(0, cut)) == state::more);
        CHECK(reader.take(usual.substr(cut < usual.size() ? cut : 0)) == state::whole);
        CHECK(reader.head().method == "GET");
        CHECK(reader.head().target == "/api/v1/peers?most=5");
        CHECK(reader.head().host == "127.0.0.1:5180");
        CHECK(reader.head().origin == "http://127.0.0.1:5180");
        CHECK(reader.head().fetch_site == "same-origin");
        CHECK(reader.head().fetch_mode == "cors");
        CHECK(token_in(reader.head().authorization) == "abc");
    }
}

TEST_CASE("what follows the head is not looked at") {
    CHECK(whole("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello") == state::whole);
    CHECK(whole("GET / HTTP/1.0\r\n\r\nGET / HTTP/1.1\r\n") == state::whole);
    CHECK(whole("GET / HTTP/1.1\r\nHost: a\r\n\r\n\x16\x03\x01") == state::whole);
    const request_head first =
        head_of("GET /one HTTP/1.1\r\nHost: a\r\n\r\nGET /two HTTP/1.1\r\nHost: b\r\n\r\n");
    CHECK(first.target == "/one");
    CHECK(first.host == "a");
}

TEST_CASE("a head has blanks around its values, and an address may be whole") {
    CHECK(head_of("GET / HTTP/1.1\r\nHost: \t a \t \r\n\r\n").host == "a");
    CHECK(head_of("GET / HTTP/1.1\r\nX:\r\nHost:a\r\nOrigin:\r\n\r\n").host == "a");
    const request_head whole_address = head_of("GET HTTP://b:80/x?y HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(whole_address.target == "/x?y");
    CHECK(whole_address.host == "b:80");
    CHECK(head_of("GET http://b HTTP/1.1\r\nHost: a\r\n\r\n").target == "/");
    CHECK(head_of("GET http://b?x HTTP/1.1\r\nHost: a\r\n\r\n").target == "/?x");
}

TEST_CASE("HTTP/1.1 says which host it is for, HTTP/1.0 may, and there is no other") {
    CHECK(whole("GET / HTTP/1.1\r\n\r\n") == state::wrong);
    CHECK(whole("GET / HTTP/1.1\r\nHost:\r\n\r\n") == state::whole);
    CHECK(whole("GET / HTTP/1.0\r\n\r\n") == state::whole);
    for (const std::string version : {"0.9", "1.2", "2.0", "3.0", "11.1", "1", "x.y", ""})
        CHECK_MESSAGE(whole("GET / HTTP/" + version + "\r\nHost: a\r\n\r\n") == state::wrong, version);
    CHECK(whole("GET /\r\n\r\n") == state::wrong);
}

TEST_CASE("what is no request, is endless, or says twice who is asked, is wrong") {
    CHECK(whole("hello\r\n\r\n") == state::wrong);
    CHECK(whole(std::string("GET /\0 HTTP/1.1\r\n\r\n", 19)) == state::wrong);
    CHECK(whole("\x16\x03\x01") == state::wrong);
    CHECK(whole("GET /" + std::string(longest_request_head, 'a')) == state::long_target);
    CHECK(whole("GET / HTTP/1.1\r\nX: " + std::string(longest_request_head, 'a')) == state::long_headers);
    CHECK(whole("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n") == state::wrong);
    CHECK(whole("GET / HTTP/1.1\r\nHost:\r\nHost: b\r\n\r\n") == state::wrong);
    CHECK(whole("GET / HTTP/1.1\r\nHost : a\r\n\r\n") == state::wrong);
    CHECK(whole("GET / HTTP/1.1\r\nHost: a\x01\r\n\r\n") == state::wrong);
    CHECK(whole("GET / HTTP/1.1\r\nHost: a\r\nOrigin: b\r\norigin: c\r\n\r\n") == state::wrong);
    request_reader slow;
    std::size_t taken = 0;
    while (slow.take("X") == state::more) ++taken;
    CHECK(taken < longest_request_head);
}

TEST_CASE("a token is that of a bearer, or the password of any user") {
    CHECK(token_in("Bearer abc") == "abc");
    CHECK(token_in("bearer  abc") == "abc");
    CHECK(token_in("Basic YW5uYTphYmM=") == "abc");  // anna:abc
    CHECK(token_in("basic YW5uYTphOmI=") == "a:b");  // anna:a:b
    CHECK(token_in("Basic OmFiYw==") == "abc");      // :abc
    for (const char* text :
         {"", "Bearer", "Bearer ", "Basic", "Basic YW5uYQ==", "Basic !", "Basic =", "Digest abc", "abc"})
        CHECK_MESSAGE(token_in(text) == "", text);
}
