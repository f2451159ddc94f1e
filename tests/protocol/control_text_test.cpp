#include "protocol/control_text.hpp"

#include "core/base/utf8.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace p2p;

namespace {

std::string line_of(std::string_view command) {
    const auto what = control::read_command(command);
    if (!what) return what.error();
    return *what ? control::to_line(**what) : "nothing";
}

std::vector<std::string> lines_in(const std::string& text) {
    std::vector<std::string> all;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        all.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return all;
}

using words = std::vector<std::string>;

}  // namespace

TEST_CASE("what people type is a request") {
    const std::vector<std::pair<std::string, std::string>> table{
        {"status", R"({"type":"status"})"},
        {"  peers \r", R"({"type":"peers"})"},
        {"chunks big", R"({"type":"chunks","fileset":"big"})"},
        {R"(pause "my set")", R"({"type":"pause","fileset":"my set"})"},
        {R"(add p2p://h/1 "a \"b\"")", R"({"type":"add","link":"p2p://h/1","destination":"a \"b\""})"},
        {"limit up 2MiB/s", R"({"type":"limit","up":2097152})"},
        {"limit down 20Mbit", R"({"type":"limit","down":2500000})"},
        {"limit up off", R"({"type":"limit","up":0})"},
        {"log debug", R"({"type":"log","level":"debug"})"},
        {"quit", R"({"type":"stop"})"},
    };
    for (const auto& [command, line] : table) {
        CAPTURE(command);
        CHECK(line_of(command) == line + "\n");
    }
    CHECK(line_of("") == "nothing");
    CHECK(line_of(" \t") == "nothing");
    CHECK(line_of("help") == "nothing");
}

TEST_CASE("what cannot be meant is answered with what can") {
    CHECK(line_of("stauts") == "there is no command stauts, did you mean status? (help lists all)");
    CHECK(line_of("dance \x1B[2J") == "there is no command dance (help lists all)");
    CHECK(line_of("add") == "usage: add LINK [DEST]");
    CHECK(line_of("add a b c") == "usage: add LINK [DEST]");
    CHECK(line_of("status now") == "usage: status");
    CHECK(line_of("limit sideways 1MiB/s") == "limit: up or down?");
    CHECK(line_of("limit up fast").find("fast") != std::string::npos);
    CHECK(line_of("log loud").find("there is no log level loud") == 0);
}

TEST_CASE("every command is in the help, with what it takes") {
    const std::string help = control::commands_help();
    for (const char* const usage :
         {"status ", "add LINK [DEST] ", "limit up|down RATE ", "remove SET ", "quit "})
        CHECK_MESSAGE(help.find(usage) != std::string::npos, usage);
    for (const std::string& line : lines_in(help)) CHECK_MESSAGE(line.size() < 80, line);
}

TEST_CASE("a word that is begun is completed with what can stand there") {
    const words sets{"music", "my set"};
    CHECK(control::completions("", sets).size() == lines_in(control::commands_help()).size());
    CHECK(control::completions("re", sets) == words{"remove", "resume"});
    CHECK(control::completions("limit ", sets) == words{"up", "down"});
    CHECK(control::completions("limit up o", sets) == words{"off"});
    CHECK(control::completions("log de", sets) == words{"debug"});
    CHECK(control::completions("pause mu", sets) == words{"music"});
    CHECK(control::completions("remove ", sets) == words{"music", "\"my set\""});
    CHECK(control::completions("status ", sets).empty());
    CHECK(control::completions("dance ", sets).empty());
}

TEST_CASE("a list that is longer than the window is cut, with a count of the rest") {
    control::connected_peers all;
    for (int i = 0; i < 100; ++i)
        all.peers.push_back({"set", "peer" + std::to_string(i) + " at 10.0.0.7:6001", 1, 2, 3, 4, 5});
    const auto lines = lines_in(control::to_text(all, {.columns = 30, .rows = 10}));
    CHECK(lines.size() == 8);
    CHECK(lines.back() == "and 94 peers more");
    for (const std::string& line : lines) CHECK(line.size() <= 30);
    CHECK(lines_in(control::to_text(all, {.columns = 200})).size() == 101);
}

TEST_CASE("a line with characters that are two columns wide is cut where the window ends, not behind it") {
    const control::connected_peers all{{{"set", "名前名前名前名前", 1, 2, 3, 4, 5}}};
    const std::size_t whole = columns_of(lines_in(control::to_text(all, {.columns = 200})).back());
    for (std::size_t columns = whole - 16; columns < whole; ++columns) {
        const std::string line = lines_in(control::to_text(all, {.columns = columns})).back();
        CHECK(columns_of(line) <= columns);
        CHECK(columns_of(line) + 1 >= columns);
    }
}

TEST_CASE("the map of a small set has a place for each chunk") {
    const control::all_chunks all{{{"set", 10, chunk_set::parse("1-3,10", 10).value(),
                                    chunk_set::parse("1-3", 10).value(), chunk_set::parse("5", 10).value()}}};
    CHECK(lines_in(control::to_text(all, {})) == words{"set: 4 of 10 chunks", "  ███·!····█", "  lacks 4-9",
                                                       "  serves 1-3",
                                                       "  differs (!) from what others agreed on: 5"});
}

TEST_CASE("the map of a large set fits into the window, and says how much is in each place") {
    control::set_chunks set{"set", 100'000, chunk_set::first(50'000), {}, {}};
    set.present.insert_range(chunk_index{99'999}, chunk_index{100'000});
    set.offered = set.present;
    const auto lines = lines_in(control::to_text(control::all_chunks{{set}}, {.columns = 42, .rows = 24}));
    REQUIRE(lines.size() == 10);
    CHECK(lines.front().starts_with("set: 50002 of 100000 chunks, about 312"));
    CHECK(lines[1].find("·") == std::string::npos);
    CHECK(lines[7].find("█") == std::string::npos);
    CHECK(lines[8].ends_with("·░"));
    for (const std::string& line : lines) CHECK(columns_of(line) <= 42);
}
