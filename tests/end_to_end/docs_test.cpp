// What README and the pages under docs/ say is so, and leads to what is there.

#include "support/documents.hpp"
#include "support/programs.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace p2p::test {

namespace {

namespace fs = std::filesystem;

const fs::path project{P2P_SOURCE_DIR};

/// All sources of the programs, with texts in one piece that are broken over lines, and what the system says.
std::string all_that_is_said() {
    std::string text = std::strerror(EADDRINUSE);
    for (const auto& one : fs::recursive_directory_iterator{project / "source"})
        if (one.path().extension() == ".cpp" || one.path().extension() == ".hpp")
            text += read_text(one.path());
    return std::regex_replace(text, std::regex{"\"\\s*\n\\s*\""}, "");
}

std::string trimmed(const std::string& text) {
    const std::size_t first = text.find_first_not_of(' ');
    return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

words cells_of(const std::string& row) {
    words cells;
    for (std::size_t at = 1; at < row.size();) {
        const std::size_t end = std::min(row.find('|', at), row.size());
        cells.push_back(trimmed(row.substr(at, end - at)));
        at = end + 1;
    }
    return cells;
}

/// The rows of the table whose header begins like this, in whichever document it is.
std::vector<words> table(const std::string& header) {
    const std::string text = text_of_documents();
    const std::size_t at = text.find("\n" + header);
    REQUIRE_MESSAGE(at != std::string::npos, header);
    std::vector<words> rows;
    const auto lines = lines_of(text.substr(at + 1));
    for (std::size_t i = 2; i < lines.size() && lines[i].starts_with("|"); ++i)
        rows.push_back(cells_of(lines[i]));
    return rows;
}

/// All that the expression finds: its first group.
words found_in(const std::string& text, const std::regex& what) {
    words all;
    for (std::sregex_iterator at{text.begin(), text.end(), what}; at != std::sregex_iterator{}; ++at)
        all.push_back((*at)[1]);
    return all;
}

words in_backticks(const std::string& cell) {
    static const std::regex quoted{"`([^`]+)`"};
    return found_in(cell, quoted);
}

/// What of a message is always the same.
words pieces(const std::string& message) {
    words all;
    const std::string gap = "…";
    for (std::size_t at = 0; at <= message.size();) {
        const std::size_t end = std::min(message.find(gap, at), message.size());
        const std::size_t first = message.find_first_not_of(" :", at);
        const std::size_t last = message.find_last_not_of(" :", end == 0 ? 0 : end - 1);
        if (first < end && last >= first) all.push_back(message.substr(first, last - first + 1));
        at = end + gap.size();
    }
    return all;
}

std::string in_one_line(const std::string& help) {
    return std::regex_replace(help, std::regex{"\\s+"}, " ");
}

/// What --help says that an option is by default, without zeros that say nothing; "" where it has no such
/// option.
std::string default_of(const std::string& option, const std::string& help) {
    const std::size_t from = help.find(" " + option + " ");
    if (from == std::string::npos) return "";
    const std::string about = help.substr(from, help.find(" --", from + 1) - from);
    const words told = found_in(about, std::regex{R"(\[default: ([^\]]+)\])"});
    return told.empty() ? "" : std::regex_replace(told.front(), std::regex{"\\.0+ "}, " ");
}

}  // namespace

TEST_CASE("every message that the docs explain is one that the programs say") {
    const std::string said = all_that_is_said();
    const auto messages = table("| what is said |");
    REQUIRE(messages.size() > 5);
    for (const words& row : messages) {
        const words alternatives = in_backticks(row.front());
        CHECK_FALSE(alternatives.empty());
        for (const std::string& message : alternatives) {
            const words all = pieces(message);
            CHECK_FALSE(all.empty());
            for (const std::string& piece : all) CHECK_MESSAGE(contains(said, piece), piece);
        }
    }
}

TEST_CASE("every limit is in the docs, with the default that --help says") {
    const std::string tracker = in_one_line(run_tracker({"--help"}).output);
    const std::string peer = in_one_line(run_client({"get", "--help"}).output);
    std::set<std::string> listed;
    for (const words& row : table("| option | p2ptracker |")) {
        const std::string option = in_backticks(row.at(0)).at(0);
        CAPTURE(option);
        CHECK(row.at(1) == default_of(option, tracker));
        CHECK(row.at(2) == default_of(option, peer));
        listed.insert(option);
    }
    for (const std::string& option : found_in(tracker + peer, std::regex{" (--max-[a-z-]+) "}))
        CHECK_MESSAGE(listed.contains(option), option);
}

TEST_CASE("the figures in README are those of the page about speed") {
    const auto in_short = table("| | 4 others |");
    const auto in_full = table("| | 4 leechers |");
    REQUIRE(in_short.size() ==
            in_full.size() + 1);  // README shows the bound in a row, the page as a multiple
    const std::regex multiple{", [0-9.]+ ×"};
    for (std::size_t row = 0; row < in_full.size(); ++row)
        for (std::size_t cell = 0; cell < in_full[row].size(); ++cell)
            CHECK(in_short[row + 1].at(cell) == std::regex_replace(in_full[row][cell], multiple, ""));
}

TEST_CASE("README leads to every page, once") {
    const auto links = links_in(project / "README.md");
    const auto pages = markdown_in(project / "docs");
    CHECK(pages.size() > 5);
    for (const fs::path& page : pages) {
        const std::string path = fs::relative(page, project);
        const auto leads_there = [&path](const std::string& link) {
            return link.substr(0, link.find('#')) == path;
        };
        CHECK_MESSAGE(std::ranges::count_if(links, leads_there) == 1, path);
    }
}

TEST_CASE("every link leads to a file that is there, and to a heading that it has") {
    std::vector<fs::path> files = markdown_in(project / "docs");
    std::ranges::copy(markdown_in(project / "source"), std::back_inserter(files));
    for (const auto& entry : fs::directory_iterator{project})
        if (entry.path().extension() == ".md") files.push_back(entry.path());
    std::size_t links = 0;
    for (const fs::path& file : files) {
        CAPTURE(file.native());
        for (const std::string& link : links_in(file)) {
            CHECK_MESSAGE(leads_somewhere(file, link), link);
            ++links;
        }
    }
    CHECK(links > 30);
}

}  // namespace p2p::test
