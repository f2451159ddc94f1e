#include "core/base/suggestion.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace p2p::test {

TEST_CASE("the distance of two words is what must be changed in one of them") {
    CHECK(edit_distance("", "") == 0);
    CHECK(edit_distance("abc", "") == 3);
    CHECK(edit_distance("", "abc") == 3);
    CHECK(edit_distance("limit", "limit") == 0);
    CHECK(edit_distance("limt", "limit") == 1);
    CHECK(edit_distance("limits", "limit") == 1);
    CHECK(edit_distance("lomit", "limit") == 1);
    CHECK(edit_distance("ilmit", "limit") == 1);
    CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("the nearest known word is suggested, and none where all are quite different") {
    const std::vector<std::string> known{"--limit-up", "--limit-down", "--listen"};
    CHECK(suggestion_for("--limt-up", known) == "--limit-up");
    CHECK(suggestion_for("--limitdown", known) == "--limit-down");
    CHECK(suggestion_for("--lisetn", known) == "--listen");
    CHECK_FALSE(suggestion_for("--verbose", known));
    CHECK_FALSE(suggestion_for("--limit-up", {}));
}

}  // namespace p2p::test
