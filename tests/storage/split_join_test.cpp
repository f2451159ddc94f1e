#include "storage/split_join.hpp"

#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>

using namespace p2p;
using namespace p2p::test;

namespace fs = std::filesystem;

namespace {

std::string random_text(std::size_t size) {
    std::mt19937 random{1};
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random());
    return text;
}

/// A folder with three chunks of "abcdefg", under names of all kinds.
void write_example(const fs::path& folder) {
    write_text(folder / "one.bin", "abc");
    write_text(folder / "sub/two", "def");
    write_text(folder / "chunk_3", "g");
    write_text(folder / "local_chunks.txt", "1,one.bin\n2,sub/two\n3,chunk_3\n3,LASTCHUNK\n");
}

void list_first_as(const fs::path& folder, const std::string& name) {
    write_text(folder / "local_chunks.txt", "1," + name + "\n2,sub/two\n3,chunk_3\n3,LASTCHUNK\n");
}

std::string join_error(const fs::path& folder, const fs::path& out) {
    const auto joined = join_chunks(folder, out);
    return joined ? "" : joined.error();
}

std::string split_error(const fs::path& file, const fs::path& into, byte_count chunk_size) {
    const auto split = split_file(file, into, chunk_size);
    return split ? "" : split.error();
}

/// Stands for a full disk: no file may grow over the size.
class file_size_limit {
public:
    explicit file_size_limit(rlim_t size) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit lowered{size, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &lowered);
    }
    file_size_limit(const file_size_limit&) = delete;
    file_size_limit& operator=(const file_size_limit&) = delete;
    ~file_size_limit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

private:
    rlimit before_{};
    void (*handler_)(int) = std::signal(SIGXFSZ, SIG_IGN);
};

}  // namespace

TEST_CASE("a file is split into chunks that are listed") {
    const temp_folder temp;
    write_text(temp / "file", "abcdefg");
    CHECK(split_file(temp / "file", temp / "set", 3) == 3U);
    CHECK(names_in(temp / "set") ==
          std::set<std::string>{"chunk_1", "chunk_2", "chunk_3", "local_chunks.txt"});
    CHECK(read_text(temp / "set/chunk_1") == "abc");
    CHECK(read_text(temp / "set/chunk_2") == "def");
    CHECK(read_text(temp / "set/chunk_3") == "g");
    CHECK(read_text(temp / "set/local_chunks.txt") == "1,chunk_1\n2,chunk_2\n3,chunk_3\n3,LASTCHUNK\n");
    CHECK(read_text(temp / "file") == "abcdefg");
}

TEST_CASE("a file that fills its chunks has no empty one at the end") {
    const temp_folder temp;
    write_text(temp / "file", "abcdef");
    CHECK(split_file(temp / "file", temp / "set", 3) == 2U);
    CHECK(split_file(temp / "file", temp / "whole", 6) == 1U);
    CHECK(split_file(temp / "file", temp / "larger", UINT64_MAX) == 1U);
}

TEST_CASE("a split file is the same again when it is joined") {
    const temp_folder temp;
    const std::string text = random_text(5'000'001);
    write_text(temp / "file", text);
    const std::map<std::string, byte_count> sizes{{"small", 65'536}, {"odd", 999'999}, {"large", 3'000'000}};
    for (const auto& [name, chunk_size] : sizes) {
        CAPTURE(name);
        REQUIRE(split_file(temp / "file", temp / name, chunk_size));
        CHECK(join_chunks(temp / name, temp / "joined") == text.size());
        CHECK((read_text(temp / "joined") == text));
    }
}

TEST_CASE("a folder that is there is split into, and what is in it stays") {
    const temp_folder temp;
    write_text(temp / "file", "abc");
    write_text(temp / "set/other", "mine");
    CHECK(split_file(temp / "file", temp / "set", 2) == 2U);
    CHECK(read_text(temp / "set/other") == "mine");
}

TEST_CASE("what cannot be split is refused, and nothing is made") {
    const temp_folder temp;
    write_text(temp / "empty", "");
    write_text(temp / "file", "abc");
    REQUIRE(::mkfifo((temp / "pipe").c_str(), 0600) == 0);
    const auto before = names_in(temp.path());
    CHECK(split_error(temp / "empty", temp / "set", 3) ==
          (temp / "empty").native() + ": is empty, and a file-set has at least one chunk");
    CHECK(split_error(temp / "none", temp / "set", 3) ==
          (temp / "none").native() + ": No such file or directory");
    CHECK(split_error(temp / "pipe", temp / "set", 3) == (temp / "pipe").native() + ": not a regular file");
    CHECK(split_error(temp.path(), temp / "set", 3) == temp.path().native() + ": not a regular file");
    CHECK(split_error(temp / "file", temp / "set", 0) == "the chunk size must be more than 0");
    CHECK(split_error(temp / "file", temp / "file", 3) == (temp / "file").native() + ": Not a directory");
    CHECK(names_in(temp.path()) == before);
}

TEST_CASE("a chunk size that makes too many chunks is refused, and one that does not is named") {
    const temp_folder temp;
    write_text(temp / "file", "");
    fs::resize_file(temp / "file", byte_count{max_chunk_count} * 3 * 1024);
    CHECK(split_error(temp / "file", temp / "set", 1024) ==
          (temp / "file").native() +
              ": would need 50331648 chunks, more than 16777216: use --chunk-size 4KiB");
    CHECK_FALSE(fs::exists(temp / "set"));
}

TEST_CASE("a chunk folder is not split into again") {
    const temp_folder temp;
    write_text(temp / "file", "abc");
    REQUIRE(split_file(temp / "file", temp / "set", 2));
    const auto before = names_in(temp / "set");
    CHECK(split_error(temp / "file", temp / "set", 1) ==
          (temp / "set").native() + ": is a chunk folder already (it has a local_chunks.txt)");
    CHECK(names_in(temp / "set") == before);
}

TEST_CASE("a file in the way stops a split, which takes back what it made and nothing else") {
    const temp_folder temp;
    write_text(temp / "file", "abcdef");
    write_text(temp / "set/chunk_2", "mine");
    CHECK(split_error(temp / "file", temp / "set", 2) == (temp / "set/chunk_2").native() + ": File exists");
    CHECK(names_in(temp / "set") == std::set<std::string>{"chunk_2"});
    CHECK(read_text(temp / "set/chunk_2") == "mine");
}

TEST_CASE("a split that runs out of space takes back what it made, with the folder") {
    const temp_folder temp;
    write_text(temp / "file", std::string(5000, 'x'));
    {
        const file_size_limit limit{1000};
        CHECK(split_error(temp / "file", temp / "set", 2000) ==
              (temp / "set/chunk_1").native() + ": File too large");
    }
    CHECK_FALSE(fs::exists(temp / "set"));
}

TEST_CASE("chunks are joined in the order of their indices, whatever their names") {
    const temp_folder temp;
    write_example(temp / "set");
    CHECK(join_chunks(temp / "set", temp / "out") == 7U);
    CHECK(read_text(temp / "out") == "abcdefg");
    CHECK(names_in(temp.path()) == std::set<std::string>{"out", "set"});
}

TEST_CASE("a folder that lacks chunks is not joined, and those are named") {
    const temp_folder temp;
    write_text(temp / "set/local_chunks.txt", "2,a\n6,b\n9,LASTCHUNK\n");
    CHECK(join_error(temp / "set", temp / "out") ==
          (temp / "set").native() + ": 7 of 9 chunks missing: 1,3-5,7-9");
    CHECK_FALSE(fs::exists(temp / "out"));
}

TEST_CASE("of many missing chunks the first few are named") {
    const temp_folder temp;
    std::string listing;
    for (int i = 2; i <= 1000; i += 2) listing += std::to_string(i) + ",x\n";
    write_text(temp / "set/local_chunks.txt", listing + "1000,LASTCHUNK\n");
    const std::string error = join_error(temp / "set", temp / "out");
    CHECK(error.find(": 500 of 1000 chunks missing: 1,3,5,7,") != std::string::npos);
    CHECK(error.ends_with(",..."));
    CHECK(error.size() < temp.path().native().size() + 120);
}

TEST_CASE("a joined file replaces an older one and keeps its permissions") {
    const temp_folder temp;
    write_example(temp / "set");
    write_text(temp / "out", "old and longer than the new one");
    fs::permissions(temp / "out", fs::perms::owner_all);
    CHECK(join_chunks(temp / "set", temp / "out") == 7U);
    CHECK(read_text(temp / "out") == "abcdefg");
    CHECK(fs::status(temp / "out").permissions() == fs::perms::owner_all);
}

TEST_CASE("a symlink to the joined file stays one") {
    const temp_folder temp;
    write_example(temp / "set");
    write_text(temp / "elsewhere/out", "old");
    fs::create_symlink(temp / "elsewhere/out", temp / "link");
    CHECK(join_chunks(temp / "set", temp / "link") == 7U);
    CHECK(fs::is_symlink(temp / "link"));
    CHECK(read_text(temp / "elsewhere/out") == "abcdefg");
}

TEST_CASE("a join that fails halfway leaves the old file and nothing else") {
    const temp_folder temp;
    write_example(temp / "set");
    write_text(temp / "out", "old");
    fs::remove(temp / "set/chunk_3");
    CHECK(join_error(temp / "set", temp / "out") ==
          (temp / "set/chunk_3").native() + ": No such file or directory");
    CHECK(read_text(temp / "out") == "old");
    CHECK(names_in(temp.path()) == std::set<std::string>{"out", "set"});
}

TEST_CASE("a join that runs out of space leaves the old file and nothing else") {
    const temp_folder temp;
    write_example(temp / "set");
    write_text(temp / "out", "old");
    {
        const file_size_limit limit{5};
        CHECK(join_error(temp / "set", temp / "out") == (temp / "out").native() + ": File too large");
    }
    CHECK(read_text(temp / "out") == "old");
    CHECK(names_in(temp.path()) == std::set<std::string>{"out", "set"});
}

TEST_CASE("a join does not replace what it is made from") {
    const temp_folder temp;
    write_example(temp / "set");
    for (const std::string name : {"one.bin", "sub/two", "chunk_3"}) {
        CAPTURE(name);
        const auto out = temp / ("set/" + name);
        CHECK(join_error(temp / "set", out) == out.native() + ": is one of the chunks");
    }
    const auto listing = temp / "set/local_chunks.txt";
    CHECK(join_error(temp / "set", listing) == listing.native() + ": is the local_chunks.txt of the folder");
    CHECK(join_chunks(temp / "set", temp / "out") == 7U);
}

TEST_CASE("a join replaces nothing but regular files") {
    const temp_folder temp;
    write_example(temp / "set");
    REQUIRE(::mkfifo((temp / "pipe").c_str(), 0600) == 0);
    CHECK(join_error(temp / "set", temp / "pipe") ==
          (temp / "pipe").native() + ": exists, and is not a regular file");
    CHECK(join_error(temp / "set", temp.path()) ==
          temp.path().native() + ": exists, and is not a regular file");
    CHECK(join_error(temp / "set", temp / "none/out") ==
          (temp / "none").native() + ": No such file or directory");
    CHECK(join_error(temp / "set", temp / "none/") == (temp / "none/").native() + ": not a file name");
}

TEST_CASE("a chunk that is outside of the folder, or behind a symlink, is not joined") {
    const temp_folder temp;
    write_example(temp / "set");
    write_text(temp / "secret", "secret");
    fs::create_symlink(temp / "secret", temp / "set/link");
    fs::create_symlink(temp.path(), temp / "set/folder_link");
    for (const std::string name : {"link", "folder_link/secret", "../secret", "/etc/passwd"}) {
        CAPTURE(name);
        list_first_as(temp / "set", name);
        CHECK(join_error(temp / "set", temp / "out") != "");
        CHECK_FALSE(fs::exists(temp / "out"));
    }
}

TEST_CASE("a chunk that is no regular file is refused and never waited for") {
    const temp_folder temp;
    write_example(temp / "set");
    REQUIRE(::mkfifo((temp / "set/pipe").c_str(), 0600) == 0);
    list_first_as(temp / "set", "pipe");
    CHECK(join_error(temp / "set", temp / "out") == (temp / "set/pipe").native() + ": not a regular file");
    list_first_as(temp / "set", "sub");
    CHECK(join_error(temp / "set", temp / "out") == (temp / "set/sub").native() + ": not a regular file");
}

TEST_CASE("a folder without a listing is not joined") {
    const temp_folder temp;
    CHECK(join_error(temp.path(), temp / "out") ==
          (temp / "local_chunks.txt").native() + ": No such file or directory");
}
