#include "protocol/control.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace p2p;

TEST_CASE("a request that is written and read says the same") {
    const std::vector<std::pair<control::request, std::string>> table{
        {control::status{}, R"({"type":"status"})"},
        {control::peers{}, R"({"type":"peers"})"},
        {control::chunks{"my set"}, R"({"type":"chunks","fileset":"my set"})"},
        {control::add{"p2p://h/1", "/data/a b"},
         R"({"type":"add","link":"p2p://h/1","destination":"/data/a b"})"},
        {control::pause{}, R"({"type":"pause"})"},
        {control::resume{"a"}, R"({"type":"resume","fileset":"a"})"},
        {control::remove{"a"}, R"({"type":"remove","fileset":"a"})"},
        {control::limit{.up = 0}, R"({"type":"limit","up":0})"},
        {control::limit{.up = 5, .down = 7}, R"({"type":"limit","up":5,"down":7})"},
        {control::log{"debug"}, R"({"type":"log","level":"debug"})"},
        {control::stop{}, R"({"type":"stop"})"},
    };
    for (const auto& [what, line] : table) {
        CAPTURE(line);
        CHECK(control::to_line(what) == line + "\n");
        const auto read = control::read_request(line);
        REQUIRE(read);
        CHECK(control::to_line(*read) == line + "\n");
    }
}

TEST_CASE("a line that is no request is refused with what is wrong") {
    const std::vector<std::pair<std::string, std::string>> table{
        {"", "no JSON object"},
        {"[]", "no JSON object"},
        {R"({"type":"status")", "no JSON object"},
        {R"({})", R"("type" must be text)"},
        {R"({"type":7})", R"("type" must be text)"},
        {R"({"type":"dance"})", R"(no message has the type "dance" here)"},
        {R"({"type":"add"})", R"(add: "link" is missing)"},
        {R"({"type":"add","link":7})", R"(add: "link" must be text)"},
        {R"({"type":"add","link":"p2p://h/1","destination":{}})", R"(add: "destination" must be text)"},
        {R"({"type":"pause","fileset":[]})", R"(pause: "fileset" must be text)"},
        {R"({"type":"remove"})", R"(remove: "fileset" is missing)"},
        {R"({"type":"limit"})", R"(limit: "up" or "down" is missing)"},
        {R"({"type":"limit","up":-1})",
         R"(limit: "up" must be a whole number from 0 to 18446744073709551615)"},
        {R"({"type":"limit","up":1.5})", R"(limit: "up" must be a whole number)"},
        {R"({"type":"limit","up":1e999})", R"(limit: "up" must be a whole number)"},
        {R"({"type":"limit","up":5,"down":"fast"})", R"(limit: "down" must be a whole number)"},
        {R"({"type":"log","level":3})", R"(log: "level" must be text)"},
        {R"({"type":"status","x":[[[[[[[[]]]]]]]]})", "nested more than 8 levels deep"},
    };
    for (const auto& [line, why] : table) {
        CAPTURE(line);
        const auto read = control::read_request(line);
        REQUIRE_FALSE(read);
        CHECK_MESSAGE(read.error().find(why) != std::string::npos, read.error());
    }
    CHECK_FALSE(control::read_request(std::string(60'000, '[')));
}

TEST_CASE("fields of a request that nobody knows are ignored, whatever they are") {
    for (const std::string field : {"7", "1e999", "[[1e999]]", "{\"y\":null}"})
        CHECK(control::read_request(R"({"type":"limit","x":)" + field + R"(,"up":5})"));
}

TEST_CASE("an answer that is written and read says the same") {
    control::set_status set;
    set.now = {.what = activity::kind::paused,
               .name = "a",
               .done = 3,
               .total = 9,
               .received = 5,
               .sent = 1,
               .peers = 2};
    set.id = "ab";
    set.chunks = 8;
    set.chunks_present = 4;
    set.received_per_second = 1.5;
    set.has_tracker = true;
    const std::vector<control::answer> all{
        control::whole_status{"alice", 6001, 0, 100, {set}},
        control::connected_peers{{{"a", "bob at 10.0.0.7:6001", 3, 8, 2, 100, 200}}},
        control::all_chunks{{{"a", 8, chunk_set::parse("1-3,8", 8).value(), {}, {}}}},
        control::done{},
        control::refused{2, "no"},
    };
    for (const control::answer& one : all) {
        const std::string line = control::to_line(one);
        CAPTURE(line);
        const auto read = control::read_answer(line);
        REQUIRE(read);
        CHECK(control::to_line(*read) == line);
    }
    CHECK_FALSE(
        control::read_answer(R"({"type":"chunks","filesets":[{"fileset":"a","chunks":4294967295}]})"));
    CHECK_FALSE(control::read_answer(
        R"({"type":"chunks","filesets":[{"fileset":"a","chunks":3,"present":"1-9","offered":"","disputed":""}]})"));
}
