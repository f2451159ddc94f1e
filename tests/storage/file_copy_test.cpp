#include "storage/file_copy.hpp"

#include "storage/unique_fd.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <limits>
#include <string>
#include <unistd.h>

using namespace p2p;
using namespace p2p::test;

namespace {

constexpr byte_count everything = std::numeric_limits<byte_count>::max();

unique_fd open_to_read(const std::filesystem::path& file) {
    return unique_fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
}

unique_fd create(const std::filesystem::path& file) {
    return unique_fd{::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
}

/// A source that the kernel does not copy from by itself: a pipe that holds the text.
unique_fd pipe_with(const std::string& text) {
    int ends[2] = {};
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const unique_fd write_end{ends[1]};
    REQUIRE(::write(write_end.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    return unique_fd{ends[0]};
}

}  // namespace

TEST_CASE("copies go on where the last one ended") {
    const temp_folder temp;
    write_text(temp / "from", "abcdef");
    const auto from = open_to_read(temp / "from");
    const auto to = create(temp / "to");
    file_copier copier;
    CHECK(copier.copy({from.get(), "from"}, {to.get(), "to"}, 2) == 2U);
    CHECK(read_text(temp / "to") == "ab");
    CHECK(copier.copy({from.get(), "from"}, {to.get(), "to"}, everything) == 4U);
    CHECK(read_text(temp / "to") == "abcdef");
    CHECK(copier.copy({from.get(), "from"}, {to.get(), "to"}, everything) == 0U);
}

TEST_CASE("what the kernel does not copy goes through a buffer") {
    const temp_folder temp;
    const auto from = pipe_with("abcdef");
    const auto to = create(temp / "to");
    file_copier copier;
    CHECK(copier.copy({from.get(), "from"}, {to.get(), "to"}, 2) == 2U);
    CHECK(copier.copy({from.get(), "from"}, {to.get(), "to"}, everything) == 4U);
    CHECK(read_text(temp / "to") == "abcdef");
}

TEST_CASE("an error names the side that it is on") {
    const temp_folder temp;
    write_text(temp / "file", "abc");
    const auto file = open_to_read(temp / "file");
    const auto only_writable = create(temp / "new");
    file_copier copier;
    CHECK(copier.copy({only_writable.get(), "source"}, {only_writable.get(), "target"}, 1).error() ==
          "source: Bad file descriptor");
    CHECK(copier.copy({file.get(), "source"}, {file.get(), "target"}, 1).error() ==
          "target: Bad file descriptor");
}
