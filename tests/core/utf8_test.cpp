#include "core/base/utf8.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>

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

TEST_CASE("a text takes as many columns as a terminal shows it in, or one more") {
    const std::pair<std::string, std::size_t> known[] = {
        {"", 0},
        {"plain", 5},
        {"Gr\xC3\xBC\xC3\x9F"
         "e",
         5},
        {"\xE4\xB8\xAD\xE6\x96\x87", 4},  // two Chinese characters
        {"\xEF\xBC\xA1", 2},              // a wide A
        {"\xEA\xB0\x80", 2},              // a Korean syllable
        {"\xF0\x9F\x98\x80", 2},          // a face
        {"e\xCC\x81", 1},                 // an accent on the e
        {"a\xE2\x80\x8D"
         "b",
         2},                              // a joiner between them
        {"\xE2\x9D\xA4\xEF\xB8\x8F", 2},  // a heart, as a picture
        {"\xE0\xA4\x95\xE0\xA4\xBE", 2},  // a vowel beside its consonant
        {"\xF3\xB0\x80\x80", 1},          // of private use
        {"\xCD\xB8", 2},                  // not in Unicode yet
        {"\xFF\xE2\x82", 3},
        {"\x1B", 2},
    };
    for (const auto& [text, columns] : known) {
        CAPTURE(text);
        CHECK(columns_of(text) == columns);
    }
}

TEST_CASE("texts that differ only in case or in how they are spelt are folded to the same") {
    const std::pair<std::string, std::string> same[] = {
        {"README", "readme"},
        {"Ärger", "ärger"},
        {"\xC3\xA9", "e\xCC\x81"},  // é
        {"\xC3\x89", "e\xCC\x81"},  // É
        {"Straße", "STRASSE"},
        {"STRAẞE", "strasse"},
        {"ΟΔΟΣ", "οδος"},
        {"οδος", "οδοσ"},
        {"ı", "I"},
        {"\xE2\x84\xAA", "k"},  // the sign of Kelvin
        {"ﬁ", "FI"},
        {"a\xC2\xAD"
         "b",
         "ab"},  // a hyphen that is not shown
    };
    for (const auto& [one, other] : same) {
        CAPTURE(one);
        CHECK(folded(one) == folded(other));
    }
}

TEST_CASE("texts that differ otherwise are folded to what differs, and what is no text is left as it is") {
    for (const auto& [one, other] :
         {std::pair{"a", "ä"}, {"é", "è"}, {"o", "ø"}, {"İ", "i"}, {"а", "a"}, {"a b", "ab"}})
        CHECK_MESSAGE(folded(one) != folded(other), one);
    CHECK(folded("") == "");
    CHECK(folded("A\xFF") == "A\xFF");
    CHECK(folded("\0A"s) == "\0a"s);
}
