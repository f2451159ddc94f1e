#include "storage/set_content.hpp"

#include "storage/beneath.hpp"
#include "storage/files.hpp"
#include "support/small_set.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <filesystem>
#include <string>
#include <unistd.h>
#include <vector>

using namespace p2p;
using namespace p2p::test;

namespace {

// Content: 0123456789abcdefghij, in a, c/long and e; everything else has none.
small_set example() {
    return {{file("a", "01234"), file("b", ""), link_to("bb", "a"), file("c/empty", ""),
             file("c/long", "56789abcdefg"), folder("d"), program("e", "hij"), file("z", "")},
            7};
}

/// "PATH FROM+SIZE, ..."
std::string pieces(const small_set& of, byte_count from, byte_count to) {
    std::string text;
    for (const content_piece& piece : pieces_in(of.set(), from, to)) {
        if (!text.empty()) text += ", ";
        text += std::string{of.set().entry(piece.entry).path} + " " + std::to_string(piece.in_file) + "+" +
                std::to_string(piece.size);
    }
    return text;
}

/// A set on disk, read where its files are.
class set_on_disk {
public:
    explicit set_on_disk(const small_set& what) : what_(what), root_(open_folder_of(what)) {}

    content_reader reader() {
        return {what_.set(), [this](std::uint32_t entry) {
                    ++opened_;
                    return open_beneath(root_.get(), std::string{what_.set().entry(entry).path}, O_RDONLY);
                }};
    }
    /// The bytes, or the error.
    std::string read(byte_count from, byte_count to) {
        content_reader reader = this->reader();
        return read(reader, from, to);
    }
    static std::string read(content_reader& reader, byte_count from, byte_count to) {
        std::string bytes(to - from, '?');
        const auto got = reader.read(from, std::as_writable_bytes(std::span{bytes}));
        return got ? bytes : got.error();
    }
    int opened() const { return opened_; }
    std::filesystem::path operator/(std::string_view path) const { return temp_ / path; }

private:
    unique_fd open_folder_of(const small_set& what) {
        what.write_to(temp_.path());
        auto folder = open_folder(temp_.path());
        REQUIRE(folder);
        return std::move(*folder);
    }

    temp_folder temp_;
    const small_set& what_;
    unique_fd root_;
    int opened_ = 0;
};

}  // namespace

TEST_CASE("a stretch of the content lies in the files that have bytes of it") {
    const small_set what = example();
    CHECK(pieces(what, 0, 20) == "a 0+5, c/long 0+12, e 0+3");
    CHECK(pieces(what, 0, 5) == "a 0+5");
    CHECK(pieces(what, 5, 17) == "c/long 0+12");
    CHECK(pieces(what, 4, 6) == "a 4+1, c/long 0+1");
    CHECK(pieces(what, 16, 18) == "c/long 11+1, e 0+1");
    CHECK(pieces(what, 19, 20) == "e 2+1");
}

TEST_CASE("a stretch without bytes is in no file") {
    const small_set what = example();
    for (byte_count at = 0; at <= 20; ++at) CHECK(pieces(what, at, at).empty());
    CHECK(pieces(what, 20, 30).empty());
    CHECK(pieces(small_set{{file("a", ""), folder("b")}, 7}, 0, 10).empty());
}

TEST_CASE("every stretch of the content reads as what it is") {
    const small_set what = example();
    set_on_disk disk{what};
    for (byte_count from = 0; from <= 20; ++from)
        for (byte_count to = from; to <= 20; ++to)
            CHECK(disk.read(from, to) == what.content().substr(from, to - from));
}

TEST_CASE("a file that is read again is not opened again") {
    const small_set what = example();
    set_on_disk disk{what};
    content_reader reader = disk.reader();
    for (byte_count at = 0; at < 20; ++at) CHECK(set_on_disk::read(reader, at, at + 1).size() == 1);
    CHECK(disk.opened() == 3);
}

TEST_CASE("a file that is too short is an error that names it") {
    const small_set what = example();
    set_on_disk disk{what};
    std::filesystem::resize_file(disk / "c/long", 11);
    CHECK(disk.read(5, 16) == "56789abcdef");
    CHECK(disk.read(5, 17) == "c/long: is shorter than it was");
    CHECK(disk.read(16, 18) == "c/long: is shorter than it was");
    CHECK(disk.read(17, 20) == "hij");
}

TEST_CASE("a file that cannot be opened is an error, and can be opened the next time") {
    const small_set what = example();
    set_on_disk disk{what};
    std::filesystem::rename(disk / "e", disk / "f");
    content_reader reader = disk.reader();
    CHECK(set_on_disk::read(reader, 0, 5) == "01234");
    CHECK(set_on_disk::read(reader, 17, 20) == (disk / "e").native() + ": No such file or directory");
    std::filesystem::rename(disk / "f", disk / "e");
    CHECK(set_on_disk::read(reader, 17, 20) == "hij");
    CHECK(set_on_disk::read(reader, 0, 5) == "01234");
}

TEST_CASE("the file of a piece is open until the next one is asked for") {
    const small_set what = example();
    set_on_disk disk{what};
    content_reader reader = disk.reader();
    for (const content_piece& piece : pieces_in(what.set(), 3, 19)) {
        const auto opened = reader.file_of(piece);
        REQUIRE_MESSAGE(opened, opened.error());
        const auto again = reader.file_of(piece);
        REQUIRE_MESSAGE(again, again.error());
        CHECK(*opened == *again);
        std::string bytes(piece.size, '?');
        CHECK(::pread(*opened, bytes.data(), bytes.size(), static_cast<off_t>(piece.in_file)) ==
              static_cast<ssize_t>(bytes.size()));
        const byte_count at = what.set().entry(piece.entry).offset + piece.in_file;
        CHECK(bytes == what.content().substr(at, piece.size));
    }
    CHECK(disk.opened() == 3);
}

TEST_CASE("content of a thousand small files, with empty ones between, is hashed as one") {
    std::vector<set_item> items;
    for (int i = 0; i < 1000; ++i) {
        items.push_back(file("f" + std::to_string(i), std::string(static_cast<std::size_t>(i % 7), 'x')));
        items.push_back(file("g" + std::to_string(i), std::to_string(i)));
    }
    const small_set what{items, 500};
    set_on_disk disk{what};
    content_reader reader = disk.reader();
    for (std::uint32_t number = 1; number <= what.set().chunk_count(); ++number) {
        const chunk_index chunk{number};
        const auto hashed = hash_content(reader, what.set().chunk_begin(chunk), what.set().chunk_end(chunk));
        REQUIRE_MESSAGE(hashed, hashed.error());
        CHECK(*hashed == what.set().chunk(chunk));
    }
}

TEST_CASE("content that is larger than what is read at once is hashed and compared") {
    std::string large(700'001, 'x');
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i % 251);
    const small_set what{{file("a", large.substr(0, 300'000)), file("b", large.substr(300'000))}, 1U << 20U};
    set_on_disk disk{what};
    content_reader reader = disk.reader();
    CHECK(hash_content(reader, 0, large.size()).value() == what.set().chunk({1}));
    for (const check_by how : {check_by::sha256, check_by::xxh3})
        CHECK(is_right(reader, what.set(), {1}, how).value());
    spoil_end(disk / "b");
    for (const check_by how : {check_by::sha256, check_by::xxh3})
        CHECK_FALSE(is_right(reader, what.set(), {1}, how).value());
}

TEST_CASE("whether a chunk is right cannot be told where its file is not there") {
    const small_set what = example();
    set_on_disk disk{what};
    std::filesystem::remove(disk / "e");
    content_reader reader = disk.reader();
    CHECK(is_right(reader, what.set(), {2}, check_by::sha256).value());
    CHECK_FALSE(is_right(reader, what.set(), {3}, check_by::sha256));
    CHECK_FALSE(hash_content(reader, 14, 20));
}

TEST_CASE("reading ends at the first error of who takes it") {
    const small_set what{{file("a", std::string(600'000, 'x'))}, 1U << 20U};
    set_on_disk disk{what};
    content_reader reader = disk.reader();
    int calls = 0;
    const auto take = [&](std::span<const std::byte>) -> tl::expected<void, std::string> {
        ++calls;
        return tl::unexpected<std::string>{"enough"};
    };
    CHECK(read_content(reader, 0, 600'000, take).error() == "enough");
    CHECK(calls == 1);
    CHECK(read_content(reader, 5, 5, take));
    CHECK(calls == 1);
}
