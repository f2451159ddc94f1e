#include "core/hosts/web_target.hpp"

#include <doctest/doctest.h>

using namespace p2p;

namespace {

using words = std::vector<std::string>;

web_target parsed(std::string_view text) {
    return parse_web_target(text).value();
}

}  // namespace

TEST_CASE("an address is taken apart at its slashes, and each part is decoded after that") {
    CHECK(parsed("/").path == words{});
    CHECK(parsed("/api/v1/peers").path == words{"api", "v1", "peers"});
    CHECK(parsed("//api/v1//").path == words{"api", "v1"});
    CHECK(parsed("/a%2Fb/%C3%A9%20").path == words{"a/b", "é "});
    CHECK(parsed("/a#b?c=d") == parsed("/a"));
}

TEST_CASE("what is asked for besides has names and values") {
    const web_target asked = parsed("/x?watch=%2Fa%3Fb%3Dc&most=20&watch=/d&empty=&alone");
    CHECK(asked.all("watch") == words{"/a?b=c", "/d"});
    CHECK(asked.number("most", 7, 100) == 20);
    CHECK(asked.number("most", 7, 10) == 10);
    CHECK(asked.number("empty", 7, 100) == 7);
    CHECK(asked.number("absent", 7, 100) == 7);
    CHECK(asked.all("alone") == words{""});
    for (const std::string number : {"-1", "1x", "99999999999999999999", "%201"})
        CHECK(parsed("/?most=" + number).number("most", 7, 100) == 7);
}

TEST_CASE("a number is none where something else, or more than one, is called so") {
    CHECK(parsed("/?most=20&x=y").is_number_if_any("most"));
    CHECK(parsed("/?x=y").is_number_if_any("most"));
    for (const std::string query : {"most=", "most", "most=-1", "most=1x", "most=1&most=1", "most=1&most=x"})
        CHECK_FALSE_MESSAGE(parsed("/?" + query).is_number_if_any("most"), query);
}

TEST_CASE("what is no address is none") {
    for (const char* text :
         {"", "api", "http://host/", "*", "/%", "/%4", "/%zz", "/?a=%", "/?%=a", "/a b", "/a\n", "/\x7f"})
        CHECK_FALSE_MESSAGE(parse_web_target(text).has_value(), text);
}
