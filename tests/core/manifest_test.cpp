#include "core/set/manifest.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

using namespace p2p;
using namespace std::string_literals;

namespace {

published_chunk chunk_of(std::uint32_t size, std::uint8_t hash_byte = 0, std::uint8_t sha256_byte = 0) {
    published_chunk chunk{size, {}, {}};
    chunk.hash.bytes.fill(hash_byte);
    chunk.sha256.bytes.fill(sha256_byte);
    return chunk;
}

manifest_item file(std::string path, byte_count size = 0) {
    return {entry_kind::file, std::move(path), size, {}};
}

manifest_item folder(std::string path) {
    return {entry_kind::folder, std::move(path), 0, {}};
}

manifest_item link_to(std::string target, std::string path) {
    return {entry_kind::link, std::move(path), 0, std::move(target)};
}

const std::vector<manifest_item> example_items{
    file("a/one.txt", 1234),
    {entry_kind::executable, "a/run.sh", 99, {}},
    link_to("one.txt", "a/two"),
    folder("b/empty"),
};

const std::vector<published_chunk> example_chunks{chunk_of(1000, 0x11, 0x22), chunk_of(333, 0x33, 0x44)};

manifest example() {
    return manifest::make("my data set", example_items, example_chunks).value();
}

/// Written by hand, not by the program.
const std::string example_text =
    "p2p manifest 1\n"
    "name 11 my data set\n"
    "entries 4\n"
    "f 1234 9 a/one.txt\n"
    "x 99 8 a/run.sh\n"
    "l 7 5 one.txt a/two\n"
    "d 7 b/empty\n"
    "chunks 2\n" +
    "\x00\x00\x03\xe8"s + std::string(16, '\x11') + std::string(32, '\x22') + "\x00\x00\x01\x4d"s +
    std::string(16, '\x33') + std::string(32, '\x44');

constexpr std::string_view example_id = "b1e7152a46e3b0908fdcc1fb792a75b55e436ed44ae389bc75d2c04ca3b03c07";

/// "" where the text is a manifest.
std::string error_of(const std::string& text) {
    const auto parsed = manifest::parse(text);
    return parsed ? "" : parsed.error();
}

std::string error_of_items(std::vector<manifest_item> items, std::span<const published_chunk> chunks = {}) {
    const auto made = manifest::make("set", std::move(items), chunks);
    return made ? "" : made.error();
}

/// A manifest of no chunks and of entries that are written as they are.
std::string text_of(std::size_t count, const std::string& entries) {
    return "p2p manifest 1\nname 3 set\nentries " + std::to_string(count) + "\n" + entries + "chunks 0\n";
}

/// A manifest of nothing but files with these sizes, in this order, and of chunks with those sizes.
manifest sized(const std::vector<byte_count>& files, const std::vector<std::uint32_t>& chunk_sizes) {
    std::vector<manifest_item> items;
    for (const byte_count size : files)
        items.push_back(file("f" + std::to_string(10'000 + items.size()), size));
    std::vector<published_chunk> chunks;
    for (const std::uint32_t size : chunk_sizes) chunks.push_back(chunk_of(size));
    return manifest::make("set", std::move(items), chunks).value();
}

std::vector<manifest_item> items_of(const manifest& read) {
    std::vector<manifest_item> items;
    for (std::uint32_t i = 0; i < read.entry_count(); ++i) {
        const manifest_entry entry = read.entry(i);
        items.push_back({entry.kind, std::string{entry.path}, entry.size, std::string{entry.target}});
    }
    return items;
}

std::vector<published_chunk> chunks_of(const manifest& read) {
    std::vector<published_chunk> chunks;
    for (std::uint32_t i = 1; i <= read.chunk_count(); ++i) chunks.push_back(read.chunk({i}));
    return chunks;
}

std::vector<std::string> components_of(const std::string& path) {
    std::vector<std::string> components{""};
    for (const char c : path) {
        if (c == '/')
            components.emplace_back();
        else
            components.back() += c;
    }
    return components;
}

/// Of few and short components, so that paths often are the same, or beneath one another.
std::string random_path(std::mt19937& random) {
    const std::vector<std::string> names{"a", "b", "a.", "a-", "a0", "\x01", "\xC3\xBC", "ab"};
    std::string path = names[random() % names.size()];
    for (auto depth = random() % 3; depth > 0; --depth) path += "/" + names[random() % names.size()];
    return path;
}

}  // namespace

TEST_CASE("a manifest is written as its header shows it, and known by its SHA-256") {
    const manifest made = example();
    CHECK(made.text() == example_text);
    CHECK(made.id().to_hex() == example_id);
}

TEST_CASE("hashes stand in a manifest in the order in which their digits are printed") {
    const auto hash = chunk_hash::from_hex("000102030405060708090a0b0c0d0e0f");
    const auto sha256 =
        sha256_digest::from_hex("101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f");
    const std::vector<published_chunk> chunks{{1, hash.value(), sha256.value()}};
    const std::string text = manifest::make("set", {file("a", 1)}, chunks).value().text();
    std::string record{"\0\0\0\1", 4};
    for (char byte = 0; byte < 0x30; ++byte) record += byte;
    CHECK(text.ends_with("chunks 1\n" + record));
}

TEST_CASE("a manifest says what it was made of") {
    const auto read = manifest::parse(example_text);
    REQUIRE(read);
    CHECK(read->id().to_hex() == example_id);
    CHECK(read->name() == "my data set");
    CHECK(read->size() == 1333);
    REQUIRE(read->entry_count() == 4);
    const auto fields = [&](std::uint32_t i) {
        const manifest_entry e = read->entry(i);
        return std::tuple{e.kind, e.path, e.size, e.offset, e.target};
    };
    CHECK(fields(0) == std::tuple{entry_kind::file, "a/one.txt", 1234, 0, ""});
    CHECK(fields(1) == std::tuple{entry_kind::executable, "a/run.sh", 99, 1234, ""});
    CHECK(fields(2) == std::tuple{entry_kind::link, "a/two", 0, 1333, "one.txt"});
    CHECK(fields(3) == std::tuple{entry_kind::folder, "b/empty", 0, 1333, ""});
    CHECK(chunks_of(*read) == example_chunks);
    CHECK(read->chunk_begin({2}) == 1000);
    CHECK(read->chunk_end({2}) == 1333);
}

TEST_CASE("files are what has content") {
    const manifest read = example();
    CHECK(read.entry(0).is_file());
    CHECK(read.entry(1).is_file());
    CHECK_FALSE(read.entry(2).is_file());
    CHECK_FALSE(read.entry(3).is_file());
}

TEST_CASE("the same items in any order have the same id") {
    std::mt19937 random{1};
    auto items = example_items;
    for (int round = 0; round < 24; ++round) {
        std::shuffle(items.begin(), items.end(), random);
        CHECK(manifest::make("my data set", items, example_chunks)->id().to_hex() == example_id);
    }
}

TEST_CASE("other names, items and chunks have other ids") {
    const auto id_with = [](std::size_t at, manifest_item item) {
        auto items = example_items;
        items[at] = std::move(item);
        return manifest::make("my data set", items, example_chunks).value().id();
    };
    const file_set_id id = example().id();
    CHECK(id_with(0, {entry_kind::executable, "a/one.txt", 1234, {}}) != id);
    CHECK(id_with(2, link_to("run.sh", "a/two")) != id);
    CHECK(id_with(3, file("b/empty")) != id);
    CHECK(manifest::make("my data", example_items, example_chunks)->id() != id);
    auto chunks = example_chunks;
    chunks[1].sha256.bytes[31] ^= 1U;
    CHECK(manifest::make("my data set", example_items, chunks)->id() != id);
}

TEST_CASE("what does not belong to its kind does not matter") {
    auto items = example_items;
    items[0].target = "of no link";
    items[2].size = 5;
    items[3].size = std::numeric_limits<byte_count>::max();
    CHECK(manifest::make("my data set", items, example_chunks)->id().to_hex() == example_id);
}

TEST_CASE("a manifest may have no content, or nothing at all") {
    const auto empty = manifest::make("set", {file("a"), folder("b")}, {});
    REQUIRE(empty);
    CHECK(empty->text() == text_of(2, "f 0 1 a\nd 1 b\n"));
    CHECK(manifest::parse(empty->text())->id() == empty->id());
    CHECK(empty->size() == 0);
    CHECK(empty->chunk_count() == 0);
    CHECK(empty->entries_in(0, 1) == std::pair{0U, 0U});

    const auto nothing = manifest::make("x", {}, {});
    REQUIRE(nothing);
    CHECK(nothing->entry_count() == 0);
    CHECK(nothing->id().to_hex() == "3c6faa1895af5145a975b9d942228557d4e7ff4512208d8f813a1593ff266ae4");
}

TEST_CASE("a manifest is moved without being copied, and says the same afterwards") {
    std::string text = example_text;
    const char* const bytes = text.data();
    auto parsed = manifest::parse(std::move(text));
    REQUIRE(parsed);
    CHECK(parsed->text().data() == bytes);
    const manifest moved = std::move(*parsed);
    CHECK(moved.text().data() == bytes);
    CHECK(moved.name() == "my data set");
    CHECK(moved.entry(2).target == "one.txt");
    CHECK(moved.chunk({2}) == example_chunks[1]);
}

TEST_CASE("asking for what is not in the manifest is a bug that throws") {
    const manifest read = example();
    CHECK_THROWS_AS(read.entry(4), std::out_of_range);
    CHECK_THROWS_AS(read.chunk({0}), std::out_of_range);
    CHECK_THROWS_AS(read.chunk({3}), std::out_of_range);
    CHECK_THROWS_AS(read.chunk_end({0}), std::out_of_range);
    CHECK_THROWS_AS(read.chunk_begin({0}), std::out_of_range);
    CHECK_THROWS_AS(read.chunk_begin({4}), std::out_of_range);
    CHECK_THROWS_AS(read.chunks_in(5, 5), std::out_of_range);
    CHECK_THROWS_AS(read.chunks_in(0, 1334), std::out_of_range);
}

TEST_CASE("the beginning of a manifest is none, and nothing may follow one") {
    for (std::size_t length = 0; length < example_text.size(); ++length) {
        CAPTURE(length);
        CHECK_FALSE(manifest::parse(example_text.substr(0, length)));
    }
    CHECK_FALSE(manifest::parse(example_text + "\n"));
    CHECK_FALSE(manifest::parse(example_text + "\0"s));
    CHECK_FALSE(manifest::parse(example_text + example_text.substr(example_text.size() - 52)));
}

TEST_CASE("a manifest with one other byte is refused, or another one in canonical form") {
    const std::size_t chunks_at = example_text.size() - 2 * 52;
    int accepted = 0;
    for (std::size_t at = 0; at < example_text.size(); ++at) {
        for (unsigned change = 1; change < 256; ++change) {
            std::string text = example_text;
            text[at] = static_cast<char>(static_cast<unsigned char>(text[at]) ^ change);
            const auto parsed = manifest::parse(text);
            if (!parsed) continue;
            ++accepted;
            REQUIRE(parsed->id().to_hex() != example_id);
            if (at >= chunks_at) continue;
            const auto remade = manifest::make(parsed->name(), items_of(*parsed), chunks_of(*parsed));
            REQUIRE(remade);
            REQUIRE(remade->text() == text);
        }
    }
    CHECK(accepted > 2 * (16 + 32) * 255);  // hashes may change at will
}

TEST_CASE("whatever is changed in a manifest, reading it ends well") {
    std::mt19937 random{2};
    const std::string pool = "\n 0123456789fxld/." + std::string{"\0\xff", 2};
    for (int round = 0; round < 20'000; ++round) {
        std::string text = example_text;
        for (auto changes = 1 + random() % 4; changes > 0; --changes) {
            const std::size_t at = random() % text.size();
            const std::string inserted(random() % 3, pool[random() % pool.size()]);
            text.replace(at, random() % 3, inserted);
        }
        const auto parsed = manifest::parse(text);
        if (parsed)
            REQUIRE(manifest::make(parsed->name(), items_of(*parsed), chunks_of(*parsed))->text() == text);
    }
}

TEST_CASE("only the canonical form is a manifest") {
    const auto with = [](const std::string& old, const std::string& changed) {
        std::string text = example_text;
        return text.replace(text.find(old), old.size(), changed);
    };
    REQUIRE(error_of(with("x", "x")).empty());
    const std::pair<std::string, std::string> known[] = {
        {"", "this is no manifest: expected \"p2p manifest 1\" at byte 0"},
        {with("manifest 1", "manifest 2"), "this is no manifest: expected \"p2p manifest 1\" at byte 0"},
        {with("manifest 1", "manifest 10"), "this is no manifest: expected the end of the line at byte 14"},
        {with("\nname", "\r\nname"), "this is no manifest: expected the end of the line at byte 14"},
        {with("name 11", "name 011"), "this is no manifest: expected a number at byte 20"},
        {with("name 11", "name +11"), "this is no manifest: expected a number at byte 20"},
        {with("name 11", "name -11"), "this is no manifest: expected a number at byte 20"},
        {with("name 11", "name  11"), "this is no manifest: expected a number at byte 20"},
        {with("name 11", "name 0x11"), "this is no manifest: expected \" \" at byte 21"},
        {with("name 11", "name 10"), "this is no manifest: expected the end of the line at byte 33"},
        {with("name 11", "name 99999"), "this is no manifest: expected 99999 bytes at byte 26"},
        {with("name 11", "name 99999999999999999999"), "this is no manifest: expected a number at byte 20"},
        {with("entries 4", "entries 3"), "this is no manifest: expected \"chunks \" at byte 100"},
        {with("entries 4", "entries 5"), "this is no manifest: expected f, x, l or d at byte 112"},
        {with("entries 4", "entries 04"), "this is no manifest: expected a number at byte 43"},
        {with("f 1234", "g 1234"), "this is no manifest: expected f, x, l or d at byte 45"},
        {with("f 1234", "F 1234"), "this is no manifest: expected f, x, l or d at byte 45"},
        {with("f 1234", "f 01234"), "this is no manifest: expected a number at byte 47"},
        {with("x 99 8", "x  99 8"), "this is no manifest: expected a number at byte 66"},
        {with("x 99 8", "x 99 9"), "this is no manifest: expected the end of the line at byte 80"},
        {with("l 7 5", "l 6 5"), "this is no manifest: expected \" \" at byte 92"},
        {with("d 7 b/empty", "d 7 b/empty "),
         "this is no manifest: expected the end of the line at byte 111"},
        {with("d 7 b/empty", "d 0 7 b/empty"),
         "this is no manifest: expected the end of the line at byte 104"},
        {with("chunks 2", "chunks 3"), "3 chunks do not take 104 bytes"},
        {with("chunks 2", "chunks 1"), "1 chunks do not take 104 bytes"},
        {with("chunks 2", "chunks 0"), "0 chunks do not take 104 bytes"},
    };
    for (const auto& [text, error] : known) {
        CAPTURE(text);
        CHECK(error_of(text) == error);
    }
}

TEST_CASE("entries that are out of order are refused") {
    CHECK(error_of(text_of(2, "d 1 a\nd 1 b\n")).empty());
    CHECK(error_of(text_of(2, "d 1 b\nd 1 a\n")) == "the path \"a\" comes after \"b\"");
    CHECK(error_of(text_of(2, "d 3 a.b\nd 3 a/b\n")) == "the path \"a/b\" comes after \"a.b\"");
    CHECK(error_of(text_of(2, "d 2 \xC3\xBC\nd 1 z\n")) == "the path \"z\" comes after \"\xC3\xBC\"");
}

TEST_CASE("counts that lie are refused before memory is taken for them") {
    const std::string head = "p2p manifest 1\nname 3 set\nentries ";
    for (const std::string count : {"99999999999", "4294967296", "18446744073709551615", "2"}) {
        CAPTURE(count);
        CHECK(error_of(head + count + "\nd 1 a\n") == count + " entries are more than fit into the manifest");
    }
    CHECK(error_of(head + "0\nchunks 18446744073709551615\n") ==
          "18446744073709551615 chunks are more than 16777216");
    CHECK(error_of(head + "0\nchunks 16777217\n") == "16777217 chunks are more than 16777216");
    CHECK(error_of(head + "0\nchunks 16777216\n") == "16777216 chunks do not take 0 bytes");
    CHECK(error_of(head + "1\nf 1 18446744073709551615 a\n") ==
          "this is no manifest: expected 18446744073709551615 bytes at byte 61");
}

TEST_CASE("no path of an entry leads anywhere else, or where the program keeps its own") {
    const std::pair<std::string, std::string> known[] = {
        {"a", ""},
        {"a/b/c", ""},
        {"...", ""},
        {".hidden/..x/y..", ""},
        {".p2p2/x.p2p", ""},
        {"C:\\x\\..\\y", ""},
        {" ", ""},
        {"-rf", ""},
        {"a\nb\x1b[2J", ""},
        {"gr\xC3\xBC\xC3\x9F", ""},
        {std::string(255, 'x'), ""},
        {std::string(250, 'x') + "/" + std::string(255, 'y'), ""},
        {"", "is empty"},
        {"/", "is absolute"},
        {"/etc/passwd", "is absolute"},
        {"//a", "is absolute"},
        {".", "has a \".\" in it"},
        {"a/./b", "has a \".\" in it"},
        {"..", "has a \"..\" in it"},
        {"../a", "has a \"..\" in it"},
        {"a/../../b", "has a \"..\" in it"},
        {"a/..", "has a \"..\" in it"},
        {"a//b", "has an empty part"},
        {"a/", "has an empty part"},
        {"a\0b"s, "has a NUL in it"},
        {"\0"s, "has a NUL in it"},
        {".p2p", "has a \".p2p\" in it"},
        {".P2P/x", "has a \".p2p\" in it"},
        {"a/.P2p/x", "has a \".p2p\" in it"},
        {"a/b/.p2P", "has a \".p2p\" in it"},
        {".p2p. .", "has a \".p2p\" in it"},
        {".p\xE2\x80\x8B"
         "2p/x",
         "has a \".p2p\" in it"},  // a blank without width
        {"a\xFF", "is not UTF-8"},
        {"\xC0\xAE\xC0\xAE/a", "is not UTF-8"},
        {"\xED\xA0\x80", "is not UTF-8"},
        {"a/\xC3", "is not UTF-8"},
        {std::string(256, 'x'), "has a part of more than 255 bytes"},
        {"a/" + std::string(256, 'x') + "/b", "has a part of more than 255 bytes"},
        {std::string(4001, 'x'), "is longer than 4000 bytes"},
    };
    for (const auto& [path, reason] : known) {
        CAPTURE(path);
        CHECK(why_no_path(path) == reason);
        const std::string error = error_of_items({file(path)});
        CHECK(error.ends_with(reason));
        CHECK(error.empty() == reason.empty());
        CHECK(error_of(text_of(1, "d " + std::to_string(path.size()) + " " + path + "\n")) == error);
    }
}

TEST_CASE("a path may be as long as the limit, and no longer") {
    std::string path;
    while (path.size() < max_path_length) path += std::string(99, 'x') + "/";
    path.back() = 'x';
    REQUIRE(path.size() == max_path_length);
    CHECK(why_no_path(path).empty());
    CHECK(why_no_path(path + "x") == "is longer than 4000 bytes");

    const auto made = manifest::make("set", {link_to(path, "a"), file(path)}, {});
    REQUIRE(made);
    CHECK(made->entry(0).target == path);
    CHECK(made->entry(1).path == path);
}

TEST_CASE("no link leads out of the set") {
    const std::string deep = "a/b/c/link";
    const std::tuple<std::string, std::string, std::string> known[] = {
        {"link", "file", ""},
        {"link", "a/b/file", ""},
        {"link", ".", ""},
        {"link", "./file", ""},
        {"link", "a//b/./c/", ""},
        {"link", "link", ""},
        {"link", "...", ""},
        {"link", "a\nb", ""},
        {deep, "..", ""},
        {deep, "../../../x", ""},
        {deep, "../../..", ""},
        {deep, ".././../x", "has a \"..\" behind its beginning"},
        {deep, "../../../../x", "leads out of the file-set"},
        {deep, "../../../..", "leads out of the file-set"},
        {"link", "..", "leads out of the file-set"},
        {"link", "../file", "leads out of the file-set"},
        {deep, "x/../y", "has a \"..\" behind its beginning"},
        {deep, "x/..", "has a \"..\" behind its beginning"},
        {deep, "./../x", "has a \"..\" behind its beginning"},
        {deep, "../x/../../../../../etc/passwd", "has a \"..\" behind its beginning"},
        {deep, "..//../x", "has a \"..\" behind its beginning"},
        {"link", "", "is empty"},
        {"link", "/", "is absolute"},
        {"link", "/etc/passwd", "is absolute"},
        {"link", "a\0b"s, "has a NUL in it"},
        {"link", "\xFF", "is not UTF-8"},
        {"link", ".p2p/journal", "has a \".p2p\" in it"},
        {deep, "../../../.P2P", "has a \".p2p\" in it"},
        {"link", std::string(256, 'x'), "has a part of more than 255 bytes"},
        {"link", std::string(4001, 'x'), "is longer than 4000 bytes"},
    };
    for (const auto& [path, target, reason] : known) {
        CAPTURE(target);
        CHECK(why_no_target(path, target) == reason);
        const std::string error = error_of_items({link_to(target, path)});
        CHECK(error.ends_with(reason));
        CHECK(error.empty() == reason.empty());
    }
}

TEST_CASE("the name of a set is a name, and could be that of a folder") {
    const std::pair<std::string, std::string> known[] = {
        {"my data set", ""},
        {"gr\xC3\xBC\xC3\x9F", ""},
        {std::string(100, 'x'), ""},
        {"", "is empty"},
        {".", "has a \".\" in it"},
        {"..", "has a \"..\" in it"},
        {".p2p", "has a \".p2p\" in it"},
        {".P2P", "has a \".p2p\" in it"},
        {"a/b", "has a \"/\" in it"},
        {"/a", "has a \"/\" in it"},
        {"a\xFF", "is not UTF-8"},
        {"a\0"s, "has a NUL in it"},
        {"a\nb", "is not 1 to 100 bytes without control characters"},
        {"\xC2\x9B", "is not 1 to 100 bytes without control characters"},
        {std::string(101, 'x'), "is not 1 to 100 bytes without control characters"},
    };
    for (const auto& [name, reason] : known) {
        CAPTURE(name);
        CHECK(why_no_set_name(name) == reason);
        CHECK(manifest::make(name, {}, {}).has_value() == reason.empty());
    }
}

TEST_CASE("an error says which path it is about, in one line") {
    CHECK(error_of_items({file("../\x1b[2J\nx")}) == "the path \"../?[2J?x\" has a \"..\" in it");
    CHECK(error_of_items({link_to("/etc", "a")}) == "the target \"/etc\" of the link \"a\" is absolute");
    CHECK(manifest::make("a\nb", {}, {}).error() ==
          "the name \"a?b\" is not 1 to 100 bytes without control characters");
}

TEST_CASE("no path is there twice, or beneath another one") {
    CHECK(error_of_items({file("a"), folder("b"), folder("a")}) == "the path \"a\" is there twice");
    CHECK(error_of_items({file("a/b"), file("a-"), file("a")}) ==
          "the path \"a/b\" is beneath \"a\", which is an entry itself");
    CHECK(error_of_items({link_to("b", "a"), file("a/b/c")}) ==
          "the path \"a/b/c\" is beneath \"a\", which is an entry itself");
    CHECK(error_of_items({folder("a"), folder("a/b")}) ==
          "the path \"a/b\" is beneath \"a\", which is an entry itself");
    CHECK(error_of_items({file("a/B"), file("a/b"), file("ab"), file("a-/b"), file("a.")}).empty());
}

TEST_CASE("looking at neighbours finds every path that is there twice or beneath another one") {
    std::mt19937 random{3};
    int fine = 0;
    for (int round = 0; round < 2000; ++round) {
        std::vector<std::string> paths(2 + random() % 6);
        for (std::string& path : paths) path = random_path(random);
        bool clashes = false;
        for (std::size_t i = 0; i < paths.size(); ++i)
            for (std::size_t j = 0; j < paths.size(); ++j)
                clashes |= i != j && (paths[i] == paths[j] || paths[j].starts_with(paths[i] + "/"));
        std::vector<manifest_item> items;
        for (const std::string& path : paths) items.push_back(file(path));
        REQUIRE(error_of_items(items).empty() == !clashes);
        fine += clashes ? 0 : 1;
    }
    CHECK(fine > 200);
    CHECK(fine < 1800);
}

TEST_CASE("paths are in the order of their components") {
    std::mt19937 random{4};
    for (int round = 0; round < 2000; ++round) {
        const std::string a = random_path(random);
        const std::string b = random_path(random);
        CAPTURE(a);
        CAPTURE(b);
        REQUIRE(path_less(a, b) == (components_of(a) < components_of(b)));
    }
    CHECK(path_less("a/z", "a-"));
    CHECK(path_less("z", "\xC3\xBC"));
    CHECK_FALSE(path_less("a", "a"));
    CHECK_FALSE(path_less("", ""));
}

TEST_CASE("sizes that overflow, or that chunks do not make up, are refused") {
    constexpr byte_count limit = byte_count{1} << 62U;
    const std::string too_large = "the content is of 4611686018427387904 bytes or more";
    const std::vector chunk{chunk_of(10)};
    const auto gap = "chunks of 0 bytes do not make up " + std::to_string(limit - 1) + " bytes of files";
    CHECK(error_of_items({file("a", limit)}) == too_large);
    CHECK(error_of_items({file("a", limit - 1)}) == gap);
    CHECK(error_of_items({file("a", limit - 1), file("b", 0)}) == gap);
    CHECK(error_of_items({file("a", limit - 1), file("b", 1)}) == too_large);
    CHECK(error_of_items({file("a", std::numeric_limits<byte_count>::max())}) == too_large);
    CHECK(error_of_items({file("a", limit - 5), file("b", limit - 5), file("c", 10)}) == too_large);
    CHECK(error_of(text_of(1, "f 18446744073709551616 1 a\n")) ==
          "this is no manifest: expected a number at byte 38");
    CHECK(error_of_items({file("a", 10)}, chunk).empty());
    CHECK(error_of_items({file("a", 9)}, chunk) == "chunks of 10 bytes do not make up 9 bytes of files");
    CHECK(error_of_items({file("a", 11)}, chunk) == "chunks of 10 bytes do not make up 11 bytes of files");
    CHECK(error_of_items({}, chunk) == "chunks of 10 bytes do not make up 0 bytes of files");
}

TEST_CASE("chunks are of one byte to the largest size") {
    const auto error_with = [](std::uint32_t size) {
        return error_of_items({file("a", size)}, std::vector{chunk_of(size)});
    };
    const std::string expected = " bytes (expected 1 to 1073741824)";
    CHECK(error_with(1).empty());
    CHECK(error_with(max_published_chunk).empty());
    CHECK(error_with(0) == "a chunk is of 0" + expected);
    CHECK(error_with(max_published_chunk + 1) == "a chunk is of 1073741825" + expected);
    CHECK(error_with(UINT32_MAX) == "a chunk is of 4294967295" + expected);
}

TEST_CASE("entries and chunks are found by the bytes that they have") {
    std::mt19937 random{5};
    for (int round = 0; round < 300; ++round) {
        std::vector<byte_count> files(1 + random() % 12);
        std::vector<std::uint32_t> file_of_byte;
        for (std::size_t i = 0; i < files.size(); ++i) {
            files[i] = random() % 2 == 0 ? 0 : random() % 6;
            file_of_byte.insert(file_of_byte.end(), files[i], static_cast<std::uint32_t>(i));
        }
        std::vector<std::uint32_t> sizes;
        std::vector<std::uint32_t> chunk_of_byte;
        while (chunk_of_byte.size() < file_of_byte.size()) {
            const auto left = static_cast<std::uint32_t>(file_of_byte.size() - chunk_of_byte.size());
            sizes.push_back(std::min<std::uint32_t>(left, 1 + random() % 7));
            chunk_of_byte.insert(chunk_of_byte.end(), sizes.back(), static_cast<std::uint32_t>(sizes.size()));
        }

        const manifest read = sized(files, sizes);
        const auto end = static_cast<std::uint32_t>(file_of_byte.size());
        REQUIRE(read.size() == end);
        for (std::uint32_t chunk = 1; chunk <= sizes.size(); ++chunk) {
            const auto first = std::find(chunk_of_byte.begin(), chunk_of_byte.end(), chunk);
            REQUIRE(read.chunk_begin({chunk}) == static_cast<byte_count>(first - chunk_of_byte.begin()));
            REQUIRE(read.chunk_end({chunk}) == read.chunk_begin({chunk}) + sizes[chunk - 1]);
            REQUIRE(read.chunk({chunk}).size == sizes[chunk - 1]);
        }
        for (std::uint32_t from = 0; from < end; ++from)
            for (std::uint32_t to = from + 1; to <= end; ++to) {
                REQUIRE(read.entries_in(from, to) == std::pair{file_of_byte[from], file_of_byte[to - 1] + 1});
                REQUIRE(read.chunks_in(from, to) ==
                        std::pair{chunk_index{chunk_of_byte[from]}, chunk_index{chunk_of_byte[to - 1]}});
            }
        CHECK(read.entries_in(end, end + 5) == std::pair{0U, 0U});
        CHECK(read.entries_in(0, 0) == std::pair{0U, 0U});
    }
}

TEST_CASE("entries are found where the asked for bytes go beyond the content") {
    const manifest read = sized({0, 5, 0, 3, 0}, {8});
    CHECK(read.entries_in(0, 8) == std::pair{1U, 4U});
    CHECK(read.entries_in(6, 8) == std::pair{3U, 4U});
    const auto [first, last] = read.entries_in(6, 100);
    CHECK(first == 3);
    CHECK(last >= 4);
}

TEST_CASE("a large set is read as it was made") {
    constexpr std::uint32_t entries = 200'000;
    constexpr std::uint32_t chunk_count = 1'000'000;
    std::vector<manifest_item> items;
    for (std::uint32_t i = 0; i < entries; ++i)
        items.push_back(file(std::to_string(i % 1000) + "/" + std::to_string(i), 50));
    std::vector<published_chunk> chunks(chunk_count, chunk_of(10));
    chunks.back().hash.bytes[0] = 7;

    const auto made = manifest::make("large", std::move(items), chunks);
    REQUIRE(made);
    const auto read = manifest::parse(made->text());
    REQUIRE(read);
    CHECK(read->id() == made->id());
    CHECK(read->entry_count() == entries);
    CHECK(read->chunk_count() == chunk_count);
    CHECK(read->size() == byte_count{entries} * 50);
    CHECK(read->entry(entries - 1).path == "999/99999");
    CHECK(read->chunk({chunk_count}) == chunks.back());
    CHECK(read->chunks_in(9'999'989, 10'000'000) ==
          std::pair{chunk_index{chunk_count - 1}, chunk_index{chunk_count}});
}
