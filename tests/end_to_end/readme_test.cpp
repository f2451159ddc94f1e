// What README says is so.

#include "support/programs.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <regex>
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

/// What is in backticks in the first column of the table beneath this header.
std::vector<std::string> first_column(const std::string& readme, const std::string& header) {
    std::vector<std::string> cells;
    std::istringstream lines{readme.substr(readme.find(header))};
    std::string line;
    for (unsigned number = 0; std::getline(lines, line) && line.starts_with("|"); ++number)
        if (number >= 2) cells.push_back(line.substr(3, line.find('`', 3) - 3));
    return cells;
}

std::vector<std::string> pieces(const std::string& message) {
    std::vector<std::string> all;
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

}  // namespace

TEST_CASE("every message that README explains is one that the programs say") {
    const std::string said = all_that_is_said();
    const auto messages = first_column(read_text(project / "README.md"), "| what is said |");
    REQUIRE(messages.size() > 5);
    for (const std::string& message : messages) {
        const auto all = pieces(message);
        CHECK_FALSE(all.empty());
        for (const std::string& piece : all) CHECK_MESSAGE(contains(said, piece), piece);
    }
}

}  // namespace p2p::test
