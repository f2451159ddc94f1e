// What the house rules say of files, and no compiler checks: who may include whom, and that what is written
// about the code names what is there.

#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace p2p::test {

namespace {

namespace fs = std::filesystem;
using names = std::set<std::string>;

const fs::path project{P2P_SOURCE_DIR};
const fs::path source = project / "source";

/// The floors of the house, from the ground up: each may include itself, what it stands on, and what that
/// stands on. Folders in it that are no floors themselves belong to it. The last is source/, for p2p.hpp.
const std::vector<std::pair<std::string, names>> floors{
    {"core/base", {}},
    {"core/chunks", {"core/base"}},
    {"core/set", {"core/chunks"}},
    {"core/hosts", {"core/base"}},
    {"core/views", {"core/set"}},
    {"core/transfer", {"core/set", "core/hosts"}},
    {"core/tracking", {"core/views"}},
    {"protocol", {"core/views"}},
    {"storage", {"core/set"}},
    {"net", {"protocol", "core/hosts"}},
    {"web", {"net"}},
    {"tracker", {"web", "core/tracking"}},
    {"peer", {"net", "storage", "core/transfer"}},
    {"main", {"tracker", "peer"}},
    {"", {"peer"}},
};

/// Each floor with all that it may include.
std::map<std::string, names> reach_of_floors() {
    std::map<std::string, names> reach;
    for (const auto& [floor, stands_on] : floors) {
        names all{floor};
        for (const std::string& below : stands_on) all.merge(names{reach.at(below)});
        reach[floor] = all;
    }
    return reach;
}

/// The floor that a file of source/ is on.
std::string floor_of(const fs::path& file) {
    fs::path folder = file.parent_path();
    const auto is_floor = [&folder](const auto& one) { return one.first == folder; };
    while (!folder.empty() && std::ranges::none_of(floors, is_floor)) folder = folder.parent_path();
    return folder;
}

bool is_code(const fs::path& file) {
    return file.extension() == ".hpp" || file.extension() == ".cpp";
}

/// The code of source/, by paths from there.
std::vector<fs::path> code() {
    std::vector<fs::path> files;
    for (const auto& one : fs::recursive_directory_iterator{source})
        if (is_code(one.path())) files.push_back(one.path().lexically_relative(source));
    return files;
}

/// The folders of source/ with code in them, or in folders of theirs; not source/ itself.
std::set<fs::path> folders() {
    std::set<fs::path> all;
    for (const fs::path& file : code())
        for (fs::path folder = file.parent_path(); !folder.empty(); folder = folder.parent_path())
            all.insert(folder);
    return all;
}

/// What this matches first in the text, again and again: its first group.
std::vector<std::string> all_of(const std::string& text, const std::string& pattern) {
    const std::regex wanted{pattern};
    std::vector<std::string> found;
    for (std::sregex_iterator at{text.begin(), text.end(), wanted}; at != std::sregex_iterator{}; ++at)
        found.push_back((*at)[1]);
    return found;
}

/// What a README has lines about: names in the first column of its tables.
names listed_in(const fs::path& readme) {
    const auto found = all_of(read_text(readme), R"(\n\| `([^`]+)` \|)");
    return {found.begin(), found.end()};
}

/// What the README of a folder must have lines about: headers, what has no header, and folders ("client/").
names to_be_listed(const fs::path& folder) {
    names all;
    for (const auto& one : fs::directory_iterator{source / folder}) {
        const fs::path& file = one.path();
        const bool has_header = fs::exists(fs::path{file}.replace_extension(".hpp"));
        if (one.is_directory()) all.insert(file.filename().native() + "/");
        if (is_code(file) && (file.extension() == ".hpp" || !has_header)) all.insert(file.filename());
    }
    return all;
}

std::string in_one_line(const names& all) {
    std::string line;
    for (const std::string& one : all) line += " " + one;
    return line;
}

}  // namespace

TEST_CASE("includes point down the house, and never up or across") {
    const auto reach = reach_of_floors();
    for (const fs::path& file : code())
        for (const std::string& included : all_of(read_text(source / file), "\n#include \"([^\"]+)\"")) {
            CHECK_MESSAGE(fs::exists(source / included), file, " includes ", included,
                          ", which is not there");
            CHECK_MESSAGE(reach.at(floor_of(file)).contains(floor_of(included)), file, " must not include ",
                          included);
        }
}

TEST_CASE("what a peer decides and what a tracker decides know nothing of each other") {
    const auto reach = reach_of_floors();
    CHECK_FALSE(reach.at("core/transfer").contains("core/tracking"));
    CHECK_FALSE(reach.at("core/tracking").contains("core/transfer"));
    CHECK_FALSE(reach.at("tracker").contains("core/transfer"));
    CHECK_FALSE(reach.at("peer").contains("core/tracking"));
    CHECK_FALSE(reach.at("peer").contains("web"));
}

TEST_CASE("a library links what its folder stands on") {
    const std::string build = read_text(source / "CMakeLists.txt");
    for (const auto& [floor, stands_on] : floors) {
        if (floor.empty() || floor == "main") continue;  // no library
        const auto links = all_of(build, "\np2p_library\\(" + floor + "([^)]*)\\)");
        REQUIRE_MESSAGE(links.size() == 1, floor);
        names linked;
        for (const auto& [other, unused] : floors) {
            const std::string target = "p2p_" + std::regex_replace(other, std::regex{"/"}, "_");
            std::istringstream words{links.front()};
            for (std::string word; words >> word;)
                if (!other.empty() && word == target) linked.insert(other);
        }
        CHECK_MESSAGE(linked == stands_on, floor, " links", in_one_line(linked));
    }
}

TEST_CASE("the README of a folder has a line about each header, and about nothing that is not there") {
    for (const fs::path& folder : folders()) {
        const fs::path readme = source / folder / "README.md";
        REQUIRE_MESSAGE(fs::exists(readme), readme);
        const names listed = listed_in(readme);
        for (const std::string& one : to_be_listed(folder))
            CHECK_MESSAGE(listed.contains(one), readme, " has no line about ", one);
        for (const std::string& one : listed)
            CHECK_MESSAGE(fs::exists(source / folder / one), readme, " has a line about ", one,
                          ", which is not there");
    }
}

TEST_CASE("ARCHITECTURE.md and CONTRIBUTING.md name files and functions that are there") {
    std::string all_code;
    for (const fs::path& file : code()) all_code += read_text(source / file);
    for (const std::string document : {"ARCHITECTURE.md", "CONTRIBUTING.md"}) {
        const std::string text = read_text(project / document);
        for (const std::string& path : all_of(text, "`([a-z_./]+/[a-z_./]*)`"))
            CHECK_MESSAGE((fs::exists(project / path) || fs::exists(source / path)), document, " names ",
                          path);
        for (const std::string& function : all_of(text, "`([a-z_]+(?:::[a-z_]+)?)\\(\\)`")) {
            const std::size_t colons = function.find("::");
            const std::string name = colons == std::string::npos ? function : function.substr(colons + 2);
            const bool is_there = all_code.find(" " + function + "(") != std::string::npos ||
                                  (all_code.find(" " + name + "(") != std::string::npos &&
                                   all_code.find("class " + function.substr(0, colons)) != std::string::npos);
            CHECK_MESSAGE(is_there, document, " names ", function);
        }
    }
}

}  // namespace p2p::test
