// A peer that runs with --control, asked and told what to do by p2pclient ctl and by hand.

#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace p2p::test {

namespace {

namespace fs = std::filesystem;
using json = nlohmann::json;

const words slowly{"--limit-down", "200KiB/s"};

finished_process ctl(const fs::path& socket, const words& order) {
    words all{"ctl", socket};
    all.insert(all.end(), order.begin(), order.end());
    return run_client(all);
}

json ask(const fs::path& socket, const words& order) {
    words all{"ctl", "--json", socket};
    all.insert(all.end(), order.begin(), order.end());
    child_process asked{program("p2pclient"), all};  // often: not all of it is of interest where a test fails
    asked.wait_for_exit();
    return json::parse(asked.output(), nullptr, false);
}

/// Nothing as long as the peer does not listen yet, or has not begun to look at a set.
json first_set(const fs::path& socket) {
    const json status = ask(socket, {"status"});
    const bool has_sets = status.is_object() && status.contains("filesets") && !status["filesets"].empty();
    return has_sets ? status["filesets"].at(0) : json::object();
}

void wait_for_chunks(const fs::path& socket, std::uint32_t more_than) {
    wait_until([&] { return first_set(socket).value("chunks_present", 0U) > more_than; }, "some chunks");
}

/// A connection to the socket by hand.
class visitor {
public:
    explicit visitor(const fs::path& socket) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
        sockaddr_un where{};
        where.sun_family = AF_UNIX;
        socket.native().copy(where.sun_path, sizeof where.sun_path - 1);
        const timeval patient{.tv_sec = 10, .tv_usec = 0};
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patient, sizeof patient);
        REQUIRE(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0);
    }
    void send(std::string_view text) const {
        REQUIRE(::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(text.size()));
    }
    /// Up to the next line end, or the end of the connection.
    std::string line() const {
        std::string text;
        for (char c = 0; ::read(fd_.get(), &c, 1) == 1 && c != '\n';) text += c;
        return text;
    }

private:
    unique_fd fd_;
};

}  // namespace

TEST_CASE("a peer that runs says how far it is, whom it is connected to, and what it has") {
    const temp_folder here;
    const sharer alice{files(here / "set", 3, 400'000),
                       {"--chunk-size", "64KiB", "--control", here / "a.sock"}};
    // So slowly that it goes on for as long as it is asked.
    getter gets{{alice.link(), here / "copy", "--control", here / "b.sock", "--limit-down", "40KiB/s"}};
    wait_for_chunks(here / "b.sock", 2);

    const json set = first_set(here / "b.sock");
    CHECK(set["fileset"] == "set");
    CHECK(set["id"] == alice.id());
    CHECK(set["phase"] == "fetching");
    CHECK(set["total"] == 1'200'000);
    CHECK(set["chunks"] == 19);
    CHECK(set["has_tracker"] == true);
    CHECK(ask(here / "b.sock", {"peers"})["peers"].at(0)["chunks_present"] == 19);
    const auto chunks = ask(here / "a.sock", {"chunks", "set"});
    CHECK(chunks["filesets"].at(0)["present"] == "1-19");

    const auto text = ctl(here / "b.sock", {"status"});
    CHECK(text.exit_code == exits::done);
    CHECK_MESSAGE(contains(text.output, "set: fetching, "), text.output);
    CHECK_MESSAGE(contains(text.output, "limits: up no limit, down 40.0 KiB/s"), text.output);
    CHECK(contains(ctl(here / "a.sock", {"chunks"}).output, "set: 19 of 19 chunks\n  ███████████████████\n"));
    CHECK(contains(ctl(here / "b.sock", {"peers"}).output, "100%"));
}

TEST_CASE("a peer that is paused has nobody and fetches nothing; resumed, it fetches the rest") {
    const temp_folder here;
    const tree set = files(here / "set", 3, 400'000);
    const sharer alice{set, {"--chunk-size", "64KiB", "--control", here / "a.sock"}};
    const fs::path socket = here / "b.sock";
    getter gets{{alice.link(), here / "copy", "--control", socket, slowly[0], slowly[1]}};
    wait_for_chunks(socket, 2);
    CHECK(ctl(socket, {"pause"}).exit_code == exits::done);
    wait_until([&] { return first_set(socket)["peers"] == 0; }, "nobody");
    const json paused = first_set(socket);
    CHECK(paused["phase"] == "paused");
    wait_until([&] { return first_set(here / "a.sock")["peers"] == 0; }, "nobody there");
    CHECK(paused["chunks_present"] < 19);
    CHECK(first_set(socket)["chunks_present"] == paused["chunks_present"]);

    CHECK(ctl(socket, {"limit", "down", "off"}).exit_code == exits::done);
    CHECK(ctl(socket, {"resume", "set"}).exit_code == exits::done);
    CHECK(gets.wait_for_exit() == exits::done);
    CHECK(tree_difference(here / "copy", set) == "");
}

TEST_CASE("a sharer that is paused serves nobody, and goes on when it is resumed") {
    const temp_folder here;
    const tree set = files(here / "set", 3, 400'000);
    const sharer alice{set, {"--control", here / "a.sock"}};
    CHECK(ctl(here / "a.sock", {"pause", alice.id()}).exit_code == exits::done);
    getter gets{{alice.link(), here / "copy"}};
    wait_until(
        [&] {
            return gets.ends_within(std::chrono::milliseconds{200}) ||
                   first_set(here / "a.sock")["phase"] == "paused";
        },
        "it is paused");
    CHECK_FALSE(fs::exists(here / "copy" / "f0"));
    CHECK(ctl(here / "a.sock", {"resume"}).exit_code == exits::done);
    CHECK(gets.wait_for_exit() == exits::done);
    CHECK(tree_difference(here / "copy", set) == "");
}

TEST_CASE(
    "a set that is added is fetched by the peer that runs, and one that is removed is not served any more") {
    const temp_folder here;
    const tracker_program tracker;
    const tree one = files(here / "one", 2, 100'000);
    const tree two = files(here / "two", 3, 100'000);
    const sharer alice{tracker, one};
    const sharer bob{tracker, two};
    const fs::path socket = here / "sock";
    getter gets{{alice.link(), here / "copy", "--stay", "--control", socket}};
    gets.wait_for("complete");
    CHECK(ctl(socket, {"add", bob.link(), here / "other copy"}).exit_code == exits::done);
    gets.wait_for("two: complete");
    CHECK(tree_difference(here / "other copy", two) == "");
    CHECK(ask(socket, {"status"})["filesets"].size() == 2);
    const auto again = ctl(socket, {"add", bob.link()});
    CHECK(again.exit_code == exits::usage);
    CHECK_MESSAGE(contains(again.output, "p2pclient: two is here already"), again.output);

    CHECK(ctl(socket, {"remove", "one"}).exit_code == exits::done);
    wait_until([&] { return ask(socket, {"status"})["filesets"].size() == 1; }, "one set is left");
    CHECK(first_set(socket)["fileset"] == "two");
    CHECK(fs::exists(here / "copy" / "f0"));
    CHECK(ctl(socket, {"stop"}).exit_code == exits::done);
    CHECK(gets.wait_for_exit() == exits::done);
    CHECK_FALSE(fs::exists(socket));
}

TEST_CASE("a set that is added and cannot be had does not end the others, and is what the peer exits with") {
    const temp_folder here;
    const tracker_program tracker;
    const sharer alice{tracker, files(here / "one", 2, 100'000)};
    getter gets{{alice.link(), here / "copy", "--stay", "--give-up-after", "1s", "--control", here / "sock"}};
    gets.wait_for("complete");
    const std::string nobody_has = "p2p://" + tracker.address() + "/" + std::string(64, '7') + "/ghost";
    CHECK(ctl(here / "sock", {"add", nobody_has, here / "ghost"}).exit_code == exits::done);
    gets.wait_for(" error ");
    CHECK(first_set(here / "sock")["phase"] == "serving");
    CHECK(ctl(here / "sock", {"stop"}).exit_code == exits::done);
    CHECK(gets.wait_for_exit() == exits::incomplete);
}

TEST_CASE("a set that nobody has yet is shown, can be removed, and keeps nobody from stopping") {
    const temp_folder here;
    const tracker_program tracker;
    const sharer alice{tracker, files(here / "one", 2, 100'000)};
    const fs::path socket = here / "sock";
    getter gets{{alice.link(), here / "copy", "--stay", "--control", socket}};
    gets.wait_for("complete");
    const auto ghost = [&](char digit) {
        return "p2p://" + tracker.address() + "/" + std::string(64, digit) + "/ghost" + digit;
    };
    CHECK(ctl(socket, {"add", ghost('7')}).exit_code == exits::done);
    CHECK(ctl(socket, {"add", ghost('7')}).exit_code == exits::usage);
    CHECK(ctl(socket, {"add", ghost('8')}).exit_code == exits::done);
    wait_until([&] { return ask(socket, {"status"})["filesets"].size() == 3; }, "all three");
    CHECK(contains(ctl(socket, {"status"}).output, "ghost7: waiting, nobody has it yet"));
    CHECK(ctl(socket, {"remove", "ghost7"}).exit_code == exits::done);
    wait_until([&] { return ask(socket, {"status"})["filesets"].size() == 2; }, "it is gone");
    CHECK(ctl(socket, {"quit"}).exit_code == exits::done);
    CHECK(gets.wait_for_exit() == exits::incomplete);
    CHECK(gets.said("stopped before it had begun to fetch"));
}

TEST_CASE("who waits for a limit of next to nothing goes on when it is taken away") {
    const temp_folder here;
    const tree set = files(here / "set", 2, 300'000);
    const sharer alice{set, {"--chunk-size", "16KiB"}};
    const fs::path socket = here / "socket";
    words order{alice.link(), here / "copy", "--control", socket};
    order.insert(order.end(), slowly.begin(), slowly.end());
    getter gets{order};
    wait_for_chunks(socket, 0);
    const auto limited = ctl(socket, {"limit", "down", "10"});
    CHECK(limited.exit_code == exits::done);
    CHECK(limited.output == "limit down 10: that is 10 bytes a second\n");
    const auto received = [&] { return first_set(socket).value("received", 0U); };
    wait_until([&] { return received() == received(); }, "that nothing comes any more");
    CHECK(ctl(socket, {"limit", "down", "off"}).output.empty());
    CHECK(gets.ends_within(std::chrono::seconds{20}));
    CHECK(tree_difference(here / "copy", set) == "");
}

TEST_CASE("what cannot be done is refused with a line and a code") {
    const temp_folder here;
    const tracker_program tracker;
    const sharer alice{tracker, files(here / "set", 2, 10'000), {"--control", here / "sock"}};
    const std::string with_secret =
        "p2p://" + std::string(64, 'a') + "@" + tracker.address() + "/" + std::string(64, '7') + "/ghost";
    const std::vector<std::pair<words, std::string>> table{
        {{"pause", "other"}, "there is no file-set other here"},
        {{"chunks", "other"}, "there is no file-set other here"},
        {{"remove"}, "usage: remove SET"},
        {{"add", "http://example.org"}, "p2p://"},
        {{"add", with_secret}, "the link does not have the secret of this peer"},
        {{"limit", "up", "fast"}, "fast"},
        {{"log", "loud"}, "there is no log level loud"},
        {{"stauts"}, "did you mean status?"},
    };
    for (const auto& [order, why] : table) {
        CAPTURE(order);
        const auto ended = ctl(here / "sock", order);
        CHECK(ended.exit_code == exits::usage);
        CHECK_MESSAGE(contains(ended.output, why), ended.output);
    }
    const auto nobody = ctl(here / "nothing", {"status"});
    CHECK(nobody.exit_code == exits::network);
    CHECK_MESSAGE(contains(nobody.output, (here / "nothing").native()), nobody.output);
}

TEST_CASE("the socket is for this user only, goes away with the peer, and is not taken from another one") {
    const temp_folder here;
    const tracker_program tracker;
    const tree set = files(here / "set", 2, 10'000);
    const fs::path socket = here / "sock";
    {
        sharer alice{tracker, set, {"--control", socket}};
        CHECK((fs::status(socket).permissions() & fs::perms::all) ==
              (fs::perms::owner_read | fs::perms::owner_write));
        const auto second = run_client({"share", set, "--tracker", tracker.address(), "--control", socket});
        CHECK(second.exit_code == exits::network);
        CHECK_MESSAGE(contains(second.output, socket.native() + ": another program does"), second.output);
        CHECK(ctl(socket, {"status"}).exit_code == exits::done);
        alice.kill_hard();
    }
    CHECK(fs::exists(socket));
    {
        sharer alice{tracker, set, {"--control", socket}};
        CHECK(ctl(socket, {"status"}).exit_code == exits::done);
        CHECK(alice.stop() == exits::done);
    }
    CHECK_FALSE(fs::exists(socket));
    write_text(socket, "mine");
    CHECK(run_client({"share", set, "--tracker", tracker.address(), "--control", socket}).exit_code ==
          exits::network);
    CHECK(read_text(socket) == "mine");
}

TEST_CASE("whatever is sent to the socket is answered with a line, and does not disturb the peer") {
    const temp_folder here;
    const sharer alice{files(here / "set", 2, 10'000), {"--control", here / "sock"}};
    const visitor patient{here / "sock"};
    for (const std::string& garbage :
         {std::string{"\n"}, std::string{"GET / HTTP/1.1\r\n"}, std::string(9'000, '{') + "\n",
          std::string{"{\"type\":\"limit\",\"up\":1e99}\n"}}) {
        patient.send(garbage);
        CHECK(json::parse(patient.line())["type"] == "error");
    }
    patient.send("{\"type\":\"status\"}\n{\"type\":\"pe");
    CHECK(json::parse(patient.line())["type"] == "status");
    patient.send("ers\"}\n");
    CHECK(json::parse(patient.line())["type"] == "peers");

    const visitor endless{here / "sock"};
    endless.send(std::string(70'000, 'x'));
    CHECK(json::parse(endless.line())["message"] == "a line is longer than 65536 bytes");
    CHECK(endless.line() == "");
    for (const std::string end : {"\n", "\r\n"}) {
        const std::string question = R"({"type":"status"})";
        patient.send(question + std::string(65'536 - question.size(), ' ') + end);
        CHECK(json::parse(patient.line())["type"] == "status");
    }
    patient.send("{\"type\":\"status\"}\n");
    CHECK(json::parse(patient.line())["type"] == "status");
}

}  // namespace p2p::test
