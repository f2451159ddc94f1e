#include "storage/set_state.hpp"

#include "support/small_set.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace p2p;
using namespace p2p::test;

namespace {

small_set example(std::string_view name = "set") {
    return {{file("a", "01234"), file("b/c", "56789abcdef"), file("empty", "")}, 4, name};
}

set_state open_state(const std::filesystem::path& root, const small_set& what) {
    auto opened = set_state::open(root, what.id());
    REQUIRE_MESSAGE(opened, opened.error().message);
    return std::move(*opened);
}

std::filesystem::path path_of(const std::filesystem::path& root, const small_set& what,
                              std::string_view name) {
    return root / state_folder_name / what.id().to_hex() / name;
}

std::vector<file_set_id> sorted(std::vector<file_set_id> ids) {
    std::ranges::sort(ids);
    return ids;
}

bool is_known(const std::filesystem::path& root, const small_set& what) {
    return std::ranges::count(sets_in(root), what.id()) == 1;
}

}  // namespace

// --- one peer at a time

TEST_CASE("a set that a peer uses is refused to a second one, and free again afterwards") {
    const temp_folder temp;
    const small_set what = example();
    {
        const set_state first = open_state(temp.path(), what);
        CHECK(set_state::open(temp.path(), what.id()).error().message ==
              temp.path().native() + ": another peer is using this file-set here");
    }
    open_state(temp.path(), what);
}

TEST_CASE("a lock moves with its state") {
    const temp_folder temp;
    const small_set what = example();
    set_state first = open_state(temp.path(), what);
    const std::optional<set_state> second{std::move(first)};
    CHECK_FALSE(set_state::open(temp.path(), what.id()));
}

TEST_CASE("two sets in one folder do not disturb each other") {
    const temp_folder temp;
    const small_set one = example("one");
    const small_set two = example("two");
    const set_state first = open_state(temp.path(), one);
    const set_state second = open_state(temp.path(), two);
    CHECK(sets_in(temp.path()) == sorted({one.id(), two.id()}));
}

TEST_CASE("a folder that is not there has no state") {
    const temp_folder temp;
    CHECK(set_state::open(temp / "none", example().id()).error().message ==
          (temp / "none").native() + ": No such file or directory");
}

TEST_CASE("what is kept is never kept through a symbolic link") {
    const temp_folder temp;
    const temp_folder elsewhere;
    const small_set what = example();
    SUBCASE("in the place of the hidden folder") {
        std::filesystem::create_directory_symlink(elsewhere.path(), temp / state_folder_name);
    }
    SUBCASE("in the place of the set's folder") {
        std::filesystem::create_directory(temp / state_folder_name);
        std::filesystem::create_directory_symlink(elsewhere.path(),
                                                  temp.path() / state_folder_name / what.id().to_hex());
    }
    SUBCASE("in the place of the incoming folder") {
        { open_state(temp.path(), what); }
        std::filesystem::remove(path_of(temp.path(), what, "incoming"));
        std::filesystem::create_directory_symlink(elsewhere.path(), path_of(temp.path(), what, "incoming"));
    }
    SUBCASE("in the place of the journal") {
        { open_state(temp.path(), what); }
        std::filesystem::remove(path_of(temp.path(), what, "journal"));
        std::filesystem::create_symlink(elsewhere / "journal", path_of(temp.path(), what, "journal"));
    }
    CHECK_FALSE(set_state::open(temp.path(), what.id()));
    CHECK(names_in(elsewhere.path()).empty());
}

// --- the manifest

TEST_CASE("a manifest that was written is read") {
    const temp_folder temp;
    const small_set what = example();
    const set_state state = open_state(temp.path(), what);
    REQUIRE(state.write_manifest(what.set()));
    const auto read = read_manifest(temp.path(), what.id());
    REQUIRE_MESSAGE(read, read.error());
    CHECK((*read)->text() == what.set().text());
    CHECK((*read)->id() == what.id());
}

TEST_CASE("a manifest that is damaged is refused") {
    const temp_folder temp;
    const small_set what = example();
    const set_state state = open_state(temp.path(), what);
    REQUIRE(state.write_manifest(what.set()));
    const auto path = path_of(temp.path(), what, "manifest");
    SUBCASE("in one bit") {
        spoil_end(path);
    }
    SUBCASE("cut short") {
        std::filesystem::resize_file(path, 20);
    }
    SUBCASE("empty") {
        std::filesystem::resize_file(path, 0);
    }
    SUBCASE("that of another set") {
        write_text(path, example("other").set().text());
    }
    CHECK(read_manifest(temp.path(), what.id()).error() ==
          path.native() + ": is damaged: it is not what its folder's name says");
}

TEST_CASE("a manifest that was cut short is written again") {
    const temp_folder temp;
    const small_set what = example();
    const set_state state = open_state(temp.path(), what);
    REQUIRE(state.write_manifest(what.set()));
    std::filesystem::resize_file(path_of(temp.path(), what, "manifest"), 20);
    REQUIRE(state.write_manifest(what.set()));
    CHECK(read_manifest(temp.path(), what.id()));
}

TEST_CASE("a manifest that is not there is an error that names it") {
    const temp_folder temp;
    const small_set what = example();
    CHECK(read_manifest(temp.path(), what.id()).error() ==
          path_of(temp.path(), what, "manifest").native() + ": No such file or directory");
}

// --- the link

TEST_CASE("a link that was written is read") {
    const temp_folder temp;
    const small_set what = example();
    const set_state state = open_state(temp.path(), what);
    CHECK_FALSE(read_link(temp.path(), what.id()));
    const auto published_at = parse_link("p2p://tracker.example:6969/" + what.id().to_hex() + "/my%20set");
    REQUIRE(published_at);
    REQUIRE(state.write_link(*published_at));
    CHECK(read_link(temp.path(), what.id())->to_string() == published_at->to_string());
}

TEST_CASE("a link with a key in it is kept where nobody else can read it") {
    const temp_folder temp;
    const small_set what = example();
    const set_state state = open_state(temp.path(), what);
    const std::string secret = "p2p://" + std::string(64, 'a') + "@t:1/" + what.id().to_hex();
    REQUIRE(state.write_link(*parse_link(secret)));
    CHECK(read_link(temp.path(), what.id())->to_string() == secret);
    CHECK(std::filesystem::status(path_of(temp.path(), what, "link")).permissions() ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("a link that is damaged or of another set is none") {
    const temp_folder temp;
    const small_set what = example();
    const set_state state = open_state(temp.path(), what);
    for (const std::string& text :
         {std::string{}, std::string{"p2p://"}, "p2p://t:1/" + example("other").id().to_hex()}) {
        write_text(path_of(temp.path(), what, "link"), text);
        CHECK_FALSE(read_link(temp.path(), what.id()));
    }
}

// --- the journal

TEST_CASE("a new journal begins with its header") {
    const temp_folder temp;
    const small_set what = example();
    set_state state = open_state(temp.path(), what);
    const auto content = state.read_journal(what.set());
    REQUIRE_MESSAGE(content, content.error());
    CHECK(content->verified.empty());
    CHECK_FALSE(content->complete);
    CHECK(read_text(path_of(temp.path(), what, "journal")) == journal_header(what.id()));
}

TEST_CASE("a journal is cut behind its last whole record, wherever it was torn, and goes on from there") {
    const temp_folder temp;
    const small_set what = example();
    const auto path = path_of(temp.path(), what, "journal");
    const std::string records[] = {journal_header(what.id()), journal_chunks(chunks("1-2")),
                                   journal_file(0, {5, -7, 9}), journal_complete()};
    std::string whole;
    for (const std::string& record : records) whole += record;
    for (std::size_t length = 0; length < whole.size(); ++length) {
        CAPTURE(length);
        { open_state(temp.path(), what); }
        write_text(path, whole.substr(0, length));
        {
            set_state state = open_state(temp.path(), what);
            REQUIRE(state.read_journal(what.set()));
            REQUIRE(state.append(journal_chunks(chunks("4"))));
        }
        set_state state = open_state(temp.path(), what);
        const auto content = state.read_journal(what.set());
        REQUIRE_MESSAGE(content, content.error());
        CHECK(content->verified ==
              (length < records[0].size() + records[1].size() ? chunks("4") : chunks("1-2,4")));
        CHECK(content->whole == std::filesystem::file_size(path));
    }
}

TEST_CASE("the journal of another set, or no journal at all, counts for nothing") {
    const temp_folder temp;
    const small_set what = example();
    { open_state(temp.path(), what); }
    for (const std::string& text : {journal_header(example("other").id()) + journal_chunks(chunks("1-3")),
                                    std::string(5000, '\0'), std::string{"\n\n\n"}}) {
        write_text(path_of(temp.path(), what, "journal"), text);
        set_state state = open_state(temp.path(), what);
        const auto content = state.read_journal(what.set());
        REQUIRE_MESSAGE(content, content.error());
        CHECK(content->verified.empty());
        CHECK(read_text(path_of(temp.path(), what, "journal")) == journal_header(what.id()));
    }
}

TEST_CASE("a journal that is rewritten has only what it was given, and goes on from there") {
    const temp_folder temp;
    const small_set what = example();
    set_state state = open_state(temp.path(), what);
    REQUIRE(state.read_journal(what.set()));
    REQUIRE(state.append(journal_chunks(chunks("1-4")) + journal_complete()));
    REQUIRE(state.rewrite_journal(journal_chunks(chunks("2"))));
    REQUIRE(state.append(journal_chunks(chunks("3"))));
    const auto content = state.read_journal(what.set());
    REQUIRE_MESSAGE(content, content.error());
    CHECK(content->verified == chunks("2-3"));
    CHECK_FALSE(content->complete);
}

TEST_CASE("to look at a journal changes nothing") {
    const temp_folder temp;
    const small_set what = example();
    CHECK(look_at_journal(temp.path(), what.set()).verified.empty());
    CHECK(names_in(temp.path()).empty());

    const std::string torn = journal_header(what.id()) + journal_chunks(chunks("1-2")) + "chunks 3 #";
    write_text(path_of(temp.path(), what, "journal"), torn);
    const set_state in_use = open_state(temp.path(), what);
    CHECK(look_at_journal(temp.path(), what.set()).verified == chunks("1-2"));
    CHECK(read_text(path_of(temp.path(), what, "journal")) == torn);
}

// --- what is incoming

TEST_CASE("what is incoming is dropped with its folder, and nothing else is") {
    const temp_folder temp;
    const small_set what = example();
    {
        set_state state = open_state(temp.path(), what);
        REQUIRE(state.write_manifest(what.set()));
        write_text(path_of(temp.path(), what, "incoming") / "0", "012");
        write_text(path_of(temp.path(), what, "incoming") / "copy-1", "x");
        state.drop_incoming();
        CHECK(names_in(path_of(temp.path(), what, "")) == std::set<std::string>{"journal", "manifest"});
    }
    open_state(temp.path(), what);
    CHECK(names_in(path_of(temp.path(), what, "incoming")).empty());
}

TEST_CASE("links among what is incoming are dropped, and not what they lead to") {
    const temp_folder temp;
    const temp_folder elsewhere;
    write_text(elsewhere / "mine", "mine");
    const small_set what = example();
    set_state state = open_state(temp.path(), what);
    std::filesystem::create_directory_symlink(elsewhere.path(), path_of(temp.path(), what, "incoming") / "0");
    state.drop_incoming();
    CHECK(read_text(elsewhere / "mine") == "mine");
}

// --- several sets in one folder

TEST_CASE("a folder's sets are those whose ids are names in the hidden folder") {
    const temp_folder temp;
    const small_set one = example("one");
    const small_set two = example("two");
    CHECK(sets_in(temp.path()).empty());
    CHECK(sets_in(temp / "none").empty());
    { open_state(temp.path(), one); }
    { open_state(temp.path(), two); }
    const auto hidden = temp / state_folder_name;
    write_text(hidden / "notes", "");
    write_text(hidden / ".p2p-x.tmp", "");
    std::filesystem::create_directory(hidden / one.id().to_hex().substr(1));
    std::filesystem::create_directory(hidden / (one.id().to_hex() + "0"));
    std::filesystem::create_directory(hidden / std::string(64, 'g'));
    CHECK(sets_in(temp.path()) == sorted({one.id(), two.id()}));
}

TEST_CASE("an earlier version whose files have changed since is forgotten and its files stay") {
    const temp_folder temp;
    const small_set older{{file("a", "01234"), file("b", "old"), file("gone", "x")}, 4};
    const small_set newer{{file("a", "01234"), file("b", "new!"), file("c", "y")}, 4};
    fetch_all(older, temp.path());
    {
        set_peer peer{newer, temp.path()};
        peer.find_out();
        peer.fetch_missing();
        peer.save();
    }
    forget_outdated(temp.path(), newer.set());
    CHECK(sets_in(temp.path()) == std::vector{newer.id()});
    CHECK(read_text(temp / "gone") == "x");
    CHECK(read_text(temp / "b") == "new!");
}

TEST_CASE("a set that is older but has nothing in common, or is unchanged, is not forgotten") {
    const temp_folder temp;
    const small_set unrelated{{file("p", "01234"), file("zz/q", "56789")}, 4};
    const small_set subset{{file("a", "01234")}, 5};
    const small_set now{{file("a", "01234"), file("b", "new")}, 5};
    fetch_all(unrelated, temp.path());
    fetch_all(subset, temp.path());
    std::filesystem::remove(temp / "p");  // not a file of the other set
    {
        set_peer peer{now, temp.path()};
        peer.find_out();
        peer.fetch_missing();
        peer.save();
    }
    forget_outdated(temp.path(), now.set());
    CHECK(sets_in(temp.path()) == sorted({unrelated.id(), subset.id(), now.id()}));
}

TEST_CASE("an earlier version that a peer uses is not forgotten") {
    const temp_folder temp;
    const small_set older{{file("a", "old")}, 4};
    const small_set newer{{file("a", "new!")}, 4};
    fetch_all(older, temp.path());
    write_text(temp / "a", "new!");
    {
        const set_state in_use = open_state(temp.path(), older);
        forget_outdated(temp.path(), newer.set());
        CHECK(is_known(temp.path(), older));
        CHECK(read_manifest(temp.path(), older.id()));
    }
    forget_outdated(temp.path(), newer.set());
    CHECK_FALSE(is_known(temp.path(), older));
}

TEST_CASE("an earlier version is forgotten where its file has become a link or is gone") {
    const temp_folder temp;
    const small_set older{{file("a", "old"), file("b", "x")}, 4};
    const small_set newer{{link_to("a", "b"), file("b", "x")}, 4};
    fetch_all(older, temp.path());
    std::filesystem::remove(temp / "a");
    SUBCASE("a link") {
        std::filesystem::create_symlink("b", temp / "a");
    }
    SUBCASE("gone") {}
    forget_outdated(temp.path(), newer.set());
    CHECK_FALSE(is_known(temp.path(), older));
}

TEST_CASE("the set itself, and one whose manifest is damaged, are not forgotten") {
    const temp_folder temp;
    const small_set older{{file("a", "old")}, 4};
    const small_set newer{{file("a", "new!")}, 4};
    fetch_all(older, temp.path());
    fetch_all(newer, temp.path());
    touch(temp / "a");
    spoil_end(path_of(temp.path(), older, "manifest"));
    forget_outdated(temp.path(), newer.set());
    CHECK(sets_in(temp.path()) == sorted({older.id(), newer.id()}));
}

// --- names

TEST_CASE(
    "names that are alike are no trouble where they are different files, and nothing is left of the trial") {
    const temp_folder temp;
    const small_set what{{file("a", ""), file("A", ""), file("\xC3\xA4", ""), file("a\xCC\x88", "")}, 4};
    const set_state state = open_state(temp.path(), what);
    const auto folder = path_of(temp.path(), what, "names");
    std::filesystem::create_directory(folder);
    write_text(folder / "A", "");  // left by a peer that was killed
    const bool are_files = !state.taken_for_one({{"", {"a", "A"}}, {"", {"\xC3\xA4", "a\xCC\x88"}}});
    CHECK(check_names(state, what.set()).has_value() == are_files);
    CHECK_FALSE(std::filesystem::exists(folder));
    CHECK(check_names(state, example().set()));
}
