#include "core/set/journal.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

using namespace p2p;

namespace {

constexpr std::uint32_t count = 300;
constexpr std::uint32_t entries = 20;

file_set_id id_of(std::uint8_t number) {
    file_set_id id;
    id.bytes.fill(number);
    return id;
}

chunk_set set_of(const std::string& ranges) {
    return chunk_set::parse(ranges, max_chunk_count).value();
}

const file_stamp stamp{1234, 1'700'000'000'123'456'789, 99};
const file_stamp other_stamp{5, 6, 7};

journal_content read(const std::string& text) {
    return read_journal(text, id_of(1), count, entries);
}

/// What a peer writes that is stopped, goes on and comes to its end.
std::vector<std::string> example() {
    return {journal_header(id_of(1)),    journal_chunks(set_of("1-100,105")),
            journal_file(17, stamp),     journal_chunks(set_of("101-104,106-300")),
            journal_file(0, {0, -1, 2}), journal_file(17, other_stamp),
            journal_complete()};
}

std::string joined(const std::vector<std::string>& records) {
    std::string text;
    for (const std::string& record : records) text += record;
    return text;
}

/// What the first records of the example say that fit into so many bytes.
journal_content example_before(std::size_t end) {
    std::string text;
    for (const std::string& record : example()) {
        if (text.size() + record.size() > end) break;
        text += record;
    }
    return read(text);
}

void check_same(const journal_content& a, const journal_content& b) {
    CHECK(a.verified == b.verified);
    CHECK((a.placed == b.placed));
    CHECK(a.complete == b.complete);
    CHECK(a.whole == b.whole);
}

void check_empty(const journal_content& content) {
    check_same(content, {{}, std::vector<std::optional<file_stamp>>(entries), false, 0});
}

}  // namespace

TEST_CASE("a journal looks as it is described") {
    CHECK(journal_header(id_of(0xAB)).starts_with("p2p journal 1 abababab"));
    CHECK(journal_chunks(set_of("1-100,105")).starts_with("chunks 1-100,105 #"));
    CHECK(journal_file(17, stamp).starts_with("file 17 1234 1700000000123456789 99 #"));
    CHECK(journal_complete().starts_with("complete #"));
    for (const std::string& record : example()) {
        CAPTURE(record);
        CHECK(record.find(" #") == record.size() - 11);
        CHECK(record.find('\n') == record.size() - 1);
    }
}

TEST_CASE("what is written down is read again") {
    const auto content = read(joined(example()));
    CHECK(content.verified == set_of("1-300"));
    REQUIRE(content.placed.size() == entries);
    CHECK(content.placed[0] == file_stamp{0, -1, 2});
    CHECK(content.complete);
    CHECK(content.whole == joined(example()).size());
}

TEST_CASE("the stamps of a file go to their extremes") {
    const file_stamp largest{std::numeric_limits<byte_count>::max(), std::numeric_limits<std::int64_t>::max(),
                             std::numeric_limits<std::uint64_t>::max()};
    const file_stamp least{0, std::numeric_limits<std::int64_t>::min(), 0};
    const auto content =
        read(journal_header(id_of(1)) + journal_file(0, largest) + journal_file(entries - 1, least));
    CHECK(content.placed[0] == largest);
    CHECK(content.placed[entries - 1] == least);
}

TEST_CASE("a later record of a file replaces the earlier one") {
    CHECK(read(joined(example())).placed[17] == other_stamp);
}

TEST_CASE("many ranges take several records of moderate length") {
    chunk_set odd;
    for (std::uint32_t i = 1; i <= 100'000; i += 2) odd.insert({i});
    const std::string records = journal_chunks(odd);
    CHECK(std::count(records.begin(), records.end(), '\n') > 100);
    const auto content = read_journal(journal_header(id_of(1)) + records, id_of(1), 100'000, 0);
    CHECK(content.verified == odd);
    CHECK(content.whole == journal_header(id_of(1)).size() + records.size());
    CHECK(journal_chunks({}).empty());
}

TEST_CASE("a set without chunks or entries has a journal too") {
    const std::string text = journal_header(id_of(1)) + journal_complete();
    const auto content = read_journal(text, id_of(1), 0, 0);
    CHECK(content.complete);
    CHECK(content.placed.empty());
    CHECK(content.whole == text.size());
}

TEST_CASE("a journal of another set, or none, says nothing") {
    check_empty(read_journal(joined(example()), id_of(2), count, entries));
    check_empty(read(""));
    check_empty(read("\n"));
    check_empty(read("p2p journal 1"));
    check_empty(read(std::string(1000, '\0')));
    check_empty(read(journal_chunks(set_of("1-3"))));
    check_empty(read("\n" + joined(example())));
}

TEST_CASE("of a journal that was cut short the whole records count") {
    const std::string text = joined(example());
    for (std::size_t end = 0; end <= text.size(); ++end) {
        CAPTURE(end);
        const auto content = read(text.substr(0, end));
        check_same(content, example_before(end));
        CHECK(content.whole <= end);
        CHECK(read(text.substr(0, content.whole)).whole == content.whole);
    }
}

TEST_CASE("what is appended where the whole records end is read after a kill") {
    const std::string text = joined(example());
    for (std::size_t end = journal_header(id_of(1)).size(); end <= text.size(); ++end) {
        CAPTURE(end);
        const auto killed = read(text.substr(0, end));
        const auto again = read(text.substr(0, killed.whole) + journal_file(3, stamp));
        CHECK(again.placed[3] == stamp);
        CHECK(again.verified == killed.verified);
    }
}

TEST_CASE("a byte that was changed takes its record and all behind it, and nothing else") {
    const std::string text = joined(example());
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto expected = example_before(at);
        for (const int change : {1, 2, 3, 4, 8, 16, 32, 64, 128, 255}) {
            CAPTURE(at);
            CAPTURE(change);
            std::string damaged = text;
            damaged[at] = static_cast<char>(damaged[at] ^ change);
            check_same(read(damaged), expected);
        }
        for (const char other : {'\n', ' ', '#', '0', '9', ',', '-', '\0'}) {
            if (text[at] == other) continue;
            std::string damaged = text;
            damaged[at] = other;
            check_same(read(damaged), expected);
        }
    }
}

TEST_CASE("chunks and entries that the set does not have are not believed") {
    const std::string before = journal_header(id_of(1)) + journal_chunks(set_of("1-3"));
    for (const std::string& record : {journal_chunks(set_of("301")), journal_chunks(set_of("7,299-301")),
                                      journal_file(entries, stamp), journal_file(UINT32_MAX, stamp)}) {
        CAPTURE(record);
        const auto content = read(before + record + journal_chunks(set_of("8")) + journal_complete());
        check_same(content, read(before));
        CHECK(content.whole == before.size());
    }
    CHECK(read(before + journal_chunks(set_of("300"))).verified == set_of("1-3,300"));
}

TEST_CASE("a second header is no record") {
    const std::string header = journal_header(id_of(1));
    CHECK(read(header + header + journal_complete()).whole == header.size());
}

TEST_CASE("a set is complete only as long as nothing follows") {
    const std::string complete = joined(example());
    CHECK(read(complete).complete);
    CHECK_FALSE(read(complete + journal_file(1, stamp)).complete);
    CHECK_FALSE(read(complete + journal_chunks(set_of("1"))).complete);
    CHECK(read(complete + journal_file(1, stamp) + journal_complete()).complete);
    // What does not count does not take it back either.
    CHECK(read(complete + "file 1 2").complete);
    CHECK(read(complete + journal_file(entries, stamp)).complete);
}
