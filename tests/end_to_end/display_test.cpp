// What a command shows of its progress on standard error: on a terminal, elsewhere, and when it is told not
// to.

#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <regex>

namespace p2p::test {

namespace {

using namespace std::chrono_literals;

const words in_two_seconds{"--limit-up", "1MiB/s", "--chunk-size", "64KiB"};

constexpr std::string_view erase = "\r\033[J";

tree two_mebibytes(const temp_folder& here) {
    tree set{here / "set"};
    set.file("content", noise(2U << 20U));
    return set;
}

/// What was on the last line of the terminal, one after the other.
std::vector<std::string> status_lines(const std::string& output) {
    std::vector<std::string> lines;
    for (std::size_t at = output.find(erase); at != std::string::npos; at = output.find(erase, at)) {
        at += erase.size();
        const std::string line = output.substr(at, output.find_first_of("\r\n", at) - at);
        if (line.starts_with("\033") || line.find("info") != std::string::npos) continue;  // of the log
        lines.push_back(line);
    }
    return lines;
}

}  // namespace

TEST_CASE("on a terminal, get shows how far it is with a bar, and in the end what it fetched") {
    const temp_folder here;
    const tracker_program tracker;
    sharer bob{tracker, two_mebibytes(here), in_two_seconds};
    process gets{built_beside("p2pclient"),
                 {"get", bob.link(), here / "copy"},
                 {.in = process_settings::input::terminal, .columns = 100}};
    REQUIRE(gets.wait_for_exit() == exits::done);
    bool has_bar = false;
    const std::regex bar{R"(fetching set \d+% \[=*>? *\] [\d.]+ [KM]?i?B of 2.00 MiB, .*1 peer)"};
    for (const std::string& line : status_lines(gets.output())) {
        has_bar = has_bar || std::regex_match(line, bar);
        CHECK_MESSAGE(line.size() < 100, line);
    }
    CHECK_MESSAGE(has_bar, gets.output());
    CHECK(gets.output().ends_with(erase));
    CHECK(std::regex_search(
        gets.output(),
        std::regex{R"(complete in [^\n]*: 2.00 MiB fetched from 1 peer in [\d.]+ s \([\d.]+ .*/s\))"}));
}

TEST_CASE("what is shown fits into the window, also when that becomes narrower") {
    const temp_folder here;
    const tracker_program tracker;
    sharer bob{tracker, two_mebibytes(here), in_two_seconds};
    process gets{built_beside("p2pclient"),
                 {"get", bob.link(), here / "copy"},
                 {.in = process_settings::input::terminal, .columns = 100}};
    gets.wait_for("fetching set");
    gets.resize(20);
    const std::size_t before = gets.output().size();
    REQUIRE(gets.wait_for_exit() == exits::done);
    const std::vector<std::string> lines = status_lines(gets.output().substr(before));
    REQUIRE(lines.size() > 3);
    for (std::size_t i = 2; i < lines.size(); ++i) CHECK_MESSAGE(lines[i].size() < 20, lines[i]);
}

TEST_CASE("where standard error is no terminal, nothing is drawn") {
    const temp_folder here;
    const tracker_program tracker;
    sharer bob{tracker, two_mebibytes(here), in_two_seconds};
    const auto got = run_client({"get", bob.link(), here / "copy"});
    CHECK(got.exit_code == exits::done);
    CHECK_FALSE(contains(got.output, "\033"));
    CHECK_FALSE(contains(got.output, "\r"));
}

TEST_CASE("a command that is told to be quiet says nothing when all is well, on a terminal either") {
    const temp_folder here;
    const tracker_program tracker;
    sharer bob{tracker, two_mebibytes(here), in_two_seconds};
    process gets{built_beside("p2pclient"),
                 {"get", "--quiet", bob.link(), here / "copy"},
                 {.in = process_settings::input::terminal}};
    CHECK(gets.wait_for_exit() == exits::done);
    CHECK(gets.output().empty());
    const auto damaged = run_client({"get", "-q", bob.link().substr(0, 40), here / "other"});
    CHECK(damaged.exit_code == exits::usage);
    CHECK_FALSE(damaged.output.empty());
}

TEST_CASE("log lines are coloured on a terminal, unless that is not wanted") {
    const temp_folder here;
    const tracker_program tracker;
    sharer bob{tracker, files(here / "set", 1, 1000), {}};
    unsigned copy = 0;
    const auto is_coloured = [&](const words& more) {
        words all{"get", bob.link(), here / std::to_string(++copy)};
        all.insert(all.end(), more.begin(), more.end());
        process gets{built_beside("p2pclient"), all, {.in = process_settings::input::terminal}};
        CHECK(gets.wait_for_exit() == exits::done);
        return contains(gets.output(), "\033[32m");
    };
    CHECK(is_coloured({}));
    CHECK_FALSE(is_coloured({"--no-color"}));
    ::setenv("NO_COLOR", "1", 1);
    CHECK_FALSE(is_coloured({}));
    ::unsetenv("NO_COLOR");
}

TEST_CASE("share says in the end how much it has sent, and how many copies that makes") {
    const temp_folder here;
    const tracker_program tracker;
    sharer bob{tracker, files(here / "set", 4, 100'000), {}};
    CHECK(run_client({"get", bob.link(), here / "one"}).exit_code == exits::done);
    bob.stop();
    CHECK_MESSAGE(contains(bob.output(), "391 KiB sent (1.00 copies) to 1 peer in "), bob.output());
}

}  // namespace p2p::test
