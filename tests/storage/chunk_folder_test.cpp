#include "storage/chunk_folder.hpp"

#include "storage/files.hpp"
#include "support/served.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

using namespace p2p;
using namespace p2p::test;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span{text});
}

chunk_set set_of(const std::string& ranges) {
    return chunk_set::parse(ranges, max_chunk_count).value();
}

chunk_claim claim_of(std::uint32_t chunk, std::string_view content) {
    return {{chunk}, hash_of(bytes_of(content)), content.size()};
}

/// A chunk folder with these files; the listing is one of them.
class folder_of {
public:
    explicit folder_of(const std::map<std::string, std::string>& files) {
        for (const auto& [name, text] : files) write_text(temp_ / name, text);
        open();
    }

    void open() {
        store_.reset();
        auto opened = chunk_folder::open(temp_.path());
        REQUIRE_MESSAGE(opened, opened.error());
        store_ = std::move(*opened);
    }
    /// Hashes what is present, as a peer does when it starts.
    void hash_all() {
        for (const chunk_index chunk : chunk_set{store_->present()}) {
            const auto hashed = store_->hash_job(chunk)();
            REQUIRE_MESSAGE(hashed, hashed.error());
            store_->note(*hashed);
        }
    }
    /// A chunk that comes in two writes, and is noted if it is right.
    bool receive(std::uint32_t chunk, std::string_view content, const chunk_claim& agreed) {
        const auto arriving = store_->receive(agreed);
        CHECK(arriving->write(bytes_of(content.substr(0, content.size() / 2))));
        CHECK(arriving->write(bytes_of(content.substr(content.size() / 2))));
        const auto finished = arriving->finish();
        REQUIRE_MESSAGE(finished, finished.error());
        if (!*finished) return false;
        CHECK((*finished)->claim == claim_of(chunk, content));
        store_->note(**finished);
        return true;
    }
    bool receive(std::uint32_t chunk, std::string_view content) {
        return receive(chunk, content, claim_of(chunk, content));
    }
    void save() { REQUIRE(store_->save_job()()); }

    /// What is served as this chunk, or the error.
    std::string served(std::uint32_t chunk) const { return test::served(*store_, chunk); }

    chunk_folder& store() { return *store_; }
    std::filesystem::path path(std::string_view name) const { return temp_ / name; }
    std::set<std::string> names() const { return names_in(temp_.path()); }
    std::string listing() const { return read_text(temp_ / "local_chunks.txt"); }

private:
    temp_folder temp_;
    std::unique_ptr<chunk_folder> store_;
};

std::string open_error(const std::filesystem::path& path) {
    const auto opened = chunk_folder::open(path);
    return opened ? "" : opened.error();
}

}  // namespace

// --- opening

TEST_CASE("a folder has the chunks of its listing") {
    folder_of f{{{"local_chunks.txt", "1,a\n3,sub/c\n5,LASTCHUNK\n"}, {"a", "one"}, {"sub/c", "three"}}};
    CHECK(f.store().count() == 5);
    CHECK(f.store().present() == set_of("1,3"));
    CHECK(f.store().leftovers().empty());
}

TEST_CASE("a folder that is in use is refused and free again afterwards") {
    const temp_folder temp;
    write_text(temp / "local_chunks.txt", "1,LASTCHUNK\n");
    {
        const auto first = chunk_folder::open(temp.path());
        REQUIRE(first);
        CHECK(open_error(temp.path()) == temp.path().native() + ": another peer is using this folder");
    }
    CHECK(open_error(temp.path()).empty());
}

TEST_CASE("a folder that is not there is an error that names it") {
    const temp_folder temp;
    CHECK(open_error(temp / "none") == (temp / "none").native() + ": No such file or directory");
}

TEST_CASE("a wrong listing is an error that names its line") {
    const temp_folder temp;
    write_text(temp / "local_chunks.txt", "1,../a\n1,LASTCHUNK\n");
    CHECK(open_error(temp.path()).starts_with((temp / "local_chunks.txt").native() + ":1: "));
}

TEST_CASE("parts of chunks that a killed run left are swept away, and nothing else is") {
    folder_of f{{{"local_chunks.txt", "1,a\n3,LASTCHUNK\n"},
                 {"a", "one"},
                 {".p2p-part-2.1", "tw"},
                 {".p2p-part-3.17", ""},
                 {"notes", "mine"},
                 {".hidden", "mine"}}};
    CHECK(f.names() == std::set<std::string>{"local_chunks.txt", "a", "notes", ".hidden"});
}

// --- hashing

TEST_CASE("a chunk is hashed as it is in its file") {
    const std::string content(700'001, 'x');
    folder_of f{{{"local_chunks.txt", "2,b\n2,LASTCHUNK\n"}, {"b", content}}};
    const auto hashed = f.store().hash_job({2})();
    REQUIRE_MESSAGE(hashed, hashed.error());
    CHECK(hashed->claim == claim_of(2, content));
}

TEST_CASE("an empty file is a chunk") {
    folder_of f{{{"local_chunks.txt", "1,a\n1,LASTCHUNK\n"}, {"a", ""}}};
    f.hash_all();
    CHECK(f.served(1).empty());
}

TEST_CASE("a listed file that is missing is an error that names it") {
    folder_of f{{{"local_chunks.txt", "1,a\n1,LASTCHUNK\n"}}};
    CHECK(f.store().hash_job({1})().error() == f.path("a").native() + ": No such file or directory");
}

TEST_CASE("a listed name that is a folder is an error") {
    folder_of f{{{"local_chunks.txt", "1,a\n1,LASTCHUNK\n"}, {"a/file", ""}}};
    CHECK(f.store().hash_job({1})().error() == f.path("a").native() + ": not a regular file");
}

TEST_CASE("a listed name that is a pipe is an error and never waited for") {
    folder_of f{{{"local_chunks.txt", "1,a\n1,LASTCHUNK\n"}}};
    REQUIRE(::mkfifo(f.path("a").c_str(), 0600) == 0);
    CHECK(f.store().hash_job({1})().error() == f.path("a").native() + ": not a regular file");
}

TEST_CASE("a listed name that is a symlink out of the folder is refused") {
    const temp_folder elsewhere;
    write_text(elsewhere / "secret", "secret");
    folder_of f{{{"local_chunks.txt", "1,a\n1,LASTCHUNK\n"}}};
    std::filesystem::create_symlink(elsewhere / "secret", f.path("a"));
    CHECK_FALSE(f.store().hash_job({1})());
}

// --- serving

TEST_CASE("a chunk that was hashed is served") {
    folder_of f{{{"local_chunks.txt", "1,a\n2,LASTCHUNK\n"}, {"a", "one"}}};
    f.hash_all();
    CHECK(f.served(1) == "one");
}

TEST_CASE("a file that was written to since it was hashed is not served") {
    folder_of f{{{"local_chunks.txt", "1,a\n2,LASTCHUNK\n"}, {"a", "one"}}};
    f.hash_all();
    write_text(f.path("a"), "longer");
    CHECK(f.served(1) == f.path("a").native() + ": changed since it was hashed");
}

TEST_CASE("a file that was replaced by one of the same size since it was hashed is not served") {
    folder_of f{{{"local_chunks.txt", "1,a\n2,LASTCHUNK\n"}, {"a", "one"}}};
    f.hash_all();
    write_text(f.path("b"), "two");
    std::filesystem::last_write_time(f.path("b"), std::filesystem::last_write_time(f.path("a")));
    std::filesystem::rename(f.path("b"), f.path("a"));
    CHECK(f.served(1) == f.path("a").native() + ": changed since it was hashed");
}

TEST_CASE("a file that vanished since it was hashed is not served") {
    folder_of f{{{"local_chunks.txt", "1,a\n2,LASTCHUNK\n"}, {"a", "one"}}};
    f.hash_all();
    std::filesystem::remove(f.path("a"));
    CHECK(f.served(1) == f.path("a").native() + ": No such file or directory");
}

TEST_CASE("a chunk that was lost is not present but its line stays") {
    folder_of f{{{"local_chunks.txt", "1,a\n2,b\n2,LASTCHUNK\n"}, {"a", "one"}, {"b", "two"}}};
    f.hash_all();
    f.store().lost({1});
    f.save();
    CHECK(f.store().present() == set_of("2"));
    CHECK(f.listing() == "1,a\n2,b\n2,LASTCHUNK\n");
}

// --- receiving

TEST_CASE("a chunk that comes right is stored, present and served") {
    folder_of f{{{"local_chunks.txt", "2,LASTCHUNK\n"}}};
    CHECK(f.receive(2, "second"));
    CHECK(f.store().present() == set_of("2"));
    CHECK(f.served(2) == "second");
    CHECK(f.names() == std::set<std::string>{"local_chunks.txt", "chunk_2"});
}

TEST_CASE("a chunk that comes wrong leaves nothing") {
    folder_of f{{{"local_chunks.txt", "2,LASTCHUNK\n"}}};
    CHECK_FALSE(f.receive(2, "wrong", claim_of(2, "right")));
    CHECK(f.store().present().empty());
    CHECK(f.names() == std::set<std::string>{"local_chunks.txt"});
}

TEST_CASE("an empty chunk is received") {
    folder_of f{{{"local_chunks.txt", "1,LASTCHUNK\n"}}};
    CHECK(f.receive(1, ""));
    CHECK(f.served(1).empty());
}

TEST_CASE("a chunk that does not come to its end leaves nothing") {
    folder_of f{{{"local_chunks.txt", "1,LASTCHUNK\n"}}};
    {
        const auto arriving = f.store().receive(claim_of(1, "one"));
        REQUIRE(arriving->write(bytes_of("on")));
        CHECK(f.names().size() == 2);
    }
    CHECK(f.names() == std::set<std::string>{"local_chunks.txt"});
}

TEST_CASE("a chunk does not have its name before it is whole and right") {
    folder_of f{{{"local_chunks.txt", "1,LASTCHUNK\n"}}};
    const auto arriving = f.store().receive(claim_of(1, "one"));
    REQUIRE(arriving->write(bytes_of("one")));
    CHECK_FALSE(f.names().contains("chunk_1"));
    REQUIRE(arriving->finish());
    CHECK(f.names().contains("chunk_1"));
}

TEST_CASE("two copies of a chunk that come at once do not disturb each other") {
    folder_of f{{{"local_chunks.txt", "1,LASTCHUNK\n"}}};
    const auto first = f.store().receive(claim_of(1, "one"));
    const auto second = f.store().receive(claim_of(1, "one"));
    REQUIRE(first->write(bytes_of("o")));
    REQUIRE(second->write(bytes_of("bad")));
    REQUIRE(first->write(bytes_of("ne")));
    CHECK_FALSE(second->finish().value());
    CHECK(first->finish().value().has_value());
    CHECK(read_text(f.path("chunk_1")) == "one");
}

TEST_CASE("of two right copies of a chunk the first stays, and is served") {
    for (const bool noted_between : {false, true}) {
        CAPTURE(noted_between);
        folder_of f{{{"local_chunks.txt", "1,LASTCHUNK\n"}}};
        const auto first = f.store().receive(claim_of(1, "one"));
        const auto second = f.store().receive(claim_of(1, "one"));
        REQUIRE(first->write(bytes_of("one")));
        REQUIRE(second->write(bytes_of("one")));
        const auto hashed = first->finish();
        if (noted_between) f.store().note(**hashed);
        CHECK(second->finish().value().has_value());
        if (!noted_between) f.store().note(**hashed);
        CHECK(f.served(1) == "one");
    }
}

TEST_CASE("a chunk is not stored over another one whose file has its name") {
    folder_of f{{{"local_chunks.txt", "3,chunk_7\n9,LASTCHUNK\n"}, {"chunk_7", "three"}}};
    f.hash_all();
    CHECK(f.receive(7, "seven"));
    CHECK(f.served(3) == "three");
    CHECK(f.served(7) == "seven");
    f.save();
    CHECK(f.listing() == "3,chunk_7\n7,chunk_7_\n9,LASTCHUNK\n");
}

TEST_CASE("a chunk that was lost can be fetched again") {
    folder_of f{{{"local_chunks.txt", "1,a\n1,LASTCHUNK\n"}, {"a", "one"}}};
    f.hash_all();
    write_text(f.path("a"), "spoilt");
    f.store().lost({1});
    CHECK(f.receive(1, "one"));
    CHECK(f.served(1) == "one");
    f.save();
    CHECK(f.listing() == "1,chunk_1\n1,LASTCHUNK\n");
}

TEST_CASE("a place that cannot be written to is an error that names it") {
    folder_of f{{{"local_chunks.txt", "1,LASTCHUNK\n"}, {"chunk_1/file", "mine"}}};
    const auto arriving = f.store().receive(claim_of(1, "one"));
    REQUIRE(arriving->write(bytes_of("one")));
    CHECK(arriving->finish().error() == f.path("chunk_1").native() + ": Is a directory");
    CHECK(read_text(f.path("chunk_1/file")) == "mine");
}

// --- saving and starting again

TEST_CASE("the listing is written in its canonical form") {
    folder_of f{{{"local_chunks.txt", "\r\n4,d\r\n1,a\r\n\r\n5,LASTCHUNK"}, {"a", "one"}, {"d", "four"}}};
    f.receive(2, "two");
    f.save();
    CHECK(f.listing() == "1,a\n2,chunk_2\n4,d\n5,LASTCHUNK\n");
}

TEST_CASE("the listing is that of the moment when the job was made") {
    folder_of f{{{"local_chunks.txt", "2,LASTCHUNK\n"}}};
    f.receive(1, "one");
    const auto job = f.store().save_job();
    f.receive(2, "two");
    REQUIRE(job());
    CHECK(f.listing() == "1,chunk_1\n2,LASTCHUNK\n");
}

TEST_CASE("what was received and saved is there at the next start") {
    folder_of f{{{"local_chunks.txt", "2,LASTCHUNK\n"}}};
    f.receive(2, "two");
    f.save();
    f.open();
    f.hash_all();
    CHECK(f.store().present() == set_of("2"));
    CHECK(f.served(2) == "two");
}

TEST_CASE("what was received but not listed before a kill is found and recovered") {
    folder_of f{{{"local_chunks.txt", "3,LASTCHUNK\n"}}};
    f.receive(2, "two");
    f.open();
    CHECK(f.store().present().empty());
    CHECK(f.store().leftovers() == set_of("2"));

    const auto found = f.store().recover_job(claim_of(2, "two"))();
    REQUIRE(found);
    REQUIRE(*found);
    f.store().note(**found);
    CHECK(f.store().present() == set_of("2"));
    CHECK(f.store().leftovers().empty());
    CHECK(f.served(2) == "two");
}

TEST_CASE("a leftover that is not what was agreed is not recovered") {
    folder_of f{{{"local_chunks.txt", "3,LASTCHUNK\n"}, {"chunk_2", "mine"}}};
    CHECK(f.store().leftovers() == set_of("2"));
    const auto found = f.store().recover_job(claim_of(2, "two"))();
    REQUIRE(found);
    CHECK_FALSE(*found);
}

TEST_CASE("a leftover that vanished is not recovered") {
    folder_of f{{{"local_chunks.txt", "3,LASTCHUNK\n"}, {"chunk_2", "two"}}};
    std::filesystem::remove(f.path("chunk_2"));
    const auto found = f.store().recover_job(claim_of(2, "two"))();
    REQUIRE(found);
    CHECK_FALSE(*found);
}

TEST_CASE("a leftover under a name that had to be changed is found") {
    folder_of f{{{"local_chunks.txt", "3,chunk_7\n9,LASTCHUNK\n"}, {"chunk_7", "three"}}};
    f.receive(7, "seven");
    f.open();
    CHECK(f.store().leftovers() == set_of("7"));
    CHECK(f.store().recover_job(claim_of(7, "seven"))().value().has_value());
}

TEST_CASE("files that only look like chunks are no leftovers") {
    folder_of f{{{"local_chunks.txt", "1,a\n9,LASTCHUNK\n"},
                 {"a", "one"},
                 {"chunk_0", ""},
                 {"chunk_1", ""},
                 {"chunk_2.bak", ""},
                 {"chunk_3_", ""},
                 {"chunk_04", ""},
                 {"chunk_10", ""},
                 {"chunk_", ""},
                 {"chunk_99999999999", ""},
                 {"Chunk_5", ""}}};
    CHECK(f.store().leftovers().empty());
}
