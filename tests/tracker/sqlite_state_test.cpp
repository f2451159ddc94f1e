// The file that a tracker keeps its state in: what was saved is read again, and a file that is anything but
// the whole state of a tracker is left as it is.

#include "tracker/sqlite_state.hpp"

#include "support/coroutines.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <SQLiteCpp/SQLiteCpp.h>
#include <map>
#include <memory>
#include <sqlite3.h>

namespace p2p::test {

namespace {

namespace fs = std::filesystem;

struct saved_state {
    std::map<file_set_key, std::vector<chunk_claim>> agreed;
    std::vector<set_summary> published;
};

chunk_claim claim(std::uint32_t chunk, std::uint8_t content = 1) {
    chunk_claim made{{chunk}, {}, chunk * byte_count{1'000'000'000'000}};
    made.hash.bytes.fill(content);
    return made;
}

file_set_key folder(const std::string& name) {
    return {name, 1000, {}};
}

agreement agreed(const file_set_key& set, const chunk_claim& what) {
    return {set, what, {{"alice", {"127.0.0.1", 6001}, "127.0.0.1"}, {"b\"ob", {"::1", 6002}, "::"}}};
}

set_summary published(std::uint8_t number, const std::string& name = "films") {
    set_summary made{{}, name, byte_count{1} << 40U, 1000};
    made.id.bytes.fill(number);
    return made;
}

struct state_file {
    state_file() { open(); }

    void open() { store = open_sqlite_state(path, pool); }
    void close() { store.reset(); }

    void save(std::vector<state_change> changes) { run(io, store->save(std::move(changes))); }
    saved_state load() {
        saved_state read;
        state_reader to{[&read](const file_set_key& set, std::span<const chunk_claim> chunks) {
                            read.agreed[set].assign(chunks.begin(), chunks.end());
                        },
                        [&read](const set_summary& set) { read.published.push_back(set); }};
        run(io, store->load(std::move(to)));
        return read;
    }

    /// Why it is refused.
    std::string refusal() {
        try {
            open();
            load();
        } catch (const state_failure& failure) {
            return failure.what();
        }
        return "";
    }

    temp_folder here;
    fs::path path = here / "state";
    asio::io_context io;
    asio::thread_pool pool{1};
    std::unique_ptr<state_store> store;
};

/// Writes the state of a tracker that has closed it.
void write_some(state_file& file) {
    file.save({agreed(folder("set"), claim(1)), agreed(folder("set"), claim(7, 2)), published(1)});
    file.close();
}

}  // namespace

TEST_CASE("what was saved is read when the file is opened again, in the order in which it was saved") {
    state_file file;
    CHECK(file.load().agreed.empty());
    file.save({agreed(folder("set"), claim(7)), agreed(folder("other"), claim(1)), published(2)});
    file.save({agreed(folder("set"), claim(3, 2)), published(1)});
    file.close();
    file.open();
    const saved_state read = file.load();
    CHECK(read.agreed.size() == 2);
    CHECK(read.agreed.at(folder("set")) == std::vector{claim(3, 2), claim(7)});
    CHECK(read.agreed.at(folder("other")) == std::vector{claim(1)});
    CHECK(read.published == std::vector{published(2), published(1)});
}

TEST_CASE("what is forgotten is not read again, and can be saved again") {
    state_file file;
    file.save({agreed(folder("a"), claim(1)), agreed(folder("b"), claim(1)), published(1), published(2)});
    file.save({forgotten_set{folder("a")}, forgotten_set{published_set(published(1).id)}});
    CHECK(file.load().agreed.size() == 1);
    CHECK(file.load().published == std::vector{published(2)});
    file.save({agreed(folder("a"), claim(9)), published(1)});
    CHECK(file.load().agreed.at(folder("a")) == std::vector{claim(9)});
    CHECK(file.load().published == std::vector{published(2), published(1)});
}

TEST_CASE("a set that is published under another name has that name") {
    state_file file;
    file.save({published(1, "films"), published(2, "music")});
    file.save({published(1, "moving pictures")});
    CHECK(file.load().published == std::vector{published(1, "moving pictures"), published(2, "music")});
}

TEST_CASE("what is agreed, and who voted for it, can be read with sqlite3") {
    state_file file;
    write_some(file);
    SQLite::Database other(file.path.native());
    CHECK(other.execAndGet("SELECT chunks FROM agreed").getString() ==
          "1 1000000000000 01010101010101010101010101010101\n"
          "7 7000000000000 02020202020202020202020202020202\n");
    CHECK(other.execAndGet("SELECT votes FROM agreed").getString() ==
          "127.0.0.1:6001 127.0.0.1 alice\n[::1]:6002 :: b\"ob\n");
}

TEST_CASE("a file that is no state of a tracker is refused, and left as it is") {
    state_file file;
    file.close();
    fs::remove(file.path);
    SUBCASE("text") {
        write_text(file.path, "my diary\n");
    }
    SUBCASE("a database of another program") {
        SQLite::Database other(file.path.native(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        other.exec("CREATE TABLE agreed (x)");
    }
    SUBCASE("a database of another program that ended in the middle") {
        const fs::path open = file.here / "open";
        SQLite::Database other(open.native(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        other.exec("PRAGMA journal_mode = WAL; CREATE TABLE agreed (x)");
        fs::copy(open, file.path);
        fs::copy(open.native() + "-wal", file.path.native() + "-wal");
    }
    const std::string before = read_text(file.path);
    const std::set<std::string> names = names_in(file.here.path());
    CHECK(file.refusal() ==
          "cannot use the state in " + file.path.native() + ": it is something else, no state of a tracker");
    CHECK(read_text(file.path) == before);
    CHECK(names_in(file.here.path()) == names);
}

TEST_CASE("a file of a later version is refused, and left as it is") {
    state_file file;
    write_some(file);
    SQLite::Database(file.path.native(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 2");
    const std::string before = read_text(file.path);
    CHECK(file.refusal() ==
          "cannot use the state in " + file.path.native() +
              ": it was written by a later version of p2ptracker (format 2, this one knows 1)");
    CHECK(read_text(file.path) == before);
}

TEST_CASE("whichever byte of the file is damaged, the state is refused or is what it was") {
    state_file file;
    write_some(file);
    const std::string right = read_text(file.path);
    const saved_state whole{{{folder("set"), {claim(1), claim(7, 2)}}}, {published(1)}};
    std::size_t refused = 0;
    for (std::size_t at = 0; at < right.size(); ++at) {
        if (right[at] == '\0' && at % 64 != 0) continue;  // free space, for the most part
        CAPTURE(at);
        std::string damaged = right;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x11);
        write_text(file.path, damaged);
        try {
            file.open();
            const saved_state read = file.load();
            CHECK(read.agreed == whole.agreed);
            CHECK(read.published == whole.published);
        } catch (const state_failure&) {
            ++refused;
            CHECK(read_text(file.path) == damaged);
        }
        file.close();
    }
    CHECK(refused > 100);
}

TEST_CASE("a file that another tracker uses is refused") {
    state_file file;
    CHECK_THROWS_WITH_AS(
        open_sqlite_state(file.path, file.pool),
        ("cannot use the state in " + file.path.native() + ": another tracker uses it").c_str(),
        state_failure);
    file.save({published(1)});
    CHECK(file.load().published.size() == 1);
}

TEST_CASE("a folder, and a file in a folder that is not there, are refused by name") {
    state_file file;
    file.close();
    file.path = file.here.path();
    CHECK(file.refusal().starts_with("cannot use the state in " + file.path.native() + ": "));
    file.path = file.here / "nowhere" / "state";
    CHECK(file.refusal().starts_with("cannot use the state in " + file.path.native() + ": "));
}

}  // namespace p2p::test
