#include "storage/scan.hpp"

#include "storage/files.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <filesystem>
#include <linux/capability.h>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

using namespace p2p;
using namespace p2p::test;

namespace fs = std::filesystem;

namespace {

using lines = std::vector<std::string>;

/// "f 3 a/b", "x 3 a/b", "l a/b -> target", "d a/b".
std::string line_of(const manifest_item& item) {
    switch (item.kind) {
        case entry_kind::file: return "f " + std::to_string(item.size) + " " + item.path;
        case entry_kind::executable: return "x " + std::to_string(item.size) + " " + item.path;
        case entry_kind::link: return "l " + item.path + " -> " + item.target;
        default: return "d " + item.path;
    }
}

lines lines_of(const scanned_tree& tree) {
    lines described;
    for (const scanned_item& scanned : tree.items) described.push_back(line_of(scanned.item));
    return described;
}

scanned_tree scan(const fs::path& path, const lines& excludes = {}) {
    auto scanned = scan_tree(path, excludes);
    REQUIRE_MESSAGE(scanned, scanned.error());
    return *std::move(scanned);
}

lines scanned_lines(const fs::path& path, const lines& excludes = {}) {
    return lines_of(scan(path, excludes));
}

std::string error_of(const fs::path& path, const lines& excludes = {}) {
    const auto scanned = scan_tree(path, excludes);
    return scanned ? "" : scanned.error();
}

/// A folder "set" with this link in its folder "sub", and what scanning it says: the error, or the item.
std::string scanned_link(const std::string& target) {
    const temp_folder temp;
    write_text(temp / "set/file", "");
    fs::create_directory(temp / "set/sub");
    fs::create_symlink(target, temp / "set/sub/link");
    const auto scanned = scan_tree(temp / "set", {});
    if (scanned) return lines_of(*scanned).back();
    const std::string start = (temp / "set/sub/link").native() + ": ";
    CHECK(scanned.error().starts_with(start));
    return scanned.error().substr(start.size());
}

/// Until its end this thread obeys permissions, also where it is root's.
class obedience {
public:
    obedience() {
        ::syscall(SYS_capget, &header_, before_);
        __user_cap_data_struct lowered[2] = {before_[0], before_[1]};
        lowered[0].effective &= ~(1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH);
        ::syscall(SYS_capset, &header_, lowered);
    }
    obedience(const obedience&) = delete;
    obedience& operator=(const obedience&) = delete;
    ~obedience() { ::syscall(SYS_capset, &header_, before_); }

private:
    __user_cap_header_struct header_{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct before_[2]{};
};

/// For as long as it lives, few files may be open.
class open_file_limit {
public:
    explicit open_file_limit(rlim_t most) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit lowered{most, before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &lowered);
    }
    open_file_limit(const open_file_limit&) = delete;
    open_file_limit& operator=(const open_file_limit&) = delete;
    ~open_file_limit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

}  // namespace

// --- what is listed

TEST_CASE("a tree is listed in the order of its paths, component by component") {
    const temp_folder temp;
    write_text(temp / "set/b", "12");
    write_text(temp / "set/a.txt", "");
    write_text(temp / "set/a/z", "123");
    write_text(temp / "set/a/b/c/d", "1");
    const auto tree = scan(temp / "set");
    CHECK(lines_of(tree) == lines{"f 1 a/b/c/d", "f 3 a/z", "f 0 a.txt", "f 2 b"});
    CHECK(tree.root == temp / "set");
    CHECK(tree.name == "set");
    CHECK(tree.left_out.empty());
}

TEST_CASE("a folder is listed where nothing is in it, and only there") {
    const temp_folder temp;
    write_text(temp / "set/full/file", "");
    fs::create_directories(temp / "set/empty");
    fs::create_directories(temp / "set/nested/inner/innermost");
    CHECK(scanned_lines(temp / "set") == lines{"d empty", "f 0 full/file", "d nested/inner/innermost"});
}

TEST_CASE("a file is executable where its owner may execute it") {
    const temp_folder temp;
    for (const char* name : {"all", "owner", "others", "none"}) write_text(temp / name, "x");
    fs::permissions(temp / "all", fs::perms{0755});
    fs::permissions(temp / "owner", fs::perms{0700});
    fs::permissions(temp / "others", fs::perms{0655});
    CHECK(scanned_lines(temp.path()) == lines{"x 1 all", "f 1 none", "f 1 others", "x 1 owner"});
}

TEST_CASE("the stamp of a file is that of the file") {
    const temp_folder temp;
    write_text(temp / "file", "123");
    struct stat info {};
    REQUIRE(::stat((temp / "file").c_str(), &info) == 0);
    const auto stamp = scan(temp.path()).items.at(0).stamp;
    CHECK(stamp.size == 3);
    CHECK(stamp.modified_ns == info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec);
    CHECK(stamp.inode == info.st_ino);
}

TEST_CASE("names may have spaces, line ends and letters of any script") {
    const temp_folder temp;
    write_text(temp / "set/two\nlines", "");
    write_text(temp / "set/a b", "");
    write_text(temp / "set/Grüße", "");
    CHECK(scanned_lines(temp / "set") == lines{"f 0 Grüße", "f 0 a b", "f 0 two\nlines"});
}

TEST_CASE("a deep tree is walked with few open files") {
    const temp_folder temp;
    std::string path = "set";
    for (int depth = 0; depth < 300; ++depth) path += "/d";
    write_text(temp / (path + "/file"), "");
    const open_file_limit limit{64};
    CHECK(scan(temp / "set").items.at(0).item.path == path.substr(4) + "/file");
}

// --- the root

TEST_CASE("a single file is shared from its folder") {
    const temp_folder temp;
    write_text(temp / "folder/file", "123");
    write_text(temp / "folder/other", "");
    const auto tree = scan(temp / "folder/file");
    CHECK(lines_of(tree) == lines{"f 3 file"});
    CHECK(tree.root == temp / "folder");
    CHECK(tree.name == "file");
    CHECK(tree.items.at(0).stamp.size == 3);
}

TEST_CASE("a root that is a link is followed") {
    const temp_folder temp;
    write_text(temp / "real/file", "1");
    fs::create_symlink("real", temp / "link");
    fs::create_symlink("real/file", temp / "file_link");
    CHECK(scanned_lines(temp / "link") == lines{"f 1 file"});
    CHECK(scan(temp / "link").name == "real");
    CHECK(scan(temp / "link").root == temp / "real");
    CHECK(scanned_lines(temp / "file_link") == lines{"f 1 file"});
    CHECK(scan(temp / "file_link").root == temp / "real");
}

TEST_CASE("the name of a set is that of the resolved path") {
    const temp_folder temp;
    write_text(temp / "set/sub/file", "");
    CHECK(scan(temp / "set/").name == "set");
    CHECK(scan(temp / "set/.").name == "set");
    CHECK(scan(temp / "set/sub/..").name == "set");
}

TEST_CASE("what is no file and no folder is not shared") {
    const temp_folder temp;
    REQUIRE(::mkfifo((temp / "pipe").c_str(), 0600) == 0);
    fs::create_symlink("none", temp / "dangling");
    CHECK(error_of(temp / "pipe") == (temp / "pipe").native() + ": neither a file nor a folder");
    CHECK(error_of(temp / "none") == (temp / "none").native() + ": No such file or directory");
    CHECK(error_of(temp / "dangling") == (temp / "dangling").native() + ": No such file or directory");
    CHECK(error_of("/") == "/: the root folder has no name");
    CHECK(error_of("") != "");
}

TEST_CASE("a folder in which nothing is left is not shared") {
    const temp_folder temp;
    fs::create_directory(temp / "set");
    const std::string expected = (temp / "set").native() + ": nothing in it is left to share";
    CHECK(error_of(temp / "set") == expected);
    write_text(temp / "set/file", "");
    CHECK(error_of(temp / "set", {"file"}) == expected);
    CHECK(error_of(temp / "set/file", {"f*"}) == expected);
}

// --- links

TEST_CASE("links are kept as links, whatever they lead to") {
    CHECK(scanned_link("../file") == "l sub/link -> ../file");
    CHECK(scanned_link("..") == "l sub/link -> ..");
    CHECK(scanned_link("none") == "l sub/link -> none");
    CHECK(scanned_link("link") == "l sub/link -> link");
}

TEST_CASE("a folder behind a link is not walked into") {
    const temp_folder temp;
    write_text(temp / "set/real/file", "");
    fs::create_symlink("real", temp / "set/alias");
    fs::create_symlink("..", temp / "set/real/up");
    CHECK(scanned_lines(temp / "set") == lines{"l alias -> real", "f 0 real/file", "l real/up -> .."});
}

TEST_CASE("a link that leads outside is refused") {
    CHECK(scanned_link("/etc/passwd") == "its target \"/etc/passwd\" is absolute (--exclude leaves it out)");
    for (const std::string target : {"/etc", "../../secret", "../sub/../..", "\xFF"}) {
        CAPTURE(target);
        CHECK(scanned_link(target).ends_with(" (--exclude leaves it out)"));
    }
}

// --- what is left out

TEST_CASE("a pattern without a slash leaves out what has such a name, at any depth") {
    const temp_folder temp;
    for (const char* name : {"set/a.o", "set/a.c", "set/sub/b.o", "set/sub/b.c", "set/x.o/inside", "set/.o"})
        write_text(temp / name, "");
    CHECK(scanned_lines(temp / "set", {"*.o"}) == lines{"f 0 a.c", "f 0 sub/b.c"});
    CHECK(scanned_lines(temp / "set", {"[ab].o", "sub", ".o"}) == lines{"f 0 a.c", "f 0 x.o/inside"});
}

TEST_CASE("a pattern with a slash leaves out what has such a path") {
    const temp_folder temp;
    for (const char* name : {"set/build/a", "set/sub/build/a", "set/sub/build/b/a", "set/sub/c"})
        write_text(temp / name, "");
    CHECK(scanned_lines(temp / "set", {"sub/build"}) == lines{"f 0 build/a", "f 0 sub/c"});
    CHECK(scanned_lines(temp / "set", {"*/build"}) == lines{"f 0 build/a", "f 0 sub/c"});
    CHECK(scanned_lines(temp / "set", {"build/a", "sub/*"}) == lines{"d build", "d sub"});
    CHECK(scanned_lines(temp / "set", {"*/a", "sub/*/*"}) == lines{"d build", "d sub/build", "f 0 sub/c"});
}

TEST_CASE("a slash at the end of a pattern means nothing, one at its start the root") {
    const temp_folder temp;
    for (const char* name : {"set/build/a", "set/sub/build/a", "set/sub/c"}) write_text(temp / name, "");
    CHECK(scanned_lines(temp / "set", {"build/"}) == lines{"f 0 sub/c"});
    CHECK(scanned_lines(temp / "set", {"/build"}) == lines{"f 0 sub/build/a", "f 0 sub/c"});
    CHECK(scanned_lines(temp / "set", {"/build/"}) == lines{"f 0 sub/build/a", "f 0 sub/c"});
}

TEST_CASE("a folder that patterns leave empty is listed as an empty one") {
    const temp_folder temp;
    write_text(temp / "set/a/x.o", "");
    write_text(temp / "set/b/c/x.o", "");
    write_text(temp / "set/file", "");
    CHECK(scanned_lines(temp / "set", {"*.o"}) == lines{"d a", "d b/c", "f 0 file"});
    CHECK(scanned_lines(temp / "set", {"*.o", "c"}) == lines{"d a", "d b", "f 0 file"});
}

TEST_CASE("what is excluded is not complained of") {
    const temp_folder temp;
    write_text(temp / "set/file", "");
    write_text(temp / "set/bad\xFF", "");
    REQUIRE(::mkfifo((temp / "set/pipe").c_str(), 0600) == 0);
    fs::create_symlink("/etc", temp / "set/link");
    CHECK(scan(temp / "set", {"bad*", "pipe", "link"}).left_out.empty());
}

TEST_CASE("pipes, sockets and devices are left out and named") {
    const temp_folder temp;
    write_text(temp / "set/file", "");
    fs::create_directory(temp / "set/sub");
    REQUIRE(::mkfifo((temp / "set/sub/pipe").c_str(), 0600) == 0);
    REQUIRE(::mkfifo((temp / "set/a pipe").c_str(), 0600) == 0);
    const auto tree = scan(temp / "set");
    CHECK(lines_of(tree) == lines{"f 0 file", "d sub"});
    CHECK(tree.left_out == lines{"a pipe", "sub/pipe"});
}

TEST_CASE("state folders are left out") {
    const temp_folder temp;
    write_text(temp / "set/.p2p/journal", "");
    write_text(temp / "set/sub/.p2p/journal", "");
    write_text(temp / "set/.p2p-other", "");
    const auto tree = scan(temp / "set");
    CHECK(lines_of(tree) == lines{"f 0 .p2p-other", "d sub"});
    CHECK(tree.left_out.empty());
}

// --- what is refused

TEST_CASE("a name that is no UTF-8 is refused in a readable line") {
    const temp_folder temp;
    write_text(temp / "set/caf\xE9", "");
    const std::string error = error_of(temp / "set");
    CAPTURE(error);
    CHECK(error.starts_with((temp / "set/caf?").native() + ": "));
    CHECK(error.ends_with(" (--exclude leaves it out)"));
}

TEST_CASE("of many refusals the first is told, and how many more there are") {
    const temp_folder temp;
    write_text(temp / "set/b\xFF", "");
    write_text(temp / "set/a\xFF/inside", "");
    write_text(temp / "set/a\xFF/also", "");
    fs::create_symlink("/etc", temp / "set/link");
    const std::string error = error_of(temp / "set");
    CAPTURE(error);
    CHECK(error.starts_with((temp / "set/a?").native() + ": "));
    CHECK(error.ends_with(" (and 2 more: --exclude leaves them out)"));
}

TEST_CASE("a file with the name of a state folder is refused") {
    const temp_folder temp;
    write_text(temp / "set/.p2p", "");
    write_text(temp / "set/file", "");
    CHECK(error_of(temp / "set").starts_with((temp / "set/.p2p").native() + ": "));
    CHECK(scanned_lines(temp / "set", {".p2p"}) == lines{"f 0 file"});
}

TEST_CASE("a path that is longer than a manifest takes is refused") {
    const temp_folder temp;
    fs::create_directory(temp / "set");
    auto folder = open_folder(temp / "set").value();
    // No system call takes such a path in one piece.
    const std::string name(250, 'x');
    for (int depth = 0; depth < 20; ++depth) {
        REQUIRE(::mkdirat(folder.get(), name.c_str(), 0700) == 0);
        folder.reset(::openat(folder.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    }
    CHECK(error_of(temp / "set").ends_with(" is longer than 4000 bytes (--exclude leaves it out)"));
}

TEST_CASE("a file or folder that cannot be read is an error that names it") {
    const temp_folder temp;
    write_text(temp / "set/folder/file", "");
    write_text(temp / "set/other", "");
    for (const std::string name : {"set/folder", "set/folder/file", "set"}) {
        CAPTURE(name);
        const auto before = fs::status(temp / name).permissions();
        fs::permissions(temp / name, fs::perms::none);
        {
            const obedience obeys;
            CHECK(error_of(temp / "set") == (temp / name).native() + ": Permission denied");
        }
        fs::permissions(temp / name, before);
    }
}
