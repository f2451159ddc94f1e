#include "core/set/link.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace p2p;

namespace {

/// 00112233...: an id that shows which digit went where.
const std::string id_digits = "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef";

file_set_id some_id() {
    return file_set_id::from_hex(id_digits).value();
}

p2p::link read(const std::string& text) {
    const auto parsed = parse_link(text);
    REQUIRE_MESSAGE(parsed, parsed.error());
    return *parsed;
}

std::string error_of(const std::string& text) {
    const auto parsed = parse_link(text);
    return parsed ? "" : parsed.error();
}

std::string with_trackers(std::size_t count) {
    std::string text = "p2p://t";
    for (std::size_t i = 1; i < count; ++i) text += ",t";
    return text + "/" + id_digits;
}

/// Letters, digits and signs that no shell gives a meaning to in the middle of a word; of brackets it takes
/// those that match no file as they are.
bool needs_no_quoting(const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        const std::string_view harmless = ":/,%-._~[]";
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               harmless.find(c) != std::string_view::npos;
    });
}

}  // namespace

TEST_CASE("a link names its trackers, its id and its name") {
    const p2p::link parsed = read("p2p://10.0.0.7:5200,backup.example/" + id_digits + "/data");
    CHECK(parsed.trackers == std::vector<endpoint>{{"10.0.0.7", 5200}, {"backup.example", 5100}});
    CHECK(parsed.id == some_id());
    CHECK(parsed.name == "data");
}

TEST_CASE("a link is written with every port and only what is harmless in its name") {
    const p2p::link written{{{"10.0.0.7", 5100}, {"::1", 7}}, some_id(), "my data/(1)"};
    CHECK(written.to_string() == "p2p://10.0.0.7:5100,[::1]:7/" + id_digits + "/my%20data%2F%281%29");
}

TEST_CASE("a link without a name ends with its id, and may have a slash behind it") {
    const p2p::link nameless{{{"t", 1}}, some_id(), ""};
    CHECK(nameless.to_string() == "p2p://t:1/" + id_digits);
    CHECK(read("p2p://t:1/" + id_digits) == nameless);
    CHECK(read("p2p://t:1/" + id_digits + "/") == nameless);
}

TEST_CASE("what is written is read back the same and needs no quoting") {
    for (const std::string name : {"", "data", "my data", "100% $HOME `x` \"y\" 'z'", "a~b-c.d_e",
                                   "Grüße 日本 🙂", "a&b;c|d<e>f#g?h*", "!\\", "~", "%41"}) {
        CAPTURE(name);
        const p2p::link original{
            {{"10.0.0.7", 5100}, {"fe80::1%eth0", 1}, {"a-b_c.d", 65535}}, some_id(), name};
        const std::string text = original.to_string();
        CHECK(read(text) == original);
        CHECK(read(text).to_string() == text);
        CHECK(needs_no_quoting(text));
    }
}

TEST_CASE("the scheme, the id and percent signs are read in either case") {
    std::string upper = id_digits;
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
    const p2p::link expected{{{"t", 1}}, some_id(), "n\xC3\xBC"};
    CHECK(read("p2p://t:1/" + id_digits + "/n%c3%bc") == expected);
    CHECK(read("P2P://t:1/" + upper + "/n%C3%BC") == expected);
    CHECK(read("P2p://t:1/" + upper + "/%6e%C3%bc") == expected);
}

TEST_CASE("a name that was typed in as it is will do") {
    CHECK(read("p2p://t/" + id_digits + "/my data (1)").name == "my data (1)");
    CHECK(read("p2p://t/" + id_digits + "/Grüße").name == "Grüße");
}

TEST_CASE("text that is no link at all is told what one looks like") {
    for (const std::string text :
         {"", "p2p", "p2p:", "p2p:/", "p2p:/t/x", "http://t/x", " p2p://t/x", "data", "p2q://t", "/home/x"}) {
        CAPTURE(text);
        CHECK(error_of(text) == "\"" + text + "\" is no link (expected p2p://TRACKER:PORT/ID/NAME)");
    }
}

TEST_CASE("a wrong tracker is refused") {
    for (const std::string trackers : {"", ",", "t,", ",t", "t,,u", "t:0", "t:", "t:65536", "t:x", "t u",
                                       "::1", "[::1", "u?", "t\x01", "t\xC3\xBC", "[]", "t,[::1]:"}) {
        CAPTURE(trackers);
        CHECK(error_of("p2p://" + trackers + "/" + id_digits).find(" is no address (expected ") !=
              std::string::npos);
    }
}

TEST_CASE("an id that is none is refused") {
    for (const std::string& id : {std::string{}, std::string{"x"}, id_digits.substr(1), id_digits + "0",
                                  id_digits.substr(1) + "g", " " + id_digits.substr(1)}) {
        CAPTURE(id);
        CHECK(error_of("p2p://t/" + id).find(" is no id of a file-set (expected ") != std::string::npos);
        CHECK(error_of("p2p://t/" + id + "/name") != "");
    }
    CHECK(error_of("p2p://t") != "");
    CHECK(error_of("p2p://" + id_digits) != "");
}

TEST_CASE("a name that no file-set has is refused") {
    for (const std::string name : {"a%2Fb", "a/b", "a/", "/", "..", ".", "%2e%2e", "%00", "a%00b", "a%0Ab",
                                   "%ff", "%C3", ".p2p", ".P2P", "\n", "%7F"}) {
        CAPTURE(name);
        CHECK(error_of("p2p://t/" + id_digits + "/" + name).find(" is no name of a file-set") !=
              std::string::npos);
    }
    CHECK(error_of("p2p://t/" + id_digits + "/" + std::string(101, 'x')) != "");
    CHECK(error_of("p2p://t/" + id_digits + "/" + std::string(100, 'x')) == "");
}

TEST_CASE("a percent sign without two digits behind it is refused") {
    for (const std::string name :
         {"%", "a%", "%4", "a%4", "%g1", "%1g", "%+1", "%-1", "% 1", "%%41", "%4%41"}) {
        CAPTURE(name);
        CHECK(error_of("p2p://t/" + id_digits + "/" + name).find("is no name of a link") !=
              std::string::npos);
    }
}

TEST_CASE("a link has so many trackers and no more") {
    CHECK(read(with_trackers(max_link_trackers)).trackers.size() == max_link_trackers);
    CHECK(error_of(with_trackers(max_link_trackers + 1)) == "the link names 17 trackers, more than 16");
}

TEST_CASE("an error about a link is one short printable line, whatever the text") {
    const std::string long_name = "p2p://t/" + id_digits + "/" + std::string(100'000, 'x');
    for (const std::string& text :
         {std::string(100'000, 'x'), "p2p://" + std::string(100'000, 'x'), long_name,
          "p2p://t/" + std::string(100'000, '1'), "p2p://" + std::string(100'000, ','),
          std::string{"p2p://\x1b[2J\n/x"}, std::string{"\x1b[2J\n"}}) {
        const std::string error = error_of(text);
        CHECK(error != "");
        CHECK(error.size() < 250);
        CHECK(error.find('\n') == std::string::npos);
        CHECK(error.find('\x1b') == std::string::npos);
    }
}

TEST_CASE("a link may have the secret of the swarm in it") {
    const std::string key(64, 'b');
    const std::string text = "p2p://" + key + "@10.0.0.7:5200/" + id_digits + "/data";
    const p2p::link parsed = read(text);
    REQUIRE(parsed.key);
    CHECK(parsed.key->to_hex() == key);
    CHECK(parsed.trackers == std::vector<endpoint>{{"10.0.0.7", 5200}});
    CHECK(parsed.to_string() == text);
    CHECK_FALSE(read("p2p://10.0.0.7:5200/" + id_digits).key);
}

TEST_CASE("what is wrong with a link is said without its key") {
    const std::string nearly(63, 'b');
    for (const std::string& text :
         {"p2p://" + nearly + "@t/" + id_digits, "p3p://" + nearly + "@t/" + id_digits,
          "p2p://" + nearly + "b@t:x/" + id_digits, "p2p://" + nearly + "b@t/12", "p2p://@t/" + id_digits,
          "p2p://" + nearly + "b@t@/" + id_digits, "p2p://" + nearly + "b@x@t/" + id_digits}) {
        CAPTURE(text);
        const std::string error = error_of(text);
        CHECK_FALSE(error.empty());
        CHECK(error.find("bbbb") == std::string::npos);
    }
}

TEST_CASE("keys of links are hidden in any text, and nothing else is") {
    const std::string key(64, 'b');
    const std::string stars(64, '*');
    CHECK(hide_keys("get p2p://" + key + "@t/" + id_digits + "?") ==
          "get p2p://" + stars + "@t/" + id_digits + "?");
    CHECK(hide_keys(key + "@t") == stars + "@t");
    CHECK(hide_keys("P2P://" + key.substr(0, 30)) == "P2P://" + stars.substr(0, 30));
    for (const std::string& same :
         {std::string{"p2p://10.0.0.7:5100/"} + id_digits, std::string{"me@host"}, std::string{}})
        CHECK(hide_keys(same) == same);
}
