// What a tracker remembers beyond its own end, however it ends.

#include "support/programs.hpp"
#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <SQLiteCpp/SQLiteCpp.h>
#include <cstdio>
#include <fstream>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <sstream>

namespace p2p::test {

namespace {

namespace fs = std::filesystem;
using json = nlohmann::json;

words with_state(const fs::path& file, const words& more = {}) {
    words all{"--state", file, "--quorum", "1"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

std::string digits_of(unsigned number, int digits) {
    char text[65];
    std::snprintf(text, sizeof text, "%0*x", digits, number);
    return text;
}

/// Peers that announce chunk after chunk of a folder, and set after set, as fast as they can, and what they
/// were told.
class busy_peers {
public:
    explicit busy_peers(const tracker_program& tracker, unsigned run)
        : name_("run " + std::to_string(run)),
          first_set_(run * lines),
          of_folder_(tracker.join("a", 6001)),
          of_sets_(tracker.join("b", 6002)) {
        std::string about_folder;
        std::string about_sets;
        for (unsigned n = 1; n <= lines; ++n) {
            const json claim{{"chunk", n}, {"hash", hash_of(n)}, {"size", n}};
            about_folder += json{{"type", "announce"},
                                 {"fileset", name_},
                                 {"count", lines},
                                 {"chunks", json::array({claim})}}
                                .dump() +
                            '\n';
            const std::string id = digits_of(first_set_ + n, 64);
            about_sets +=
                json{{"type", "publish"}, {"id", id}, {"name", name_}, {"size", n}, {"count", 1}}.dump() +
                '\n' + json{{"type", "announce"}, {"id", id}, {"chunks", "1"}}.dump() + '\n';
        }
        of_folder_.send(about_folder);
        of_sets_.send(about_sets);
    }

    /// So many answers about the folder have come.
    void hear(unsigned answers) {
        for (unsigned n = 0; n < answers; ++n) hear_of_folder(of_folder_.read_line());
    }
    /// What was on its way when the tracker ended.
    void hear_the_rest() {
        for_each_line(of_folder_.read_to_end(), [this](const std::string& line) { hear_of_folder(line); });
        for_each_line(of_sets_.read_to_end(), [this](const std::string& line) {
            told_of_sets_.insert(json::parse(line)["id"].get<std::string>());
        });
    }

    /// Adds what must be in the state from now on.
    void add_told(std::map<std::string, std::set<unsigned>>& chunks, std::set<std::string>& sets) const {
        chunks[name_] = told_of_folder_;
        sets.insert(told_of_sets_.begin(), told_of_sets_.end());
    }

    static constexpr unsigned lines = 100;
    static std::string hash_of(unsigned chunk) { return digits_of(chunk, 32); }

private:
    void hear_of_folder(const std::string& line) {
        const auto agreed = json::parse(line).value("agreed", "");
        if (!agreed.empty()) told_of_folder_.insert(static_cast<unsigned>(std::stoul(agreed)));
    }
    static void for_each_line(const std::string& text, auto what) {
        std::size_t begin = 0;
        for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
            what(text.substr(begin, end - begin));
    }

    std::string name_;
    unsigned first_set_;
    tcp_client of_folder_;
    tcp_client of_sets_;
    std::set<unsigned> told_of_folder_;
    std::set<std::string> told_of_sets_;
};

/// Chunks of each folder, and sets, that are in the file; each with its right hash.
std::pair<std::map<std::string, std::set<unsigned>>, std::set<std::string>> state_in(const fs::path& file) {
    SQLite::Database state(file.native(), SQLite::OPEN_READWRITE);
    CHECK(state.execAndGet("PRAGMA integrity_check").getString() == "ok");
    std::map<std::string, std::set<unsigned>> chunks;
    SQLite::Statement agreed(state, "SELECT name, chunks FROM agreed JOIN file_set ON file_set = id");
    unsigned wrong = 0;
    while (agreed.executeStep()) {
        std::istringstream lines{agreed.getColumn(1).getString()};
        unsigned chunk = 0;
        unsigned size = 0;
        std::string hash;
        while (lines >> chunk >> size >> hash) {
            wrong += hash == busy_peers::hash_of(chunk) && size == chunk ? 0 : 1;
            chunks[agreed.getColumn(0).getString()].insert(chunk);
        }
    }
    CHECK(wrong == 0);
    std::set<std::string> sets;
    SQLite::Statement published(state, "SELECT lower(hex(id)) FROM published");
    while (published.executeStep()) sets.insert(published.getColumn(0).getString());
    return {chunks, sets};
}

}  // namespace

TEST_CASE("a tracker that was killed again and again knows all that it ever told anybody") {
    const temp_folder here;
    const fs::path file = here / "state";
    const unsigned kills = times(20, 200);
    std::map<std::string, std::set<unsigned>> told_chunks;
    std::set<std::string> told_sets;
    std::mt19937 random{1};
    for (unsigned run = 1; run <= kills; ++run) {
        CAPTURE(run);
        tracker_program tracker{with_state(file)};
        busy_peers peers{tracker, run};
        peers.hear(random() % busy_peers::lines);
        tracker.kill_hard();
        peers.hear_the_rest();
        peers.add_told(told_chunks, told_sets);
        const auto [chunks, sets] = state_in(file);
        for (const auto& [name, told] : told_chunks) {
            const auto known = chunks.find(name);
            if (told.empty() || (known != chunks.end() && std::ranges::includes(known->second, told)))
                continue;
            FAIL_CHECK("chunks of ", name, " are missing");
        }
        CHECK(std::ranges::includes(sets, told_sets));
    }
    CHECK(told_sets.size() > kills);

    const tracker_program tracker{with_state(file)};
    tcp_client asks = tracker.join("asks", 6003);
    for (const auto& [name, told] : told_chunks) {
        asks.send_line(json{{"type", "locate"},
                            {"fileset", name},
                            {"count", busy_peers::lines},
                            {"chunks", "1-" + std::to_string(busy_peers::lines)}}
                           .dump());
        std::set<unsigned> known;
        for (json answer{{"more", true}}; answer.value("more", false);) {
            answer = json::parse(asks.read_line());
            for (const json& one : answer["chunks"]) known.insert(one["chunk"].get<unsigned>());
        }
        CAPTURE(name);
        CHECK(std::ranges::includes(known, told));
    }
}

TEST_CASE("after a tracker with a state was killed, one voter is enough for what was agreed") {
    const file_set set{4, 5'000};
    const temp_folder here;
    const words options{"--state", here / "state"};
    std::optional<tracker_program> tracker{std::in_place, options};
    const std::uint16_t port = tracker->port();
    std::optional<peer_program> alice{std::in_place, *tracker, make_folder(here / "alice", set, "1-4"),
                                      "alice"};
    const peer_program bob{*tracker, make_folder(here / "bob", set, "1-4"), "bob"};
    tcp_client dave = tracker->join("dave", 6001);
    wait_until(
        [&] {
            dave.send_line(locate(set, "1-4"));
            return contains(dave.read_line(), set.claims("1-4"));
        },
        "what is agreed");
    tracker->kill_hard();
    alice.reset();
    tracker.emplace(options, port);
    tracker->wait_for("remembers 1 chunk folders and 0 published sets");
    peer_program carol{*tracker, make_folder(here / "carol", set, ""), "carol", {"--once"}};
    CHECK(carol.wait_for_exit() == 0);
    CHECK(difference(here / "carol", set) == "");
}

TEST_CASE(
    "after a tracker with a state was killed, a set can be fetched by its name once its sharer is back") {
    const temp_folder here;
    const tree content = files(here / "set", 3, 20'000);
    const words options{"--state", here / "state"};
    std::optional<tracker_program> tracker{std::in_place, options};
    const std::uint16_t port = tracker->port();
    sharer shares{*tracker, content};
    shares.link();
    tracker->kill_hard();
    tracker.emplace(options, port);
    process gets{program("p2pclient"), {"get", "set", here / "copy", "--tracker", tracker->address()}};
    CHECK(gets.wait_for_exit() == 0);
    CHECK(tree_difference(here / "copy", content) == "");
}

TEST_CASE("a tracker that is asked to stop keeps its state, and nothing of it is in its log but the sets") {
    const temp_folder here;
    {
        tracker_program tracker{with_state(here / "state")};
        busy_peers peers{tracker, 1};
        peers.hear(busy_peers::lines);
        tracker.signal(SIGTERM);
        CHECK(tracker.wait_for_exit() == 0);
    }
    CHECK(state_in(here / "state").first.at("run 1").size() == busy_peers::lines);
    CHECK(names_in(here.path()) == std::set<std::string>{"state"});
}

TEST_CASE("a tracker does not start with a state that is none, and exits 3") {
    const temp_folder here;
    write_text(here / "diary", "dear diary\n");
    const finished_process refused = run_tracker({"--listen", "127.0.0.1:0", "--state", here / "diary"});
    CHECK(refused.exit_code == 3);
    CHECK(refused.output == "p2ptracker: cannot use the state in " + (here / "diary").native() +
                                ": it is something else, no state of a tracker\n");
    CHECK(read_text(here / "diary") == "dear diary\n");
}

TEST_CASE("a tracker does not start with a state that another one uses") {
    const temp_folder here;
    tracker_program first{with_state(here / "state")};
    const finished_process second = run_tracker({"--listen", "127.0.0.1:0", "--state", here / "state"});
    CHECK(second.exit_code == 3);
    CHECK(contains(second.output, "another tracker uses it"));
    busy_peers{first, 1}.hear(1);
}

TEST_CASE("a tracker whose state finds no room stops with 3, and has told nobody what is not there") {
    const temp_folder here;
    constexpr unsigned long room = 200'000;
    process tracker{program("p2ptracker"),
                    with_state(here / "state", {"--listen", "127.0.0.1:0"}),
                    {.largest_file = room}};
    const auto port =
        static_cast<std::uint16_t>(std::stoi(tracker.wait_for_rest_of_line("tracker listens on 127.0.0.1:")));
    tcp_client peer = tcp_client::connect(port);
    peer.send_line(R"({"type":"hello","version":1,"name":"a","transfer_port":1})");
    unsigned answers = 0;
    for (unsigned chunk = 1; chunk <= 20'000; ++chunk)
        peer.send_line(R"({"type":"announce","fileset":"set","count":20000,"chunks":[{"chunk":)" +
                       std::to_string(chunk) + R"(,"hash":")" + busy_peers::hash_of(chunk) + R"(","size":)" +
                       std::to_string(chunk) + "}]}");
    const std::string told = peer.read_to_end();
    for (std::size_t at = 0; (at = told.find(R"("agreed":")", at)) != std::string::npos; ++at) ++answers;
    CHECK(tracker.wait_for_exit() == 3);
    CHECK(tracker.said("cannot use the state in " + (here / "state").native() + ": "));
    CHECK(answers > 0);
    CHECK(state_in(here / "state").first.at("set").size() >= answers);
}

}  // namespace p2p::test
