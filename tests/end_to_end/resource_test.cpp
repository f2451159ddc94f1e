// What a machine may take away from programs that run: disk, folder, permissions, descriptors, time.

#include "support/programs.hpp"
#include "support/published.hpp"
#include "support/small_set.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <list>

namespace p2p::test {

namespace {

namespace fs = std::filesystem;

/// A shell of its own that runs this, with what follows as $1, $2, ...
words shell(const std::string& script, const words& arguments) {
    words all{"-c", script, "sh"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
}

/// Removes a folder that a program still writes to: what comes and goes under remove_all makes that fail.
void remove_in_use(const fs::path& folder) {
    wait_until(
        [&] {
            std::error_code went_on_changing;
            fs::remove_all(folder, went_on_changing);
            return !fs::exists(folder);
        },
        "the folder gone");
}

}  // namespace

TEST_CASE("a disk that fills up in the middle of a get ends it with 3, and nothing in its place is wrong") {
    const temp_folder here;
    const tree set = files(here / "set", 4, 500'000);
    const sharer alice{set, {"--chunk-size", "16KiB"}};
    fs::create_directory(here / "disk");
    // A mount of its own, for these processes only. What was fetched is compared before it is gone.
    const std::string script = R"(
        mount -t tmpfs -o size=4m tmpfs "$1" || exit 99
        "$2" get "$3" "$1/copy" --limit-down 400KiB/s &
        until ls "$1"/copy/.p2p/*/incoming/* >/dev/null 2>&1; do sleep 0.01; done
        dd if=/dev/zero of="$1/other" bs=64k 2>/dev/null
        wait $!
        code=$?
        for file in "$1"/copy/f*; do [ ! -e "$file" ] || cmp "$file" "$4/${file##*/}" || exit 98; done
        exit $code)";
    words unshared{"-rm", "/bin/sh"};
    const words inside = shell(script, {here / "disk", program("p2pclient"), alice.link(), set});
    unshared.insert(unshared.end(), inside.begin(), inside.end());
    const finished_process full = run("/usr/bin/unshare", unshared);
    CHECK_MESSAGE(full.exit_code == exits::storage, full.output);
    CHECK_MESSAGE(contains(full.output, "No space left on device"), full.output);
}

TEST_CASE("a folder that is deleted while it is fetched to ends a get with 3, by its name") {
    const temp_folder here;
    const tree set = files(here / "set", 4, 500'000);
    const sharer alice{set, {"--chunk-size", "16KiB"}};
    getter gets{{alice.link(), here / "copy", "--limit-down", "400KiB/s"}};
    wait_until([&] { return chunks_recorded(here / "copy", alice.parsed()) > 3; }, "some chunks");
    fs::rename(here / "copy", here / "gone");
    remove_in_use(here / "gone");
    CHECK(gets.wait_for_exit() == exits::storage);
    CHECK_MESSAGE(gets.said("p2pclient: " + (here / "copy").native()), gets.output());
}

TEST_CASE("a chunk folder that is deleted while it is fetched to ends a peer with 3, by where it was last") {
    const file_set set{200, 10'000};
    const temp_folder here;
    const tracker_program tracker{{"--quorum", "1"}};
    const peer_program alice{tracker, make_folder(here / "alice", set, set.ranges()), "alice"};
    peer_program carol{tracker, make_folder(here / "carol", set, ""), "carol", {"--limit-down", "400KB/s"}};
    wait_until([&] { return chunks_listed(here / "carol") > 3; }, "some chunks");
    fs::rename(here / "carol", here / "gone");
    remove_in_use(here / "gone");
    CHECK(carol.wait_for_exit() == exits::storage);
    CHECK_MESSAGE(carol.said("p2pclient: " + (here / "gone").native()), carol.output());
}

TEST_CASE("a folder that becomes read-only while it is fetched to ends a get with 3, by its name") {
    const temp_folder here;
    const tree set = files(here / "set", 4, 500'000);
    const sharer alice{set, {"--chunk-size", "16KiB"}};
    fs::permissions(here.path(), fs::perms::all);
    getter gets{{alice.link(), here / "copy", "--limit-down", "400KiB/s"}, {.obeys_permissions = true}};
    wait_until([&] { return chunks_recorded(here / "copy", alice.parsed()) > 3; }, "some chunks");
    const auto read_only = fs::perms::owner_read | fs::perms::owner_exec;
    const fs::path kept = here / "copy" / ".p2p";
    for (const fs::path& folder : {kept / alice.id() / "incoming", kept / alice.id(), kept, here / "copy"})
        fs::permissions(folder, read_only);
    CHECK(gets.wait_for_exit() == exits::storage);
    CHECK_MESSAGE(gets.said((here / "copy").native()), gets.output());
    CHECK_MESSAGE(gets.said("Permission denied"), gets.output());
}

TEST_CASE("a get with few descriptors fetches from many peers all the same") {
    const temp_folder here;
    const tracker_program tracker;
    const tree set = files(here / "0" / "set", 30, 20'000);
    std::list<sharer> peers;
    for (int i = 0; i < 30; ++i) {
        const auto folder = here / std::to_string(i) / "set";
        fs::create_directories(folder.parent_path());
        if (i > 0) fs::copy(set, folder, fs::copy_options::recursive);
        peers.emplace_back(tracker, folder, words{"--chunk-size", "4KiB"});
    }
    const finished_process ended =
        run("/bin/sh", shell(R"(ulimit -n 64; exec "$@")",
                             {program("p2pclient"), "get", peers.front().link(), here / "copy"}));
    CHECK_MESSAGE(ended.exit_code == exits::done, ended.output);
    CHECK(tree_difference(here / "copy", set) == "");
}

/// What is left of a set that was shared from this folder, without a program being run for it, and the disk
/// waited for. Its link.
std::string shared_before(const tracker_program& tracker, const small_set& what, const fs::path& root) {
    what.write_to(root);
    const p2p::link where{{{"127.0.0.1", tracker.port()}}, what.id(), std::string{what.set().name()}, {}};
    const fs::path kept = root / state_folder_name / what.id().to_hex();
    fs::create_directories(kept);
    write_text(kept / "manifest", what.set().text());
    write_text(kept / "link", where.to_string() + "\n");
    return where.to_string();
}

TEST_CASE("250 sets are served with 900 descriptors, and each has one while nothing comes or goes") {
    constexpr std::size_t many = 250;
    const temp_folder here;
    const tracker_program tracker;
    std::vector<small_set> sets;
    words links;
    words serve{program("p2pclient"), "serve", "--listen", "127.0.0.1"};
    for (std::size_t i = 0; i < many; ++i) {
        const std::string name = "set" + std::to_string(i);
        sets.emplace_back(std::vector{file("a", "of " + name), file("b/c", noise(5000, i))}, 4096, name);
        links.push_back(shared_before(tracker, sets.back(), here / name));
        serve.push_back(here / name);
    }
    process serves{"/bin/sh", shell(R"(ulimit -n 900; exec "$@")", serve)};
    for (const small_set& one : sets)
        serves.wait_for(std::string{one.set().name()} + ": has 2 of 2 chunks, serves at port ");
    constexpr std::size_t for_the_rest = 30;  // the port, the tracker, the terminal, what the system needs
    wait_until([&] { return serves.open_descriptors() <= many + for_the_rest; }, "a descriptor for each");
    for (const std::size_t i : {std::size_t{0}, many / 2, many - 1}) {
        const fs::path copy = here / "copy" / std::to_string(i);
        const auto got = get({links[i], copy});
        CHECK_MESSAGE(got.exit_code == exits::done, got.output);
        CHECK(tree_in(copy) == sets[i].tree());
    }
}

TEST_CASE("more sets than there are descriptors for are not served, and that is said at once") {
    const temp_folder here;
    const tracker_program tracker;
    words serve{program("p2pclient"), "serve", "--listen", "127.0.0.1"};
    for (std::size_t i = 0; i < 30; ++i) {
        const std::string name = "set" + std::to_string(i);
        (void)shared_before(tracker, small_set{{file("a", "of " + name)}, 4096, name}, here / name);
        serve.push_back(here / name);
    }
    const finished_process ended = run("/bin/sh", shell(R"(ulimit -n 70; exec "$@")", serve));
    CHECK(ended.exit_code == exits::usage);
    CHECK_MESSAGE(contains(ended.output, "30 file-sets need 74 open files, and this process may have 70"),
                  ended.output);
}

// To look at an object, the sanitizer for undefined behaviour needs a descriptor.
TEST_CASE("a tracker that is out of descriptors says so, and takes connections again when others end" *
          doctest::skip(is_sanitized())) {
    process tracker{"/bin/sh",
                    shell(R"(ulimit -n 64; exec "$@")", {program("p2ptracker"), "--listen", "127.0.0.1:0"})};
    const auto port =
        static_cast<std::uint16_t>(std::stoi(tracker.wait_for_rest_of_line("tracker listens on 127.0.0.1:")));
    std::list<tcp_client> many;
    for (int i = 0; i < 80; ++i) many.push_back(tcp_client::connect(port));
    tracker.wait_for("cannot accept connections for now: Too many open files");
    many.clear();
    wait_until(
        [&] {
            tcp_client visitor = tcp_client::connect(port);
            visitor.send_line(R"({"type":"list"})");
            return contains(visitor.read_line(), "filesets");
        },
        "an answer");
}

TEST_CASE("files from the future, as after a clock was set back, are shared and served like others") {
    const temp_folder here;
    const tracker_program tracker;
    const tree set = files(here / "set", 3, 20'000);
    for (const auto& file : fs::directory_iterator{set.root()})
        fs::last_write_time(file, fs::file_time_type::clock::now() + std::chrono::hours{24});
    const std::string link = link_of(tracker, set);
    const server serves{tracker, {set}};
    CHECK(get({link, here / "copy"}).exit_code == exits::done);
    CHECK(tree_difference(here / "copy", set) == "");
}

// The clock of one program: it is what `time` says, "+0" or "-90m".
class clock_of_its_own {
public:
    explicit clock_of_its_own(fs::path time) : time_(std::move(time)) { set("+0"); }

    /// At once: a file that is empty for a moment is another time.
    void set(const std::string& to) const {
        const fs::path next = time_.native() + ".next";
        write_text(next, to + "\n");
        fs::rename(next, time_);
    }

    /// p2pclient by that clock. Deadlines go by another one, which nobody can set.
    words client(const words& arguments) const {
        words all{"FAKETIME_TIMESTAMP_FILE=" + time_.native(),
                  "FAKETIME_NO_CACHE=1",
                  "FAKETIME_DONT_FAKE_MONOTONIC=1",
                  "NO_FAKE_STAT=1",
                  "LD_PRELOAD=/usr/$LIB/faketime/libfaketimeMT.so.1",
                  program("p2pclient")};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return all;
    }

private:
    fs::path time_;
};

TEST_CASE("a clock that is set back while a set is fetched and served changes nothing" *
          doctest::skip(is_sanitized())) {  // which do not go with another library that comes first
    const temp_folder here;
    const tracker_program tracker;
    const tree set = files(here / "set", 4, 500'000);
    const clock_of_its_own clock{here / "time"};
    const sharer sharer{tracker, set};
    process gets{"/usr/bin/env",
                 clock.client({"get", sharer.link(), here / "copy", "--limit-down", "2MB/s", "--stay"})};
    // Not at once: libfaketime stops the timers of a program whose clock jumps in its first milliseconds.
    wait_until([&] { return chunks_recorded(here / "copy", sharer.parsed()) > 0; }, "a chunk");
    clock.set("-90m");
    gets.wait_for(": complete, ");
    CHECK(tree_difference(here / "copy", set) == "");
    // Since then it serves, and what it wrote down is believed by whoever comes after it.
    CHECK(get({sharer.link(), here / "another"}).exit_code == exits::done);
    gets.signal(SIGTERM);
    CHECK(gets.wait_for_exit() == exits::done);
    const auto again = get({sharer.link(), here / "copy"});
    CHECK(again.exit_code == exits::done);
    CHECK_MESSAGE(contains(again.output, "0 B are to be fetched"), again.output);
}

}  // namespace p2p::test
