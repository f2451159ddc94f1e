#include "core/base/utf8.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace p2p;
using namespace std::string_literals;

TEST_CASE("characters of every length are UTF-8, control characters included") {
    for (const std::string& text :
         {""s, "a\n\x7f"s, "\0"s, "\xC2\x80"s, "\xDF\xBF"s, "\xE0\xA0\x80"s, "\xED\x9F\xBF"s, "\xEE\x80\x80"s,
          "\xEF\xBF\xBF"s, "\xF0\x90\x80\x80"s, "\xF4\x8F\xBF\xBF"s, "gr\xC3\xBC\xC3\x9F dich"s}) {
        CAPTURE(text);
        CHECK(is_utf8(text));
    }
}

TEST_CASE("cut characters, long spellings, surrogates and what is beyond Unicode are no UTF-8") {
    for (const std::string& text :
         {"\x80"s, "\xBF"s, "\xC0\x80"s, "\xC1\xBF"s, "\xC3"s, "\xC3("s, "\xE0\x9F\xBF"s, "\xE2\x82"s,
          "\xED\xA0\x80"s, "\xED\xBF\xBF"s, "\xF0\x8F\xBF\xBF"s, "\xF0\x9F\x98"s, "\xF4\x90\x80\x80"s,
          "\xF5\x80\x80\x80"s, "\xFF"s, "\xFE"s, "fine, but \xE9"s}) {
        CAPTURE(text);
        CHECK_FALSE(is_utf8(text));
    }
}

TEST_CASE("the first character is its code and its length") {
    CHECK(first_character("a").code == U'a');
    CHECK(first_character("\xE2\x82\xACuro").code == 0x20AC);
    CHECK(first_character("\xE2\x82\xACuro").length == 3);
    CHECK(first_character("\xF0\x9F\x98\x80").code == 0x1F600);
    CHECK(first_character("\xFF").length == 0);
}
