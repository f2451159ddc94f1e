#include "storage/beneath.hpp"

#include "storage/files.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

using namespace p2p;
using namespace p2p::test;

namespace {

using opener = tl::expected<unique_fd, std::string> (*)(int, const std::string&, int, mode_t);

/// With openat2 and without it.
const std::vector<std::pair<std::string, opener>> both_ways{{"openat2", &open_beneath},
                                                            {"walk", &open_beneath_by_walking}};

}  // namespace

TEST_CASE("files beneath a folder are opened, also those in its folders") {
    const temp_folder temp;
    write_text(temp / "a", "");
    write_text(temp / "b/c/d", "");
    const auto folder = open_folder(temp.path()).value();
    for (const auto& [way, open] : both_ways) {
        CAPTURE(way);
        CHECK(open(folder.get(), "a", O_RDONLY, 0));
        CHECK(open(folder.get(), "b/c/d", O_RDONLY, 0));
        CHECK(open(folder.get(), "b/new_" + way, O_WRONLY | O_CREAT | O_EXCL, 0600));
        CHECK(std::filesystem::exists(temp / ("b/new_" + way)));
    }
}

TEST_CASE("no name leads outside of the folder") {
    const temp_folder temp;
    write_text(temp / "secret", "");
    write_text(temp / "set/inside", "");
    const auto folder = open_folder(temp / "set").value();
    for (const auto& [way, open] : both_ways) {
        for (const std::string name :
             {"../secret", "../set/../secret", "/etc/passwd", "//etc/passwd", "/", ".."}) {
            CAPTURE(way);
            CAPTURE(name);
            const auto file = open(folder.get(), name, O_RDONLY, 0);
            REQUIRE_FALSE(file);
            CHECK(file.error().ends_with(": leads outside of its folder"));
        }
    }
}

TEST_CASE("no symlink is followed, not even one that stays inside") {
    const temp_folder temp;
    write_text(temp / "real/file", "");
    std::filesystem::create_symlink("real/file", temp / "link");
    std::filesystem::create_symlink("real", temp / "folder_link");
    std::filesystem::create_symlink("/etc/passwd", temp / "outside");
    const auto folder = open_folder(temp.path()).value();
    for (const auto& [way, open] : both_ways) {
        CAPTURE(way);
        CHECK_FALSE(open(folder.get(), "folder_link/file", O_RDONLY, 0));
        CHECK_FALSE(open(folder.get(), "outside", O_RDONLY, 0));
        CHECK(open(folder.get(), "link", O_RDONLY, 0).error() ==
              (temp / "link").native() + ": leads through a symbolic link");
    }
}

TEST_CASE("an error names the file with its folder") {
    const temp_folder temp;
    const auto folder = open_folder(temp.path()).value();
    for (const auto& [way, open] : both_ways) {
        CAPTURE(way);
        CHECK(open(folder.get(), "chunk_3", O_RDONLY, 0).error() ==
              (temp / "chunk_3").native() + ": No such file or directory");
        CHECK_FALSE(open(folder.get(), "", O_RDONLY, 0));
    }
}

TEST_CASE("an opened file is not passed on to other programs") {
    const temp_folder temp;
    write_text(temp / "a", "");
    const auto folder = open_folder(temp.path()).value();
    for (const auto& [way, open] : both_ways) {
        CAPTURE(way);
        const auto file = open(folder.get(), "a", O_RDONLY, 0);
        REQUIRE(file);
        CHECK((::fcntl(file->get(), F_GETFD) & FD_CLOEXEC) != 0);
    }
}
