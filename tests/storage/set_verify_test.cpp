#include "storage/set_verify.hpp"

#include "support/small_set.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

using namespace p2p;
using namespace p2p::test;

namespace {

using lines = std::vector<std::string>;

// Chunks of 4: 1 2 | 3 (of a and b) | 4 5 | 6 (the end of b, and c)
small_set example() {
    return {{file("a", "0123456789"), file("b", "abcdefghij"), program("c", "XYZ"), file("empty", ""),
             folder("folder"), link_to("link", "a")},
            4};
}

/// A set that was fetched as a whole, and what happens to it then.
class verified {
public:
    verified() { fetch_all(what_, temp_.path()); }

    lines differences() {
        peer_.emplace(what_, temp_.path());
        wrong_ = chunk_set{};
        for (std::uint32_t number = 1; number <= what_.set().chunk_count(); ++number) {
            content_reader reader(what_.set(),
                                  [this](std::uint32_t entry) { return peer_->disk().open_in_place(entry); });
            if (!is_right(reader, what_.set(), {number}, check_by::sha256).value_or(false))
                wrong_.insert({number});
        }
        return p2p::differences(peer_->disk(), wrong_);
    }
    void record() { REQUIRE(record_wrong(peer_->disk(), wrong_)); }
    set_peer::found look_again() {
        peer_.reset();
        return peer_.emplace(what_, temp_.path()).find_out();
    }
    const chunk_set& wrong() const { return wrong_; }
    set_peer& peer() { return *peer_; }
    const small_set& what() const { return what_; }
    std::filesystem::path operator/(std::string_view path) const { return temp_ / path; }

private:
    temp_folder temp_;
    small_set what_ = example();
    std::optional<set_peer> peer_;
    chunk_set wrong_;
};

/// Other bytes in the place of these, and nothing that shows it.
void spoil_unseen(const std::filesystem::path& file, std::size_t at) {
    const auto before = std::filesystem::last_write_time(file);
    std::string text = read_text(file);
    text[at] ^= 1;
    write_text(file, text);
    std::filesystem::last_write_time(file, before);
}

}  // namespace

TEST_CASE("a set that is what was published has no differences") {
    verified v;
    CHECK(v.differences().empty());
    CHECK(v.wrong().empty());
}

TEST_CASE("a file that changed is said to differ") {
    verified v;
    spoil_end(v / "b");
    CHECK(v.differences() == lines{"b: differs"});
    CHECK(v.wrong() == chunks("5"));
}

TEST_CASE("a file that changed without a trace is said to differ where its chunk is its alone") {
    verified v;
    spoil_unseen(v / "a", 1);
    CHECK(v.differences() == lines{"a: differs"});
}

TEST_CASE("a chunk of several files that is wrong without a trace may be any of them") {
    verified v;
    spoil_unseen(v / "a", 9);
    CHECK(v.differences() == lines{"a: may differ", "b: may differ"});
    CHECK(v.wrong() == chunks("3"));
}

TEST_CASE("of a chunk of several files, the one that was written to is said to differ") {
    verified v;
    spoil_end(v / "a");
    CHECK(v.differences() == lines{"a: differs"});
}

TEST_CASE("a file that was written to and is the same is no difference") {
    verified v;
    touch(v / "a");
    CHECK(v.differences().empty());
}

TEST_CASE("a file of another size differs in it, and no file that shares a chunk with it does") {
    verified v;
    SUBCASE("shorter") {
        std::filesystem::resize_file(v / "a", 9);
    }
    SUBCASE("longer") {
        std::filesystem::resize_file(v / "a", 11);
    }
    CHECK(v.differences() == lines{"a: differs in size"});
}

TEST_CASE("an empty file that is not empty any more differs in size") {
    verified v;
    write_text(v / "empty", "x");
    CHECK(v.differences() == lines{"empty: differs in size"});
    CHECK(v.wrong().empty());
}

TEST_CASE("whatever is gone, or is something else, is missing") {
    verified v;
    for (const char* name : {"a", "empty", "folder", "link"}) std::filesystem::remove(v / name);
    std::filesystem::remove(v / "c");
    SUBCASE("nothing in its place") {}
    SUBCASE("something else in its place") {
        std::filesystem::create_directory(v / "a");
        std::filesystem::create_symlink("b", v / "c");
        std::filesystem::create_symlink("a", v / "empty");
        write_text(v / "folder", "");
        write_text(v / "link", "0123456789");
    }
    CHECK(v.differences() == lines{"a: is missing", "c: is missing", "empty: is missing",
                                   "folder: is missing", "link: is missing, or leads elsewhere"});
    CHECK(v.wrong() == chunks("1-3,6"));
}

TEST_CASE("a link that leads elsewhere is a difference") {
    verified v;
    std::filesystem::remove(v / "link");
    std::filesystem::create_symlink("b", v / "link");
    CHECK(v.differences() == lines{"link: is missing, or leads elsewhere"});
}

TEST_CASE("who may run a file is a difference") {
    verified v;
    std::filesystem::permissions(v / "a", std::filesystem::perms::owner_exec,
                                 std::filesystem::perm_options::add);
    std::filesystem::permissions(v / "c", std::filesystem::perms::owner_exec,
                                 std::filesystem::perm_options::remove);
    CHECK(v.differences() == lines{"a: is executable", "c: is not executable"});
}

TEST_CASE("a path is shown in printable form") {
    const temp_folder temp;
    const small_set what{{file("new\nline", "x")}, 4};
    set_peer peer{what, temp.path()};
    CHECK(differences(peer.disk(), chunks("1")) == lines{"new?line: is missing"});
}

TEST_CASE("what was found wrong is looked at by the next start, and only that is fetched") {
    verified v;
    spoil_unseen(v / "b", 6);
    CHECK(v.look_again().checked.by_xxh3.empty());
    CHECK(v.peer().store().missing().empty());

    CHECK(v.differences() == lines{"b: differs"});
    v.record();
    const auto found = v.look_again();
    CHECK(found.checked.by_sha256 == v.wrong());
    CHECK(found.checked.by_xxh3 == chunks("1-6") - v.wrong());
    CHECK(v.peer().store().missing() == v.wrong());

    v.peer().fetch_missing();
    v.peer().save();
    CHECK(v.peer().tree() == v.what().tree());
    CHECK(v.differences().empty());
    CHECK(v.look_again().checked.by_xxh3.empty());
}

TEST_CASE("where nothing is wrong, the set stays recorded as complete") {
    verified v;
    const std::string before = read_text(set_peer{v.what(), v / ""}.state("journal"));
    CHECK(v.differences().empty());
    v.record();
    CHECK(read_text(v.peer().state("journal")) == before);
}
