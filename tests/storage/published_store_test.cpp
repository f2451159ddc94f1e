#include "storage/published_store.hpp"

#include "support/small_set.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <vector>

using namespace p2p;
using namespace p2p::test;

namespace {

namespace fs = std::filesystem;

// Chunks of 8: 1 2 of a; 3 of a, b and d/one; 4 of d/one and d/two; 5 of d/two and z.
small_set example() {
    return {{file("a", "0123456789abcdefghi"), program("b", "jkl"), file("c", ""), folder("d/none"),
             file("d/one", "mnop"), file("d/two", "qrstuvwx"), link_to("link", "d/one"), file("z", "yz")},
            8};
}

/// A set, a folder, and a peer that fetches the one into the other.
struct fetching {
    explicit fetching(small_set set = example()) : what(std::move(set)), peer(what, temp / "root") {}

    temp_folder temp;
    small_set what;
    set_peer peer;
};

/// The same, and it was fetched already.
struct fetched : fetching {
    explicit fetched(small_set set = example()) : fetching(std::move(set)) {
        peer.close();
        fetch_all(what, peer.root());
        peer.open();
    }
};

chunk_set checked(const set_peer::found& found) {
    return found.checked.by_xxh3 | found.checked.by_sha256;
}

std::string wrong(std::string bytes) {
    for (char& c : bytes) c = static_cast<char>(c ^ 0x20);
    return bytes;
}

std::vector<std::uint32_t> numbers(const small_set& what) {
    std::vector<std::uint32_t> all;
    for (const chunk_index chunk : chunk_set::first(what.set().chunk_count())) all.push_back(chunk.value);
    return all;
}

}  // namespace

// --- fetching

TEST_CASE("chunks that come in any order give the tree") {
    std::vector<std::uint32_t> order = numbers(example());
    do {
        fetching f;
        f.peer.find_out();
        CHECK(f.peer.store().missing() == chunks("1-5"));
        CHECK(f.peer.store().missing_bytes() == 36);
        for (const std::uint32_t chunk : order) {
            CHECK(f.peer.arrive(chunk));
            f.peer.save();
        }
        REQUIRE(f.peer.tree() == f.what.tree());
        CHECK(f.peer.store().present() == chunks("1-5"));
        CHECK_FALSE(fs::exists(f.peer.state("incoming")));
        std::swap(order[0], order[3]);
        std::swap(order[2], order[4]);
    } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("chunks that come in parts of any size give the tree") {
    for (std::size_t part_size = 1; part_size <= 9; ++part_size) {
        fetching f;
        f.peer.find_out();
        for (const std::uint32_t chunk : numbers(f.what))
            CHECK(f.peer.arrive(chunk, f.what.chunk(chunk), part_size));
        f.peer.save();
        CHECK(f.peer.tree() == f.what.tree());
    }
}

TEST_CASE("a file is in its place once its last chunk was saved, and not before") {
    fetching f;
    f.peer.find_out();
    f.peer.arrive(3);
    f.peer.arrive(4);
    CHECK(f.peer.tree().empty());
    f.peer.save();
    CHECK(f.peer.tree() ==
          std::map<std::string, std::string>{{"b", "program: jkl"}, {"d/one", "file: mnop"}});
    f.peer.arrive(1);
    f.peer.save();
    CHECK_FALSE(f.peer.tree().contains("a"));
    f.peer.arrive(2);
    CHECK_FALSE(f.peer.tree().contains("a"));
    f.peer.save();
    CHECK(f.peer.tree().contains("a"));
}

TEST_CASE("a set without content is complete at once") {
    fetching f{{{file("a", ""), folder("b"), link_to("c", "a")}, 8}};
    f.peer.find_out();
    CHECK(f.peer.store().missing().empty());
    f.peer.save();
    CHECK(f.peer.tree() == f.what.tree());
    CHECK(look_at_journal(f.peer.root(), f.what.set()).complete);
}

TEST_CASE("a set of nothing at all is complete at once") {
    fetching f{{{}, 8}};
    f.peer.find_out();
    f.peer.save();
    CHECK(look_at_journal(f.peer.root(), f.what.set()).complete);
}

TEST_CASE("a thousand small files come in few chunks") {
    std::vector<set_item> items;
    for (int i = 0; i < 1000; ++i)
        items.push_back(file("d" + std::to_string(i % 10) + "/f" + std::to_string(i), std::to_string(i)));
    fetching f{{items, 777}};
    f.peer.find_out();
    f.peer.fetch_missing();
    f.peer.save();
    CHECK(f.peer.tree() == f.what.tree());
    CHECK(checked(f.peer.restart()).empty());
}

TEST_CASE("a chunk that is wrong counts for nothing, and the right one is taken after it") {
    fetching f;
    f.peer.find_out();
    for (const std::uint32_t chunk : numbers(f.what)) {
        CHECK_FALSE(f.peer.arrive(chunk, wrong(f.what.chunk(chunk))));
        CHECK(f.peer.store().missing().contains({chunk}));
        f.peer.save();
        CHECK(f.peer.arrive(chunk));
        f.peer.save();
    }
    CHECK(f.peer.tree() == f.what.tree());
}

TEST_CASE("a chunk that is too short or too long is wrong, and does no harm to its neighbours") {
    fetching f;
    f.peer.find_out();
    for (const std::uint32_t chunk : {1U, 3U, 5U, 2U, 4U}) {
        const std::string right = f.what.chunk(chunk);
        for (const std::size_t part_size : {1UL, 3UL, 100UL}) {
            CHECK_FALSE(f.peer.arrive(chunk, right.substr(0, right.size() - 1), part_size));
            CHECK_FALSE(f.peer.arrive(chunk, right + "!", part_size));
            CHECK_FALSE(f.peer.arrive(chunk, right + right, part_size));
            CHECK_FALSE(f.peer.arrive(chunk, "", part_size));
        }
        CHECK(f.peer.arrive(chunk));
    }
    f.peer.save();
    CHECK(f.peer.tree() == f.what.tree());
}

TEST_CASE("a chunk that does not come to its end can come again") {
    fetching f;
    f.peer.find_out();
    for (const std::uint32_t chunk : numbers(f.what)) {
        REQUIRE(f.peer.receive(chunk)->write(bytes_of("xyz")));
        CHECK(f.peer.arrive(chunk));
    }
    f.peer.save();
    CHECK(f.peer.tree() == f.what.tree());
}

// --- a chunk that comes twice at once

namespace {

/// Two copies of a chunk, in two parts each.
class two_arrivals {
public:
    two_arrivals(fetching& f, std::uint32_t chunk, bool first_is_right, bool second_is_right)
        : f_(f), right_{first_is_right, second_is_right} {
        for (int i = 0; i < 2; ++i) {
            arriving_[i] = f.peer.receive(chunk);
            bytes_[i] = right_[i] ? f.what.chunk(chunk) : wrong(f.what.chunk(chunk));
        }
    }

    /// Its next step: two writes, the end, and that it is forgotten.
    void step(int which) {
        const std::size_t half = bytes_[which].size() / 2;
        const int number = steps_[which]++;
        if (number == 0) {
            REQUIRE(arriving_[which]->write(bytes_of(bytes_[which]).first(half)));
        } else if (number == 1) {
            REQUIRE(arriving_[which]->write(bytes_of(bytes_[which]).subspan(half)));
        } else if (number == 2) {
            CHECK(f_.peer.noted(arriving_[which]->finish()) == right_[which]);
        } else {
            arriving_[which].reset();
        }
    }

private:
    fetching& f_;
    bool right_[2];
    std::unique_ptr<incoming_chunk> arriving_[2];
    std::string bytes_[2];
    int steps_[2] = {0, 0};
};

}  // namespace

TEST_CASE("of two copies of a chunk that come at once, in every order, the right one counts") {
    for (const auto& [first_is_right, second_is_right] :
         {std::pair{true, false}, std::pair{false, true}, std::pair{true, true}}) {
        for (const bool save_often : {false, true}) {
            std::vector<int> order{0, 0, 0, 0, 1, 1, 1, 1};
            do {
                CAPTURE(order);
                fetching f;
                f.peer.find_out();
                for (const std::uint32_t other : {1U, 2U, 4U}) f.peer.arrive(other);
                {
                    two_arrivals both{f, 3, first_is_right, second_is_right};
                    for (const int which : order) {
                        both.step(which);
                        if (save_often) f.peer.save();
                    }
                }
                CHECK(f.peer.arrive(5));
                f.peer.save();
                REQUIRE(f.peer.tree() == f.what.tree());
            } while (std::next_permutation(order.begin(), order.end()));
        }
    }
}

TEST_CASE("a right chunk counts that comes while one wrong copy after the other comes") {
    fetching f;
    f.peer.find_out();
    auto bad = f.peer.receive(3);
    const auto good = f.peer.receive(3);
    REQUIRE(bad->write(bytes_of("........")));
    CHECK_FALSE(f.peer.noted(bad->finish()));
    bad = f.peer.receive(3);  // aside, too: the first one is still there
    REQUIRE(bad->write(bytes_of("....")));
    bad.reset();
    bad = f.peer.receive(3);
    REQUIRE(bad->write(bytes_of("..")));
    REQUIRE(good->write(bytes_of(f.what.chunk(3))));
    REQUIRE(bad->write(bytes_of("..")));
    CHECK(f.peer.noted(good->finish()));
    REQUIRE(bad->write(bytes_of("....")));
    CHECK_FALSE(f.peer.noted(bad->finish()));
    f.peer.fetch_missing();
    f.peer.save();
    CHECK(f.peer.tree() == f.what.tree());
}

TEST_CASE("copies that are wrong leave nothing behind") {
    fetching f;
    f.peer.find_out();
    {
        two_arrivals both{f, 3, false, false};
        for (const int which : {0, 1, 0, 1, 0, 1}) both.step(which);
    }
    CHECK(f.peer.store().present().empty());
    f.peer.fetch_missing();
    f.peer.save();
    CHECK(f.peer.tree() == f.what.tree());
}

TEST_CASE("a large copy that came aside is moved as a whole") {
    std::string large(1'000'003, 'x');
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i % 253);
    fetching f{{{file("a", large.substr(0, 400'000)), file("b", large.substr(400'000))}, 1U << 20U}};
    f.peer.find_out();
    const auto first = f.peer.receive(1);
    REQUIRE(first->write(bytes_of(std::string(300'000, '?'))));
    CHECK(f.peer.arrive(1, large, 65'536));
    REQUIRE(first->write(bytes_of(std::string(300'000, '?'))));
    f.peer.save();
    CHECK(f.peer.tree() == f.what.tree());
}

// --- serving

TEST_CASE("every chunk is served, in parts of any size, while it is staged and after it was placed") {
    fetching f;
    f.peer.find_out();
    for (const bool saved : {false, true}) {
        for (const std::uint32_t chunk : numbers(f.what)) {
            if (!saved) f.peer.arrive(chunk);
            for (byte_count part_size = 1; part_size <= 9; ++part_size)
                CHECK(f.peer.served(chunk, part_size) == f.what.chunk(chunk));
        }
        f.peer.save();
    }
    f.peer.restart();
    for (const std::uint32_t chunk : numbers(f.what)) CHECK(f.peer.served(chunk) == f.what.chunk(chunk));
}

TEST_CASE("bytes of one file are served from it, and bytes of several are gathered") {
    fetched f;
    f.peer.find_out();
    std::vector<std::byte> gathered;
    const auto chunk = f.peer.store().open_job({3})();  // ghi of a, jkl of b, mn of d/one
    REQUIRE_MESSAGE(chunk, chunk.error());
    CHECK((*chunk)->size() == 8);
    const auto range = (*chunk)->part(1, 2, gathered);
    REQUIRE_MESSAGE(range, range.error());
    REQUIRE(*range);
    CHECK((*range)->offset == 17);
    const auto several = (*chunk)->part(2, 3, gathered);
    REQUIRE_MESSAGE(several, several.error());
    CHECK_FALSE(*several);
    CHECK(std::ranges::equal(gathered, bytes_of("ijk")));
}

TEST_CASE("a chunk that began to be served while it was staged is served on after it was placed") {
    fetching f;
    f.peer.find_out();
    for (const std::uint32_t chunk : numbers(f.what)) f.peer.arrive(chunk);
    std::vector<std::byte> gathered;
    const auto one = f.peer.store().open_job({1})();
    const auto several = f.peer.store().open_job({3})();
    CHECK((*one)->part(0, 4, gathered).value());
    CHECK_FALSE((*several)->part(0, 4, gathered).value());
    f.peer.save();
    CHECK((*one)->part(4, 4, gathered).value());
    CHECK_FALSE((*several)->part(4, 4, gathered).value());
    CHECK(std::ranges::equal(gathered, bytes_of("klmn")));
}

TEST_CASE("a chunk of a file that changed is not served, and others are") {
    fetched f;
    f.peer.find_out();
    const fs::path path = f.peer / "d/one";
    std::string why = path.native() + ": changed since it was hashed";
    SUBCASE("another size") {
        write_text(path, "mnopq");
    }
    SUBCASE("another time") {
        touch(path);
    }
    SUBCASE("another file of the same size and time") {
        const auto time = fs::last_write_time(path);
        write_text(f.peer / "new", "mnop");
        fs::last_write_time(f.peer / "new", time);
        fs::rename(f.peer / "new", path);
    }
    SUBCASE("gone") {
        fs::remove(path);
        why = path.native() + ": No such file or directory";
    }
    CHECK(f.peer.served(3) == why);
    CHECK(f.peer.served(4) == why);
    CHECK(f.peer.served(1) == f.what.chunk(1));
    CHECK(f.peer.served(5) == f.what.chunk(5));
    f.peer.store().lost({3});
    f.peer.store().lost({4});
    CHECK(f.peer.store().present() == chunks("1-2,5"));
    CHECK(f.peer.store().missing().empty());  // it is not fetched again
}

TEST_CASE("a file that is written to while it is served is not served on") {
    fetched f;
    f.peer.find_out();
    std::vector<std::byte> gathered;
    const auto chunk = f.peer.store().open_job({1})();
    REQUIRE((*chunk)->part(0, 4, gathered));
    spoil_end(f.peer / "a");
    CHECK((*chunk)->part(4, 4, gathered).error() ==
          (f.peer / "a").native() + ": changed since it was hashed");
}

// --- stops and starts

TEST_CASE("after a kill, whatever was saved is there, and what arrived after that is found as well") {
    fetching f;
    f.peer.find_out();
    f.peer.arrive(1);
    f.peer.arrive(3);
    f.peer.save();
    f.peer.arrive(4);
    const auto found = f.peer.restart();
    CHECK(found.checked.by_xxh3 == chunks("1,3"));
    CHECK(f.peer.store().present() == chunks("1,3-4"));
    CHECK(found.misplaced.empty());
    f.peer.fetch_missing();
    f.peer.save();
    CHECK(f.peer.tree() == f.what.tree());
}

TEST_CASE("after a kill at any moment, what is there is right and the rest is fetched") {
    const std::vector<std::uint32_t> order{3, 1, 5, 4, 2};
    for (std::size_t arrived = 0; arrived <= order.size(); ++arrived) {
        for (std::size_t saved = 0; saved <= arrived; ++saved) {
            fetching f;
            f.peer.find_out();
            for (std::size_t i = 0; i < arrived; ++i) {
                f.peer.arrive(order[i]);
                if (i + 1 == saved) f.peer.save();
            }
            if (arrived < order.size())  // and half of one
                REQUIRE(f.peer.receive(order[arrived])->write(bytes_of(wrong("half"))));
            f.peer.restart();
            CHECK(f.peer.store().missing().size() == order.size() - arrived);
            f.peer.fetch_missing();
            f.peer.save();
            REQUIRE(f.peer.tree() == f.what.tree());
        }
    }
}

TEST_CASE("after a kill between the files' moves and the journal, they are found in their places") {
    fetching f;
    f.peer.find_out();
    f.peer.arrive(1);
    f.peer.arrive(2);
    f.peer.save();
    f.peer.arrive(3);
    f.peer.arrive(4);
    for (const char* path : {"a", "d/one"}) REQUIRE(f.peer.disk().place(f.what.entry(path)));
    const auto found = f.peer.restart();
    CHECK(found.checked.by_xxh3 == chunks("1-2"));
    CHECK(found.checked.by_sha256 == chunks("3-4"));
    CHECK(f.peer.store().missing() == chunks("5"));
    f.peer.fetch_missing();
    f.peer.save();
    CHECK(f.peer.tree() == f.what.tree());
}

TEST_CASE("what was staged and damaged since is fetched again, though the journal has it") {
    fetching f;
    f.peer.find_out();
    f.peer.arrive(1);
    f.peer.arrive(2);
    f.peer.save();
    const fs::path staged = f.peer.state("incoming") / std::to_string(f.what.entry("a"));
    std::string bytes = read_text(staged);
    bytes[9] = '!';
    write_text(staged, bytes);
    f.peer.restart();
    CHECK(f.peer.store().present() == chunks("1"));
    f.peer.fetch_missing();
    f.peer.save();
    CHECK(f.peer.tree() == f.what.tree());
}

TEST_CASE("without its journal, a set is found as well") {
    fetched f;
    fs::remove(f.peer.state("journal"));
    const auto found = f.peer.restart();
    CHECK(found.checked.by_sha256 == chunks("1-5"));
    CHECK(f.peer.store().missing().empty());
    f.peer.save();
    CHECK(f.peer.tree() == f.what.tree());
    CHECK(checked(f.peer.restart()).empty());
}

TEST_CASE("a journal that promises what is not there is not believed") {
    fetching f;
    f.peer.find_out();
    REQUIRE(f.peer.disk().state().append(journal_chunks(chunks("1-5")) +
                                         journal_file(0, {19, 1'700'000'000'000'000'000, 1}) +
                                         journal_complete()));
    f.peer.restart();
    CHECK(f.peer.store().missing() == chunks("1-5"));
    f.peer.fetch_missing();
    f.peer.save();
    CHECK(f.peer.tree() == f.what.tree());
}

TEST_CASE("a set that is complete is not read again, nor written to") {
    fetched f;
    const std::string journal = read_text(f.peer.state("journal"));
    const auto found = f.peer.find_out();
    CHECK(checked(found).empty());
    CHECK(found.misplaced.empty());
    CHECK(f.peer.store().present() == chunks("1-5"));
    f.peer.save();
    CHECK(read_text(f.peer.state("journal")) == journal);
}

TEST_CASE("of a complete set, only the chunks of files that were touched are read") {
    fetched f;
    SUBCASE("in chunks of its own") {
        touch(f.peer / "a");
        CHECK(f.peer.find_out().checked.by_xxh3 == chunks("1-3"));
    }
    SUBCASE("in a chunk with others") {
        touch(f.peer / "b");
        CHECK(f.peer.find_out().checked.by_xxh3 == chunks("3"));
    }
    CHECK(f.peer.store().missing().empty());
    f.peer.save();
    CHECK(checked(f.peer.restart()).empty());
    CHECK(f.peer.tree() == f.what.tree());
}

// --- what is there already

TEST_CASE("a tree that is there is taken as it is") {
    fetching f;
    f.what.write_to(f.peer.root());
    struct stat before {};
    REQUIRE(::lstat((f.peer / "a").c_str(), &before) == 0);
    const auto found = f.peer.find_out();
    CHECK(found.checked.by_sha256 == chunks("1-5"));
    CHECK(f.peer.store().missing().empty());
    CHECK(found.misplaced.empty());
    f.peer.save();
    struct stat after {};
    REQUIRE(::lstat((f.peer / "a").c_str(), &after) == 0);
    CHECK(after.st_ino == before.st_ino);
    CHECK(f.peer.tree() == f.what.tree());
    CHECK(checked(f.peer.restart()).empty());
}

TEST_CASE("of a damaged file, the chunks that are right are copied and only others are missing") {
    fetched f;
    std::string bytes = read_text(f.peer / "a");
    bytes[9] = '!';
    write_text(f.peer / "a", bytes);
    touch(f.peer / "a");
    const auto found = f.peer.find_out();
    CHECK(checked(found) == chunks("1-3"));
    CHECK(found.misplaced == chunks("1,3"));
    CHECK(f.peer.store().missing() == chunks("2"));
    f.peer.fetch_missing();
    f.peer.save();
    CHECK(f.peer.tree() == f.what.tree());
    CHECK(checked(f.peer.restart()).empty());
}

TEST_CASE("of a file that is gone, its chunks are missing") {
    fetched f;
    fs::remove(f.peer / "b");
    f.peer.find_out();
    CHECK(f.peer.store().missing() == chunks("3"));
    f.peer.fetch_missing();
    f.peer.save();
    CHECK(f.peer.tree() == f.what.tree());
}

TEST_CASE("a file that is cut short or too long gives its right chunks, and is made anew") {
    for (const std::uintmax_t size : {0U, 7U, 8U, 17U, 18U, 20U, 100U}) {
        CAPTURE(size);
        fetched f;
        fs::create_hard_link(f.peer / "a", f.temp / "mine");
        fs::resize_file(f.peer / "a", size);
        const std::string mine = read_text(f.temp / "mine");
        f.peer.find_out();
        const chunk_set lost = size < 8 ? chunks("1-3") : size < 16 ? chunks("2-3") : chunks("3");
        CHECK(f.peer.store().missing() == (size < 19 ? lost : chunk_set{}));
        f.peer.fetch_missing();
        f.peer.save();
        CHECK(f.peer.tree() == f.what.tree());
        CHECK(read_text(f.temp / "mine") == mine);
    }
}

TEST_CASE("an earlier version is replaced, and who has it by another name keeps it") {
    fetching f;
    write_text(f.peer / "a", "0123456789ABCDEFghi");
    write_text(f.peer / "d/one", "something else");
    write_text(f.peer / "mine", "mine");
    fs::create_hard_link(f.peer / "a", f.temp / "kept");
    f.peer.find_out();
    CHECK(f.peer.store().present() == chunks("1"));
    f.peer.fetch_missing();
    CHECK(read_text(f.peer / "a") == "0123456789ABCDEFghi");
    f.peer.save();
    CHECK(read_text(f.temp / "kept") == "0123456789ABCDEFghi");
    auto tree = f.peer.tree();
    CHECK(tree.extract("mine").mapped() == "file: mine");
    CHECK(tree == f.what.tree());
}

TEST_CASE("what is in the way of a file's content is not read, and is replaced where it can be") {
    fetching f;
    f.what.write_to(f.peer.root());
    fs::remove(f.peer / "a");
    fs::remove(f.peer / "b");
    SUBCASE("a link to the right content") {
        write_text(f.temp / "content", "0123456789abcdefghi");
        fs::create_symlink(f.temp / "content", f.peer / "a");
    }
    SUBCASE("a pipe") {
        REQUIRE(::mkfifo((f.peer / "a").c_str(), 0600) == 0);
    }
    f.peer.find_out();
    CHECK(f.peer.store().missing() == chunks("1-3"));
    f.peer.fetch_missing();
    f.peer.save();
    CHECK(f.peer.tree() == f.what.tree());
}

TEST_CASE("a chunk that cannot be copied any more is missing") {
    fetched f;
    spoil_end(f.peer / "z");
    published_store& store = f.peer.store();
    const auto to_check = store.what_to_check();
    REQUIRE_MESSAGE(to_check, to_check.error());
    for (const chunk_index chunk : to_check->by_xxh3)
        store.checked(chunk,
                      f.peer.is_there(chunk, check_by::xxh3, published_store::looked_in::staged_first));
    CHECK(store.conclude(false) == chunks("4"));  // d/two shares the wrong chunk
    spoil_end(f.peer / "d/two");
    CHECK(f.peer.copy(
        {4},
        {store.shared_disk(), {4}, chunk_source::look_in::places}));  // what it has of this chunk is right
    write_text(f.peer / "d/two", "Q");
    CHECK_FALSE(f.peer.copy({5}, {store.shared_disk(), {5}, chunk_source::look_in::places}));
    CHECK(store.missing() == chunks("5"));
    f.peer.fetch_missing();
    f.peer.save();
    CHECK(f.peer.tree() == f.what.tree());
}

TEST_CASE("chunks are copied from another set beneath another folder") {
    fetching f;
    const small_set other{{file("x", "0123456789abcdefghijklmnop")}, 8, "other"};
    set_peer source{other, f.temp / "other"};
    other.write_to(source.root());
    f.peer.find_out();
    for (const std::uint32_t chunk : {1U, 2U, 3U})
        CHECK(f.peer.copy({chunk}, {source.store().shared_disk(), {chunk}, chunk_source::look_in::places}));
    CHECK_FALSE(f.peer.copy({4}, {source.store().shared_disk(), {1}, chunk_source::look_in::places}));
    CHECK_FALSE(f.peer.copy(
        {4}, {source.store().shared_disk(), {4}, chunk_source::look_in::places}));  // it is shorter
    CHECK(f.peer.store().missing() == chunks("4-5"));
    f.peer.fetch_missing();
    f.peer.save();
    CHECK(f.peer.tree() == f.what.tree());
}

TEST_CASE("who may run a file is put right, and that is all that is done to it") {
    fetching f;
    f.what.write_to(f.peer.root());
    ::chmod((f.peer / "a").c_str(), 0755);
    ::chmod((f.peer / "b").c_str(), 0644);
    f.peer.find_out();
    CHECK(f.peer.store().missing().empty());
    f.peer.save();
    CHECK(f.peer.tree() == f.what.tree());
    CHECK(checked(f.peer.restart()).empty());
}

TEST_CASE("what has no content is made again where it is gone, without reading anything") {
    fetched f;
    fs::remove(f.peer / "c");
    fs::remove(f.peer / "link");
    fs::remove(f.peer / "d/none");
    CHECK(checked(f.peer.find_out()).empty());
    f.peer.save();
    CHECK(f.peer.tree() == f.what.tree());
}

// --- content that repeats

TEST_CASE("a chunk whose content repeats is fetched once and copied") {
    fetching f{{{file("a", "12345678AAAAAAAA12345678"), file("b", "12345678AAAAAAAAx")}, 8}};
    f.peer.find_out();
    CHECK(f.peer.store().repeats() == chunks("3-5"));
    CHECK(f.peer.store().repeats_of({1}) == chunks("3-4"));
    CHECK(f.peer.store().repeats_of({2}) == chunks("5"));
    CHECK(f.peer.store().repeats_of({3}).empty());
    for (const std::uint32_t chunk : {1U, 2U, 6U}) CHECK(f.peer.arrive(chunk));
    CHECK(f.peer.copy_repeat(1, 3));
    CHECK(f.peer.store().repeats() == chunks("4-5"));
    f.peer.save();  // what is copied from may be staged, or in its place
    CHECK(f.peer.copy_repeat(1, 4));
    CHECK(f.peer.copy_repeat(2, 5));
    CHECK(f.peer.store().repeats().empty());
    f.peer.save();
    CHECK(f.peer.tree() == f.what.tree());
}

TEST_CASE("a chunk that repeats is not copied from one that changed") {
    fetching f{{{file("a", "12345678"), file("b", "12345678"), file("c", "x")}, 8}};
    f.peer.find_out();
    f.peer.arrive(1);
    f.peer.save();
    write_text(f.peer / "a", "changed!");
    CHECK_FALSE(f.peer.copy_repeat(1, 2));
    CHECK(f.peer.arrive(2));
    CHECK(f.peer.served(2) == "12345678");
}

// --- serving only

TEST_CASE("to serve only, whatever is right is present where it is, and nothing is written") {
    fetched f;
    spoil_end(f.peer / "a");
    const auto before = f.peer.tree();
    const auto found = f.peer.restart(true);
    CHECK(checked(found) == chunks("1-3"));
    CHECK(f.peer.store().present() == chunks("1-2,4-5"));
    for (const std::uint32_t chunk : {1U, 2U, 4U, 5U}) CHECK(f.peer.served(chunk) == f.what.chunk(chunk));
    CHECK(f.peer.tree() == before);
    CHECK(names_in(f.peer.state("incoming")).empty());
}

TEST_CASE("to serve only, what is staged is served as well") {
    fetching f;
    f.peer.find_out();
    f.peer.arrive(1);
    f.peer.arrive(4);
    f.peer.arrive(5);
    f.peer.save();
    f.peer.restart(true);
    CHECK(f.peer.store().present() == chunks("1,4-5"));
    for (const std::uint32_t chunk : {1U, 4U, 5U}) CHECK(f.peer.served(chunk) == f.what.chunk(chunk));
}

TEST_CASE("a set is served from a folder that nothing can be written to") {
    fetched f;
    f.peer.open(false);
    CHECK(checked(f.peer.find_out(true)).empty());
    for (const std::uint32_t chunk : numbers(f.what)) CHECK(f.peer.served(chunk) == f.what.chunk(chunk));
    CHECK(f.peer.try_to_save() == "");
}

// --- sharing

TEST_CASE("what was just hashed is present, and recorded as complete") {
    fetching f;
    f.what.write_to(f.peer.root());
    std::vector<std::optional<file_stamp>> stamps;
    for (std::uint32_t entry = 0; entry < f.what.set().entry_count(); ++entry) {
        const auto there = f.peer.disk().look(entry);
        stamps.push_back(f.what.set().entry(entry).is_file() ? std::optional{there->stamp} : std::nullopt);
    }
    REQUIRE(f.peer.disk().state().rewrite_journal(""));
    f.peer.store().all_present(stamps);
    f.peer.save();
    CHECK(f.peer.store().present() == chunks("1-5"));
    CHECK(f.peer.store().missing().empty());
    for (const std::uint32_t chunk : numbers(f.what)) CHECK(f.peer.served(chunk) == f.what.chunk(chunk));
    CHECK(checked(f.peer.restart(true)).empty());
    CHECK(f.peer.tree() == f.what.tree());
}
