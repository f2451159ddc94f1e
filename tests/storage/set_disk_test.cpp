#include "storage/set_disk.hpp"

#include "net/process.hpp"
#include "support/small_set.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <filesystem>
#include <set>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

using namespace p2p;
using namespace p2p::test;

namespace {

namespace fs = std::filesystem;

/// A disk, what is put on it, and what is there then.
class disk_of {
public:
    explicit disk_of(std::vector<set_item> items, bool with_state = true)
        : what_(std::move(items), 4), peer_(what_, temp_ / "root", with_state) {}

    void stage(std::string_view path, std::string_view content) {
        const auto file = disk().open_staged(entry(path));
        REQUIRE_MESSAGE(file, file.error());
        REQUIRE(::pwrite(file->get(), content.data(), content.size(), 0) ==
                static_cast<ssize_t>(content.size()));
    }
    /// The error, or "".
    std::string place(std::string_view path) {
        const auto placed = disk().place(entry(path));
        if (!placed) return placed.error();
        disk().set_placed(entry(path), *placed);
        return {};
    }
    std::string put(std::string_view path, std::string_view content) {
        stage(path, content);
        return place(path);
    }
    std::string make_contentless() {
        const auto made = disk().make_contentless();
        return made ? "" : made.error();
    }
    /// What is read where it is to be read from, or the error.
    std::string read(std::string_view path) const {
        const auto file = peer_.disk().open_to_read(entry(path));
        if (!file) return file.error();
        std::string content(100, '?');
        const ssize_t got = ::pread(file->get(), content.data(), content.size(), 0);
        return got < 0 ? "cannot be read" : content.substr(0, static_cast<std::size_t>(got));
    }

    std::uint32_t entry(std::string_view path) const { return what_.entry(path); }
    set_disk& disk() { return peer_.disk(); }
    std::map<std::string, std::string> tree() const { return peer_.tree(); }
    const small_set& what() const { return what_; }
    fs::path path(std::string_view name) const { return peer_ / name; }
    fs::path staged(std::string_view path) const {
        return peer_.state("incoming") / std::to_string(entry(path));
    }
    fs::path outside(std::string_view name) const { return temp_ / name; }

private:
    temp_folder temp_;
    small_set what_;
    mutable set_peer peer_;
};

std::size_t open_descriptors() {
    return figures_of_this_process().open_descriptors;
}

mode_t mode_of(const fs::path& file) {
    struct stat info {};
    REQUIRE(::stat(file.c_str(), &info) == 0);
    return info.st_mode & 07777U;
}

ino_t inode_of(const fs::path& file) {
    struct stat info {};
    REQUIRE(::lstat(file.c_str(), &info) == 0);
    return info.st_ino;
}

}  // namespace

// --- placing

TEST_CASE("a file moves to its place, and the folders that it is in are made") {
    disk_of d{{file("a/b/c/d", "hello"), file("a/b/e", "more"), file("f", "top")}};
    CHECK(d.put("a/b/c/d", "hello") == "");
    CHECK(d.put("f", "top") == "");
    CHECK(d.put("a/b/e", "more") == "");
    CHECK(d.tree() == d.what().tree());
    CHECK(d.disk().staged().empty());
}

TEST_CASE("a file takes the place of an older one, and who has that open still reads it") {
    disk_of d{{file("a", "new!")}};
    write_text(d.path("a"), "older");
    fs::create_hard_link(d.path("a"), d.outside("b"));
    const unique_fd older{::open(d.path("a").c_str(), O_RDONLY)};
    CHECK(d.put("a", "new!") == "");
    CHECK(read_text(d.path("a")) == "new!");
    char buffer[6] = {};
    REQUIRE(::pread(older.get(), buffer, 5, 0) == 5);
    CHECK(std::string{buffer} == "older");
    CHECK(read_text(d.outside("b")) == "older");
}

TEST_CASE("a file takes the place of a link, and what that leads to stays as it is") {
    disk_of d{{file("a", "new!")}};
    write_text(d.outside("mine"), "mine");
    fs::create_symlink(d.outside("mine"), d.path("a"));
    CHECK(d.put("a", "new!") == "");
    CHECK(d.tree() == d.what().tree());
    CHECK(read_text(d.outside("mine")) == "mine");
}

TEST_CASE("nothing is placed through a symbolic link to a folder") {
    disk_of d{{file("a/b/c", "new!")}};
    fs::create_directories(d.outside("elsewhere/b"));
    SUBCASE("the first one") {
        fs::create_directory_symlink(d.outside("elsewhere"), d.path("a"));
    }
    SUBCASE("a later one") {
        fs::create_directory(d.path("a"));
        fs::create_directory_symlink(d.outside("elsewhere"), d.path("a/b"));
    }
    SUBCASE("one that leads nowhere") {
        fs::create_symlink(d.outside("nowhere"), d.path("a"));
    }
    const std::string why = d.put("a/b/c", "new!");
    CHECK(why.ends_with(" is in the way: the file-set has a folder of that name"));
    CHECK_FALSE(fs::exists(d.outside("elsewhere/c")));
    CHECK_FALSE(fs::exists(d.outside("elsewhere/b/c")));
    CHECK_FALSE(fs::exists(d.outside("nowhere")));
}

TEST_CASE("a folder in the way of a file is an error that names it, and stays") {
    disk_of d{{file("a/b", "new!")}};
    SUBCASE("empty") {
        fs::create_directories(d.path("a/b"));
    }
    SUBCASE("with something in it") {
        write_text(d.path("a/b/mine"), "mine");
    }
    CHECK(d.put("a/b", "new!") ==
          d.path("a/b").native() + ": is in the way: a folder, where the file-set has a file or link");
    CHECK(fs::is_directory(d.path("a/b")));
    CHECK(read_text(d.staged("a/b")) == "new!");

    fs::remove_all(d.path("a/b"));
    CHECK(d.place("a/b") == "");
    CHECK(d.tree() == d.what().tree());
}

TEST_CASE("a file in the way of a folder is an error that names it, and stays") {
    disk_of d{{file("a/b/c", "new!")}};
    write_text(d.path("a/b"), "mine");
    CHECK(d.put("a/b/c", "new!") ==
          d.path("a/b").native() + ": is in the way: the file-set has a folder of that name");
    CHECK(read_text(d.path("a/b")) == "mine");
}

TEST_CASE("a file that is not staged, or not as long as it should be, is not placed") {
    disk_of d{{file("a", "hello")}};
    const std::string vanished = d.path("a").native() + ": vanished before it was complete";
    CHECK(d.place("a") == vanished);
    CHECK(d.put("a", "hell") == vanished);
    fs::remove(d.staged("a"));
    fs::create_symlink(d.outside("x"), d.staged("a"));
    CHECK(d.place("a") == vanished);
    CHECK(d.tree().empty());
}

TEST_CASE("a staged file is not written to through a link") {
    disk_of d{{file("a", "hello")}};
    write_text(d.outside("mine"), "mine");
    fs::create_symlink(d.outside("mine"), d.staged("a"));
    CHECK_FALSE(d.disk().open_staged(d.entry("a")));
    CHECK(read_text(d.outside("mine")) == "mine");
}

TEST_CASE("a file is executable or not as it is published, whatever was in its place") {
    disk_of d{{program("a", "#!"), file("b", "text")}};
    write_text(d.path("a"), "x");
    write_text(d.path("b"), "x");
    ::chmod(d.path("b").c_str(), 0755);
    CHECK(d.put("a", "#!") == "");
    CHECK(d.put("b", "text") == "");
    CHECK(d.tree() == d.what().tree());
}

TEST_CASE("whoever may read a program may run it once it is made executable") {
    disk_of d{{program("a", "#!")}};
    write_text(d.path("a"), "#!");
    for (const auto& [before, on, off] : {std::tuple{0640U, 0750U, 0640U}, std::tuple{0444U, 0555U, 0444U},
                                          std::tuple{0600U, 0700U, 0600U}, std::tuple{0604U, 0705U, 0604U}}) {
        ::chmod(d.path("a").c_str(), before);
        REQUIRE(d.disk().set_executable(d.entry("a"), true));
        CHECK(mode_of(d.path("a")) == on);
        REQUIRE(d.disk().set_executable(d.entry("a"), false));
        CHECK(mode_of(d.path("a")) == off);
    }
}

// --- what has no content

TEST_CASE("empty files, empty folders and links are made") {
    disk_of d{{file("a/empty", ""), program("b", ""), folder("c/d"), link_to("e/f/link", "../../a/empty"),
               link_to("dangling", "nowhere"), link_to("to folder", "c")}};
    CHECK(d.make_contentless() == "");
    CHECK(d.tree() == d.what().tree());
    CHECK(d.disk().placed(d.entry("a/empty")));
    CHECK(d.disk().placed(d.entry("b")));
    CHECK(d.make_contentless() == "");
    CHECK(d.tree() == d.what().tree());
}

TEST_CASE("links and folders that are right stay, and links that are wrong are replaced") {
    disk_of d{{folder("folder"), link_to("right", "x"), link_to("wrong", "x"), link_to("file", "x"),
               link_to("shorter", "xyz"), link_to("longer", "x")}};
    fs::create_directory(d.path("folder"));
    fs::create_symlink("x", d.path("right"));
    fs::create_symlink("y", d.path("wrong"));
    write_text(d.path("file"), "a file");
    fs::create_symlink("xy", d.path("shorter"));
    fs::create_symlink(std::string(4095, 'x'), d.path("longer"));
    const ino_t right = inode_of(d.path("right"));
    const ino_t kept = inode_of(d.path("folder"));
    CHECK(d.make_contentless() == "");
    CHECK(d.tree() == d.what().tree());
    CHECK(inode_of(d.path("right")) == right);
    CHECK(inode_of(d.path("folder")) == kept);
}

TEST_CASE("an empty file takes the place of one that is not") {
    disk_of d{{file("a", "")}};
    write_text(d.path("a"), "not empty");
    fs::create_hard_link(d.path("a"), d.outside("b"));
    CHECK(d.make_contentless() == "");
    CHECK(d.tree() == d.what().tree());
    CHECK(read_text(d.outside("b")) == "not empty");
}

TEST_CASE("a folder in the way of a link or of an empty file is an error that names it") {
    for (const set_item& item : {link_to("a/b", "x"), file("a/b", "")}) {
        disk_of d{{item}};
        fs::create_directories(d.path("a/b"));
        CHECK(d.make_contentless() ==
              d.path("a/b").native() + ": is in the way: a folder, where the file-set has a file or link");
    }
}

TEST_CASE("a file or link in the way of an empty folder is an error that names it") {
    disk_of d{{folder("a/b")}};
    SUBCASE("a file") {
        write_text(d.path("a/b"), "mine");
    }
    SUBCASE("a link to a folder") {
        fs::create_directories(d.outside("elsewhere"));
        fs::create_directory(d.path("a"));
        fs::create_directory_symlink(d.outside("elsewhere"), d.path("a/b"));
    }
    CHECK(d.make_contentless() ==
          d.path("a/b").native() + ": is in the way: the file-set has a folder of that name");
    CHECK_FALSE(d.disk().is_folder_there(d.entry("a/b")));
}

TEST_CASE("no link is made through a link") {
    disk_of d{{link_to("a/b", "x")}};
    fs::create_directories(d.outside("elsewhere"));
    fs::create_directory_symlink(d.outside("elsewhere"), d.path("a"));
    CHECK_FALSE(d.make_contentless() == "");
    CHECK(names_in(d.outside("elsewhere")).empty());
    fs::create_symlink("x", d.outside("elsewhere/b"));
    CHECK_FALSE(d.disk().is_link_right(d.entry("a/b")));
}

// --- reading

TEST_CASE("a file is read where it is staged, and then in its place") {
    disk_of d{{file("a", "hello")}};
    d.stage("a", "hello");
    CHECK(d.read("a") == "hello");
    REQUIRE(d.place("a") == "");
    CHECK(d.read("a") == "hello");
}

TEST_CASE("a file that is neither staged nor known to be right is not read") {
    disk_of d{{file("a", "hello")}};
    CHECK(d.read("a") == d.path("a").native() + ": No such file or directory");
    write_text(d.path("a"), "hello");
    CHECK(d.read("a") == d.path("a").native() + ": changed since it was hashed");
}

TEST_CASE("a file that changed since it was placed is not read") {
    disk_of d{{file("a", "hello")}};
    REQUIRE(d.put("a", "hello") == "");
    const std::string changed = d.path("a").native() + ": changed since it was hashed";
    SUBCASE("written to") {
        spoil_end(d.path("a"));
        CHECK(d.read("a") == changed);
    }
    SUBCASE("longer") {
        write_text(d.path("a"), "hello!");
        CHECK(d.read("a") == changed);
    }
    SUBCASE("replaced by its like") {
        const auto time = fs::last_write_time(d.path("a"));
        fs::copy_file(d.path("a"), d.path("b"));
        fs::rename(d.path("b"), d.path("a"));
        fs::last_write_time(d.path("a"), time);
        CHECK(d.read("a") == changed);
    }
    SUBCASE("gone") {
        fs::remove(d.path("a"));
        CHECK(d.read("a") == d.path("a").native() + ": No such file or directory");
    }
    SUBCASE("a link to the same") {
        fs::rename(d.path("a"), d.path("b"));
        fs::create_symlink("b", d.path("a"));
        CHECK(d.read("a") == d.path("a").native() + ": leads through a symbolic link");
    }
    SUBCASE("a pipe") {
        fs::remove(d.path("a"));
        REQUIRE(::mkfifo(d.path("a").c_str(), 0600) == 0);
        CHECK(d.read("a") == d.path("a").native() + ": not a regular file");
    }
}

TEST_CASE("what is staged does not count once the file is in its place") {
    disk_of d{{file("a", "hello")}};
    REQUIRE(d.put("a", "hello") == "");
    d.stage("a", "wrong");
    CHECK(d.read("a") == "hello");
}

// --- descriptors, and a root that is not where it was

TEST_CASE("one descriptor is open while nobody reads or writes") {
    const std::size_t before = open_descriptors();
    bool with_state = false;
    SUBCASE("with a state") {
        with_state = true;
    }
    SUBCASE("without one") {}
    disk_of d{{file("a", "hello"), file("b/c", "more")}, with_state};
    CHECK(open_descriptors() == before + 1);
    if (with_state) {
        REQUIRE(d.put("a", "hello") == "");
        REQUIRE(d.put("b/c", "more") == "");
        d.disk().forget_parent();
        CHECK(d.read("a") == "hello");
        CHECK_FALSE(d.disk().is_folder_there(d.entry("b/c")));
    }
    CHECK(open_descriptors() == before + 1);
}

TEST_CASE("a set is read where it was renamed to, and where its hidden folder was removed") {
    disk_of d{{file("a", "hello")}};
    REQUIRE(d.put("a", "hello") == "");
    d.disk().forget_parent();
    SUBCASE("renamed") {
        fs::rename(d.path(""), d.outside("renamed"));
        fs::create_directory(d.outside("root"));
        write_text(d.path("a"), "other");
    }
    SUBCASE("without its hidden folder") {
        fs::remove_all(d.path(".p2p"));
    }
    CHECK(d.read("a") == "hello");
}

TEST_CASE("nothing is read from a folder that has taken the place of the root") {
    disk_of d{{file("a", "hello")}};
    REQUIRE(d.put("a", "hello") == "");
    d.disk().forget_parent();
    fs::rename(d.outside("root"), d.outside("renamed"));
    SUBCASE("with its hidden folder") {
        fs::create_directory(d.outside("root"));
        fs::rename(d.outside("renamed/.p2p"), d.path(".p2p"));
    }
    SUBCASE("a link to where the hidden folder is now") {
        fs::create_directory(d.outside("other"));
        fs::rename(d.outside("renamed/.p2p"), d.outside("other/.p2p"));
        fs::create_directory_symlink("other", d.outside("root"));
    }
    fs::rename(d.outside("renamed/a"), d.path("a"));
    CHECK(d.read("a") == d.outside("root").native() + ": is another folder than the one that was opened");
}

TEST_CASE("a root that is gone is named") {
    disk_of d{{file("a", "hello")}};
    REQUIRE(d.put("a", "hello") == "");
    d.disk().forget_parent();
    fs::remove_all(d.outside("root"));
    CHECK(d.read("a") == d.outside("root").native() + ": No such file or directory");
}

// --- looking

TEST_CASE("only a regular file is found in its place") {
    disk_of d{{file("a/b", "hello")}};
    const std::uint32_t entry = d.entry("a/b");
    CHECK_FALSE(d.disk().look(entry));
    fs::create_directories(d.path("a/b"));
    CHECK_FALSE(d.disk().look(entry));
    fs::remove(d.path("a/b"));
    write_text(d.path("a/c"), "hello");
    fs::create_symlink("c", d.path("a/b"));
    CHECK_FALSE(d.disk().look(entry));
    fs::rename(d.path("a/c"), d.path("a/b"));
    const auto found = d.disk().look(entry);
    REQUIRE(found);
    CHECK(found->stamp.size == 5);
    CHECK_FALSE(found->executable);
}

TEST_CASE("staged files are those that are called as the number of a file") {
    disk_of d{{file("a", "1"), link_to("b", "a"), folder("c"), file("d", "2"), file("e", "")}};
    for (const char* name : {"0", "1", "2", "4", "5", "x", "3x", "-1", "99999999999", "copy-1"})
        write_text(d.staged("a").parent_path() / name, "");
    const auto staged = d.disk().staged();
    CHECK(std::set(staged.begin(), staged.end()) == std::set{d.entry("a"), d.entry("e")});
}

TEST_CASE("a stretch that was never written is told from zeros that were") {
    disk_of d{{file("a", std::string(300'000, 'x'))}};
    const std::uint32_t entry = d.entry("a");
    CHECK_FALSE(d.disk().is_hole(entry, 0, 1));  // not staged at all
    d.stage("a", std::string(100, '\0'));
    fs::resize_file(d.staged("a"), 300'000);
    CHECK_FALSE(d.disk().is_hole(entry, 0, 100));
    CHECK_FALSE(d.disk().is_hole(entry, 0, 300'000));
    CHECK(d.disk().is_hole(entry, 300'000, 10));
}

TEST_CASE("a root with nothing but the hidden folder is bare") {
    disk_of d{{file("a", "1")}};
    CHECK(d.disk().is_bare());
    write_text(d.path(".p2p2"), "");
    CHECK_FALSE(d.disk().is_bare());
}

TEST_CASE("what is written aside has no name") {
    disk_of d{{file("a", "1")}};
    const auto one = d.disk().open_scratch();
    const auto two = d.disk().open_scratch();
    REQUIRE(one);
    REQUIRE(two);
    CHECK(::pwrite(one->get(), "one", 3, 0) == 3);
    char byte = 0;
    CHECK(::pread(two->get(), &byte, 1, 0) == 0);
    CHECK(names_in(d.staged("a").parent_path()).empty());
}

TEST_CASE("without a state, a set can only be read") {
    disk_of d{{file("a", "1")}, false};
    CHECK_FALSE(d.disk().has_state());
    CHECK(d.disk().staged().empty());
    CHECK_FALSE(d.disk().look_at_staged(0));
    CHECK_FALSE(d.disk().is_hole(0, 0, 1));
    CHECK(names_in(d.path("")).empty());
    write_text(d.path("a"), "1");
    d.disk().set_placed(0, d.disk().look(0)->stamp);
    CHECK(d.read("a") == "1");
}
