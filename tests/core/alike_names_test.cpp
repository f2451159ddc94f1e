#include "core/set/alike_names.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

using namespace p2p;

namespace {

std::string alike_in(std::vector<manifest_item> items) {
    const auto set = manifest::make("set", std::move(items), {});
    REQUIRE_MESSAGE(set, set.error());
    std::string text;
    for (const alike_names& group : alike_names_in(*set))
        text += fmt::format("{}[{}]", group.folder, fmt::join(group.names, " "));
    return text;
}

/// Of files at these paths, as "folder[A a]other[B b]".
std::string alike(const std::vector<std::string>& paths) {
    std::vector<manifest_item> items;
    for (const std::string& path : paths) items.push_back({entry_kind::file, path, 0, {}});
    return alike_in(std::move(items));
}

}  // namespace

TEST_CASE("names that differ in more than how they are written are not alike") {
    CHECK(alike({}) == "");
    CHECK(alike({"a", "b", "c/a", "c/b", "d/e/f", "d/e/g", "de"}) == "");
    CHECK(alike({"a@", "a`", "[", "{"}) == "");  // as far apart as A and a
    CHECK(alike({"é", "e", "è"}) == "");
    CHECK(alike({"..a", "a", ".a"}) == "");
}

TEST_CASE("names that differ only in case are alike") {
    CHECK(alike({"README", "b", "readme"}) == "[README readme]");
    CHECK(alike({"a/b/File", "a/b/file"}) == "a/b[File file]");
    CHECK(alike({"zZ", "zz", "Zz"}) == "[Zz zZ zz]");
    CHECK(alike({"Ärger", "ärger"}) == "[Ärger ärger]");
}

TEST_CASE("names that are spelt in other characters, but look the same, are alike") {
    CHECK(alike({"\xC3\xA9", "e\xCC\x81"}) == "[e\xCC\x81 \xC3\xA9]");  // é, and e with a mark on it
    CHECK(alike({"\xC3\xA9", "E\xCC\x81"}) == "[E\xCC\x81 \xC3\xA9]");
    CHECK(alike({"a", "a\xE2\x80\x8B"}) == "[a a\xE2\x80\x8B]");  // a blank without width
    CHECK(alike({"a", "a.", "a. "}) == "[a a. a. ]");
}

TEST_CASE("whatever some file system takes for one is alike: it is asked itself") {
    CHECK(alike({"Straße", "STRASSE"}) == "[STRASSE Straße]");
    CHECK(alike({"ΟΔΟΣ", "οδος", "οδοσ"}) == "[ΟΔΟΣ οδος οδοσ]");
    CHECK(alike({"ısı", "isi"}) == "[isi ısı]");
}

TEST_CASE("folders, links and files are alike with each other, in one folder only") {
    CHECK(alike({"Docs/a", "docs/b"}) == "[Docs docs]");
    CHECK(alike({"a/B/c/d", "a/b/e/f"}) == "a[B b]");
    CHECK(alike({"a/x", "A"}) == "[A a]");
    CHECK(alike({"p/q/r", "p/Q"}) == "p[Q q]");
    CHECK(alike({"a/x", "b/X"}) == "");
    CHECK(alike_in({{entry_kind::link, "One", 0, "x"}, {entry_kind::folder, "one", 0, {}}}) == "[One one]");
    CHECK(alike({"Docs/a", "docs/A"}) == "[Docs docs]");  // a and A are in one folder only if these are one
}

TEST_CASE("many files in one folder hide nothing that is alike, nor make it so") {
    std::vector<std::string> paths;
    for (char c = 'a'; c <= 'z'; ++c) {
        paths.push_back(std::string{"x/"} + c);
        paths.push_back(std::string{"x/deep/"} + c);
        paths.push_back(std::string{"y/"} + c + "/" + c);
    }
    CHECK(alike(paths) == "");
    paths.insert(paths.end(), {"x/DEEP/other", "y/A", "y/z/Z"});
    CHECK(alike(paths) == "x[DEEP deep]y/z[Z z]y[A a]");
}
