#include "core/set/case_collision.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace p2p;

namespace {

/// The paths that differ only in case, as "A and a"; "" where none do.
std::string collision(const std::vector<std::string>& paths) {
    std::vector<manifest_item> items;
    for (const std::string& path : paths) items.push_back({entry_kind::file, path, 0, {}});
    const auto set = manifest::make("set", std::move(items), {});
    REQUIRE_MESSAGE(set, set.error());
    const auto found = case_collision(*set);
    return found ? found->first + " and " + found->second : "";
}

}  // namespace

TEST_CASE("paths that differ in more than case do not collide") {
    CHECK(collision({}).empty());
    CHECK(collision({"a", "b", "c/a", "c/b", "d/e/f", "d/e/g", "de"}).empty());
}

TEST_CASE("two files that differ only in case collide") {
    CHECK(collision({"README", "b", "readme"}) == "README and readme");
    CHECK(collision({"a/b/File", "a/b/file"}) == "a/b/File and a/b/file");
    CHECK(collision({"zZ", "zz", "Zz"}) == "Zz and zZ");
}

TEST_CASE("two folders that differ only in case collide") {
    CHECK(collision({"Docs/a", "docs/b"}) == "Docs and docs");
    CHECK(collision({"a/B/c/d", "a/b/e/f"}) == "a/B and a/b");
}

TEST_CASE("a file collides with a folder") {
    CHECK(collision({"a/x", "A"}) == "A and a");
    CHECK(collision({"p/q/r", "p/Q"}) == "p/Q and p/q");
}

TEST_CASE("many files in one folder do not hide a collision, nor make one") {
    std::vector<std::string> paths;
    for (char c = 'a'; c <= 'z'; ++c) {
        paths.push_back(std::string{"x/"} + c);
        paths.push_back(std::string{"x/deep/"} + c);
        paths.push_back(std::string{"y/"} + c + "/" + c);
    }
    CHECK(collision(paths).empty());
    paths.emplace_back("x/DEEP/other");
    CHECK(collision(paths) == "x/DEEP and x/deep");
}

TEST_CASE("links and empty folders collide as files do") {
    const auto set =
        manifest::make("set", {{entry_kind::link, "One", 0, "x"}, {entry_kind::folder, "one", 0, {}}}, {});
    REQUIRE_MESSAGE(set, set.error());
    CHECK(case_collision(*set).has_value());
}

TEST_CASE("only ASCII letters are taken for the same in either case") {
    CHECK(collision({"\xC3\x84", "\xC3\xA4"}).empty());  // a umlaut
    CHECK(collision({"a@", "a`"}).empty());              // as far apart as A and a
    CHECK(collision({"[", "{"}).empty());
}
