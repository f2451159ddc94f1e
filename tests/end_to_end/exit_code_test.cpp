// What p2pclient exits with: a test for each row of the table in docs/options.md.

#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

namespace p2p::test {

namespace {

namespace fs = std::filesystem;

const file_set small{4, 1'000};

words as_folder(const tracker_program& tracker, const fs::path& folder, const words& more = {}) {
    words all{"--folder", folder, "--tracker", tracker.address(), "--once"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

}  // namespace

TEST_CASE("0: complete, or stopped as asked") {
    const temp_folder here;
    sharer alice{files(here / "set", 2, 10'000)};
    CHECK(get({alice.link(), here / "copy"}).exit_code == 0);
    CHECK(verify(here / "copy").exit_code == 0);
    CHECK(alice.stop() == 0);
}

// A sanitizer wants more of the address space than that.
TEST_CASE("1: something that should not happen, such as a machine that gives no threads" *
          doctest::skip(is_sanitized())) {
    const temp_folder here;
    const words order{
        "-c",  R"(ulimit -s 1000000; ulimit -v 1000000; exec "$@")", "sh",         program("p2pclient"),
        "get", "p2p://127.0.0.1:1/" + std::string(64, '7') + "/set", here / "copy"};
    const auto ended = run("/bin/sh", order);
    CHECK(ended.exit_code == 1);
    CHECK_MESSAGE(contains(ended.output, "p2pclient: "), ended.output);
}

TEST_CASE("2: wrong options, or a key file that cannot be used") {
    const temp_folder here;
    CHECK(run_client({"get"}).exit_code == 2);
    CHECK(run_client({"get", "p2p://nonsense", here / "copy"}).exit_code == 2);
    CHECK(run_client({"list", "--secret-file", here / "nothing"}).exit_code == 2);
}

TEST_CASE("3: a folder, its local_chunks.txt or what is in .p2p, or the disk") {
    const temp_folder here;
    const tracker_program tracker;
    CHECK(run_client({"share", here / "nothing", "--tracker", tracker.address()}).exit_code == 3);
    CHECK(run_client(as_folder(tracker, here / "nothing")).exit_code == 3);
    CHECK(run_client({"serve", here.path()}).exit_code == 3);
    write_text(here / "folder" / "local_chunks.txt", "nonsense\n");
    CHECK(run_client(as_folder(tracker, here / "folder")).exit_code == 3);
}

TEST_CASE("4: a port in use, no tracker, or one that does not allow what is asked") {
    const temp_folder here;
    const tracker_program tracker;
    const tree set = files(here / "set", 2, 10'000);
    const std::string taken = std::to_string(tracker.port());
    const words to_tracker{"share", set, "--tracker", tracker.address()};
    words at_taken_port = to_tracker;
    at_taken_port.insert(at_taken_port.end(), {"--transfer-port", taken});
    CHECK(run_client(at_taken_port).exit_code == 4);
    words elsewhere = to_tracker;
    elsewhere.insert(elsewhere.end(), {"--advertise", "elsewhere.example"});
    CHECK(run_client(elsewhere).exit_code == 4);
    CHECK(run_client({"list", "--tracker", nobodys_address()}).exit_code == 4);
    CHECK(run_client({"ctl", here / "nothing", "status"}).exit_code == 4);
}

TEST_CASE("5: nobody has it, or stopped before it was complete") {
    const temp_folder here;
    const tracker_program tracker;
    const std::string ghost = "p2p://" + tracker.address() + "/" + std::string(64, '7') + "/ghost";
    CHECK(get({ghost, here / "ghost", "--give-up-after", "1s"}).exit_code == 5);
    CHECK(run_client(as_folder(tracker, make_folder(here / "part", small, "1"), {"--give-up-after", "1s"}))
              .exit_code == 5);

    const sharer alice{tracker, files(here / "set", 4, 500'000), {"--chunk-size", "16KiB"}};
    getter gets{{alice.link(), here / "copy", "--limit-down", "100KiB/s"}};
    wait_until([&] { return chunks_recorded(here / "copy", alice.parsed()) > 0; }, "some chunks");
    gets.signal(SIGINT);
    CHECK(gets.wait_for_exit() == 5);
}

TEST_CASE("5, too, where it is stopped before it knows what there is to fetch, and at once") {
    const temp_folder here;
    tcp_listener silent;  // takes connections, as a tracker that hangs
    const std::string link =
        "p2p://127.0.0.1:" + std::to_string(silent.port()) + "/" + std::string(64, '7') + "/set";
    getter gets{{link, here / "copy", "--give-up-after", "1h"}};
    const tcp_client asking = silent.accept();
    gets.signal(SIGINT);
    CHECK(gets.wait_for_exit() == 5);
    CHECK(gets.said("p2pclient: stopped before it had begun to fetch or serve"));
}

TEST_CASE("6: complete, but chunks of this folder differ from what others agreed on") {
    const temp_folder here;
    tracker_program tracker;
    const peer_program alice{tracker, make_folder(here / "alice", small, "1-4"), "alice"};
    const peer_program bob{tracker, make_folder(here / "bob", small, "1-4"), "bob"};
    tracker.wait_for("every chunk is agreed");
    const fs::path differs = make_folder(here / "carol", small, "1-4");
    damage(differs / "chunk_2");
    CHECK(run_client(as_folder(tracker, differs)).exit_code == 6);
}

TEST_CASE("7: files are not what was published") {
    const temp_folder here;
    const tree set = files(here / "set", 2, 10'000);
    const sharer alice{set};
    CHECK(get({alice.link(), here / "copy"}).exit_code == 0);
    damage(here / "copy" / "f1");
    CHECK(verify(here / "copy").exit_code == 7);
}

}  // namespace p2p::test
