#include "storage/same_names.hpp"

#include "storage/files.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

using namespace p2p;
using namespace p2p::test;

namespace {

using pair = std::pair<std::string, std::string>;

std::optional<pair> same(const temp_folder& in, const std::vector<std::string>& names) {
    return same_names(open_folder(in.path()).value().get(), names);
}

/// As a file system shows it that takes them for one: what was written to the first is in the other.
void make_one(const temp_folder& in, const std::string& name, const std::string& other) {
    write_text(in / other, name);
}

}  // namespace

TEST_CASE("names of different files are not the same, and none of them is left") {
    const temp_folder temp;
    CHECK_FALSE(same(temp, {"one", "two", "three"}));
    CHECK_FALSE(same(temp, {}));
    CHECK(std::filesystem::is_empty(temp.path()));
}

TEST_CASE("names of one file are the same, whatever else is between them") {
    const temp_folder temp;
    make_one(temp, "name", "Name");
    CHECK(same(temp, {"NAME", "name", "nAME", "Name", "other"}) == pair{"name", "Name"});
    CHECK(std::filesystem::is_empty(temp.path()));
}

TEST_CASE("a file that was there before makes no names the same") {
    const temp_folder temp;
    write_text(temp / "Name", "");
    CHECK_FALSE(same(temp, {"name", "Name"}));
}

TEST_CASE("names that cannot be there are left out") {
    const temp_folder temp;
    make_one(temp, "b", "B");
    CHECK(same(temp, {std::string(300, 'a'), "no/folder", "b", "B"}) == pair{"b", "B"});
}
