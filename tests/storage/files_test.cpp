#include "storage/files.hpp"

#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <sys/stat.h>
#include <utility>

using namespace p2p;
using namespace p2p::test;

TEST_CASE("a small file is read whole") {
    const temp_folder temp;
    for (const std::string& text : {std::string{}, std::string{"a\0b\n", 4}, std::string(200'000, 'x')}) {
        write_text(temp / "file", text);
        CHECK(read_small_file(temp / "file", text.size()) == text);
    }
}

TEST_CASE("a file over the limit is refused") {
    const temp_folder temp;
    write_text(temp / "file", "12345");
    CHECK(read_small_file(temp / "file", 4).error() == (temp / "file").native() + ": larger than 4 B");
}

TEST_CASE("a file that is not there is an error that names it") {
    const temp_folder temp;
    CHECK(read_small_file(temp / "none", 10).error() ==
          (temp / "none").native() + ": No such file or directory");
}

TEST_CASE("what is no regular file is refused and never waited for") {
    const temp_folder temp;
    REQUIRE(::mkfifo((temp / "pipe").c_str(), 0600) == 0);
    CHECK(read_small_file(temp / "pipe", 10).error() == (temp / "pipe").native() + ": not a regular file");
    CHECK(read_small_file(temp.path(), 10).error() == temp.path().native() + ": not a regular file");
}

TEST_CASE("a file is written and written again, and nothing else is left") {
    const temp_folder temp;
    const auto folder = open_folder(temp.path()).value();
    for (const std::string& text : {std::string{"first"}, std::string(3'000'000, 'x'), std::string{}}) {
        REQUIRE(write_file_atomically(folder.get(), "file", text));
        CHECK(read_text(temp / "file") == text);
    }
    CHECK(names_in(temp.path()) == std::set<std::string>{"file"});
}

TEST_CASE("what a killed run left of a file does not matter") {
    const temp_folder temp;
    const auto folder = open_folder(temp.path()).value();
    write_text(temp / "elsewhere", "untouched");
    std::filesystem::create_symlink(temp / "elsewhere", temp / ".p2p-file.tmp");
    REQUIRE(write_file_atomically(folder.get(), "file", "new"));
    CHECK(read_text(temp / "file") == "new");
    CHECK(read_text(temp / "elsewhere") == "untouched");
}

TEST_CASE("a failed write names the file, keeps the old one and leaves nothing else") {
    const temp_folder temp;
    write_text(temp / "file/inside", "old");
    const auto folder = open_folder(temp.path()).value();
    CHECK(write_file_atomically(folder.get(), "file", "new").error() ==
          (temp / "file").native() + ": Is a directory");
    CHECK(names_in(temp.path()) == std::set<std::string>{"file"});
    CHECK(read_text(temp / "file/inside") == "old");
}

TEST_CASE("a file that is not committed was never there") {
    const temp_folder temp;
    const auto folder = open_folder(temp.path()).value();
    write_text(temp / "file", "old");
    {
        auto file = atomic_file::create(folder.get(), "file");
        REQUIRE(file);
        REQUIRE(write_all(file->fd(), std::as_bytes(std::span{"new"})) == 0);
        CHECK(read_text(temp / "file") == "old");
    }
    CHECK(names_in(temp.path()) == std::set<std::string>{"file"});
    CHECK(read_text(temp / "file") == "old");
}

TEST_CASE("a full disk is an error number") {
    const unique_fd full{::open("/dev/full", O_WRONLY | O_CLOEXEC)};
    REQUIRE(full);
    CHECK(write_all(full.get(), std::as_bytes(std::span{"text"})) == ENOSPC);
}

TEST_CASE("a folder that is none is refused") {
    const temp_folder temp;
    write_text(temp / "file", "");
    CHECK(open_folder(temp / "file").error() == (temp / "file").native() + ": Not a directory");
    CHECK(open_folder(temp / "none").error() == (temp / "none").native() + ": No such file or directory");
}

TEST_CASE("an error shows file names that are safe for a terminal") {
    CHECK(failure("a\x1b\n", ENOENT) == "a??: No such file or directory");
}

TEST_CASE("a descriptor has one owner at a time") {
    unique_fd first{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    const int number = first.get();
    unique_fd second = std::move(first);
    CHECK_FALSE(first);  // NOLINT(bugprone-use-after-move): that is the point
    CHECK(second.get() == number);
    second.reset();
    CHECK(::fcntl(number, F_GETFD) == -1);
}
