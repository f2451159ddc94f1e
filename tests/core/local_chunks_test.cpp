#include "core/chunks/local_chunks.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>

using namespace p2p;

namespace {

/// "LINE: message", or "" where the text is right.
std::string error_of(const std::string& text) {
    const auto parsed = parse_local_chunks(text);
    return parsed ? "" : std::to_string(parsed.error().line) + ": " + parsed.error().message;
}

const chunk_listing example{5, {{{1}, "part_one.bin"}, {{3}, "chunk_3"}}};

}  // namespace

TEST_CASE("a listing names the chunks that are there, and the count of all") {
    CHECK(parse_local_chunks("1,part_one.bin\n3,chunk_3\n5,LASTCHUNK\n") == example);
}

TEST_CASE("a folder may have no chunk yet") {
    CHECK(parse_local_chunks("5,LASTCHUNK\n") == chunk_listing{5, {}});
}

TEST_CASE("other ends of lines, blank lines and a byte order mark do not matter") {
    for (const std::string text :
         {"1,part_one.bin\r\n3,chunk_3\r\n5,LASTCHUNK\r\n", "1,part_one.bin\n3,chunk_3\n5,LASTCHUNK",
          "1,part_one.bin\n3,chunk_3\n5,LASTCHUNK\r",
          "\n\n1,part_one.bin\n \t\r\n3,chunk_3\n\r\n5,LASTCHUNK\n\n\r\n",
          "\xEF\xBB\xBF"
          "1,part_one.bin\n3,chunk_3\n5,LASTCHUNK\n"}) {
        CAPTURE(text);
        CHECK(parse_local_chunks(text) == example);
    }
}

TEST_CASE("chunks may be listed in any order") {
    CHECK(parse_local_chunks("3,chunk_3\n1,part_one.bin\n5,LASTCHUNK\n") == example);
}

TEST_CASE("a file name is everything after the first comma") {
    const auto parsed = parse_local_chunks("1,a,b c, d\n2, x \n3,sub/file\n3,LASTCHUNK\n");
    REQUIRE(parsed);
    CHECK(parsed->names.at({1}) == "a,b c, d");
    CHECK(parsed->names.at({2}) == " x ");
    CHECK(parsed->names.at({3}) == "sub/file");
}

TEST_CASE("an error names its line and says what is wrong") {
    const std::pair<std::string, std::string> known[] = {
        {"", "0: the last line, COUNT,LASTCHUNK, is missing"},
        {"\n\n", "0: the last line, COUNT,LASTCHUNK, is missing"},
        {"\xEF\xBB\xBF", "0: the last line, COUNT,LASTCHUNK, is missing"},
        {"1,a\n2,b\n", "0: the last line, COUNT,LASTCHUNK, is missing"},
        {"5,lastchunk\n", "0: the last line, COUNT,LASTCHUNK, is missing"},
        {"abc\n", "1: expected INDEX,FILENAME but found \"abc\""},
        {"1,a\n\nabc\n3,LASTCHUNK\n", "3: expected INDEX,FILENAME but found \"abc\""},
        {",a\n", "1: expected INDEX,FILENAME but found \",a\""},
        {"1,\n", "1: expected INDEX,FILENAME but found \"1,\""},
        {"x,a\n", "1: expected INDEX,FILENAME but found \"x,a\""},
        {"-1,a\n", "1: expected INDEX,FILENAME but found \"-1,a\""},
        {"+1,a\n", "1: expected INDEX,FILENAME but found \"+1,a\""},
        {" 1,a\n", "1: expected INDEX,FILENAME but found \" 1,a\""},
        {"1 ,a\n", "1: expected INDEX,FILENAME but found \"1 ,a\""},
        {"1.5,a\n", "1: expected INDEX,FILENAME but found \"1.5,a\""},
        {"1;a\n", "1: expected INDEX,FILENAME but found \"1;a\""},
        {"LASTCHUNK\n", "1: expected INDEX,FILENAME but found \"LASTCHUNK\""},
        {",LASTCHUNK\n", "1: expected INDEX,FILENAME but found \",LASTCHUNK\""},
        {"1\xEF\xBB\xBF,a\n", "1: expected INDEX,FILENAME but found \"1\xEF\xBB\xBF,a\""},
        {"0,a\n", "1: index 0 is no chunk: indices start at 1"},
        {"16777217,a\n", "1: the index is over the limit of 16777216 chunks"},
        {"4294967297,a\n", "1: the index is over the limit of 16777216 chunks"},
        {"99999999999999999999999,a\n", "1: the index is over the limit of 16777216 chunks"},
        {"1,a\n2,b\n1,c\n", "3: index 1 is listed twice"},
        {"0,LASTCHUNK\n", "1: the count is 0 but a file-set has at least one chunk"},
        {"16777217,LASTCHUNK\n", "1: the count is over the limit of 16777216 chunks"},
        {"4294967297,LASTCHUNK\n", "1: the count is over the limit of 16777216 chunks"},
        {"5,LASTCHUNK\n6,LASTCHUNK\n", "2: nothing may follow the LASTCHUNK line but found \"6,LASTCHUNK\""},
        {"5,LASTCHUNK\n1,a\n", "2: nothing may follow the LASTCHUNK line but found \"1,a\""},
        {"1,../a\n", "1: the file name \"../a\" has a \"..\" in its path"},
        {"1,/etc/passwd\n", "1: the file name \"/etc/passwd\" is absolute"},
        {"1,a\tb\n", "1: the file name \"a?b\" has a control character"},
        {"1,local_chunks.txt\n", "1: the file name \"local_chunks.txt\" is one of the program's own"},
    };
    for (const auto& [text, error] : known) {
        CAPTURE(text);
        CHECK(error_of(text) == error);
    }
}

TEST_CASE("an index over the count is found though the count comes last, and its own line is named") {
    CHECK(error_of("1,a\n\n9,b\n2,c\n5,LASTCHUNK\n") == "3: index 9 is over the count of 5");
    CHECK(error_of("\xEF\xBB\xBF"
                   "6,a\r\n5,LASTCHUNK") == "1: index 6 is over the count of 5");
    CHECK(error_of("5,a\n5,LASTCHUNK\n") == "");
}

TEST_CASE("an error is short and printable, whatever the text") {
    CHECK(error_of(std::string(1'000'000, 'x')).size() < 200);
    CHECK(error_of("1," + std::string(1'000'000, 'x')).size() < 200);
    CHECK(error_of("\x1b[2J") == "1: expected INDEX,FILENAME but found \"?[2J\"");
    CHECK(error_of(std::string("\0", 1)) == "1: expected INDEX,FILENAME but found \"?\"");
}

TEST_CASE("the highest count is taken") {
    CHECK(parse_local_chunks("16777216,a\n16777216,LASTCHUNK\n") ==
          chunk_listing{max_chunk_count, {{{max_chunk_count}, "a"}}});
}

TEST_CASE("a listing is written in order and read back the same") {
    CHECK(format_local_chunks(example) == "1,part_one.bin\n3,chunk_3\n5,LASTCHUNK\n");
    CHECK(format_local_chunks({7, {}}) == "7,LASTCHUNK\n");
    CHECK(parse_local_chunks(format_local_chunks(example)) == example);
}

TEST_CASE("names of files inside the folder are safe") {
    for (const std::string name :
         {"a", "chunk_1", "sub/a", "a b", "...", "..a", "a..", ".hidden", "-x", "~", "a\\b", "sub/.p2p",
          "sub/local_chunks.txt", "local_chunks.txt2", "LASTCHUNK2", "\xFF", "C:"}) {
        CAPTURE(name);
        CHECK(why_unsafe(name) == "");
    }
    CHECK(why_unsafe(std::string(255, 'a')) == "");
    CHECK(why_unsafe(std::string(255, 'a') + "/" + std::string(255, 'b')) == "");
}

TEST_CASE("a name that is no plain path inside the folder is unsafe, and it is said why") {
    const std::pair<std::string, std::string> known[] = {
        {"", "is empty"},
        {"/", "is absolute"},
        {"/a", "is absolute"},
        {"//a", "is absolute"},
        {"a//b", "has an empty part"},
        {"a/", "has an empty part"},
        {".", "has a \".\" in its path"},
        {"..", "has a \"..\" in its path"},
        {"./a", "has a \".\" in its path"},
        {"a/./b", "has a \".\" in its path"},
        {"../a", "has a \"..\" in its path"},
        {"a/../b", "has a \"..\" in its path"},
        {"a/..", "has a \"..\" in its path"},
        {std::string("a\0b", 3), "has a control character"},
        {"a\nb", "has a control character"},
        {"a\x1b", "has a control character"},
        {"a\x7f", "has a control character"},
        {"local_chunks.txt", "is one of the program's own"},
        {"LASTCHUNK", "is one of the program's own"},
        {".p2p", "is one of the program's own"},
        {".p2p-local_chunks.txt.tmp", "is one of the program's own"},
        {".p2p/a", "is one of the program's own"},
        {std::string(256, 'a'), "has a part of more than 255 bytes"},
        {"a/" + std::string(256, 'b'), "has a part of more than 255 bytes"},
    };
    for (const auto& [name, reason] : known) {
        CAPTURE(name);
        CHECK(why_unsafe(name) == reason);
    }
}

TEST_CASE("a long name of short parts is unsafe over 4096 bytes") {
    std::string name = "a";
    while (name.size() + 2 <= 4096) name += "/a";
    CHECK(why_unsafe(name) == "");
    CHECK(why_unsafe(name + "aa") == "is longer than 4096 bytes");
}

TEST_CASE("a fetched chunk is stored under its index") {
    CHECK(stored_name(example, {4}) == "chunk_4");
    CHECK(stored_name(example, {3}) == "chunk_3");
}

TEST_CASE("a fetched chunk never takes the name of another") {
    const chunk_listing taken{
        9,
        {{{1}, "chunk_2"}, {{3}, "chunk_2_"}, {{4}, "chunk_5/x"}, {{6}, "chunk_77"}, {{8}, "sub/chunk_9"}}};
    CHECK(stored_name(taken, {2}) == "chunk_2__");
    CHECK(stored_name(taken, {5}) == "chunk_5_");
    CHECK(stored_name(taken, {7}) == "chunk_7");
    CHECK(stored_name(taken, {9}) == "chunk_9");
}
