// What --json prints: each line is as events.schema.json says, and nothing is told that it does not know.

#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <sstream>

namespace p2p::test {

namespace {

namespace fs = std::filesystem;
using json = nlohmann::json;

// The log is on standard error, which a child process of a test has in the same place.
std::vector<json> events_in(const std::string& output) {
    std::vector<json> events;
    std::istringstream lines{output};
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("{")) events.push_back(json::parse(line));
    return events;
}

const json& the(const std::vector<json>& events, std::string_view name) {
    const auto found = std::ranges::find(events, name, [](const json& one) { return one["event"]; });
    if (found == events.end()) throw std::runtime_error("there is no event " + std::string{name});
    return *found;
}

constexpr std::string_view check = R"(
import json, jsonschema, sys
schema = json.load(open(sys.argv[1]))
known = {one["properties"]["event"]["const"]: set(one["properties"]) for one in schema["oneOf"]}
for line in open(sys.argv[2]):
    event = json.loads(line)
    jsonschema.validate(event, schema)
    unknown = set(event) - known[event["event"]]
    assert not unknown, f"{event['event']} has fields that the schema does not know: {unknown}"
)";

/// What is wrong with them.
std::string why_not_by_schema(const std::vector<json>& events) {
    const temp_folder here;
    std::string lines;
    for (const json& one : events) lines += one.dump() + "\n";
    write_text(here / "events", lines);
    const fs::path schema = fs::path{P2P_SOURCE_DIR} / "source/protocol/events.schema.json";
    const auto ended = run("/usr/bin/python3", {"-c", std::string{check}, schema, here / "events"});
    return ended.exit_code == 0 ? "" : ended.output;
}

}  // namespace

TEST_CASE("every command tells its events, from start to end, as the schema says") {
    const temp_folder here;
    const tracker_program tracker;
    const tree set = files(here / "set", 3, 100'000);
    std::vector<json> all;
    const auto told_by = [&all](const words& arguments, int exit_code) {
        words with_json = arguments;
        with_json.insert(with_json.begin() + 1, "--json");
        const auto ended = run_client(with_json);
        CHECK(ended.exit_code == exit_code);
        const std::vector<json> events = events_in(ended.output);
        REQUIRE(events.size() >= 2);
        CHECK(events.front()["event"] == "start");
        CHECK(events.front()["command"] == arguments.front());
        CHECK(events.back() == json{{"event", "end"}, {"exit_code", exit_code}});
        all.insert(all.end(), events.begin(), events.end());
        return events;
    };

    process shares{built_beside("p2pclient"), {"share", set, "--json", "--tracker", tracker.address()}};
    shares.wait_for(R"("link")");
    const std::string link = the(events_in(shares.output()), "link")["link"];

    const auto got = told_by({"get", link, here / "copy", "--limit-down", "200KiB/s"}, exits::done);
    CHECK(the(got, "found")["missing"] == 300'000);
    CHECK(the(got, "complete")["received"] == 300'000);
    CHECK(the(got, "complete")["peers"] == 1);
    CHECK(std::ranges::any_of(got, [](const json& one) { return one.value("phase", "") == "fetching"; }));
    const auto again = told_by({"get", link, here / "copy"}, exits::done);
    CHECK(the(again, "found")["in_place"] == 300'000);
    CHECK(the(again, "complete")["chunks_fetched"] == 0);
    CHECK(the(told_by({"list", "--tracker", tracker.address()}, exits::done), "fileset")["size"] == 300'000);
    CHECK(the(told_by({"verify", here / "copy"}, exits::done), "verified")["wrong_chunks"] == 0);
    write_text(here / "copy" / "f1", "damage");
    CHECK(the(told_by({"verify", here / "copy"}, exits::differs), "differs")["what"] ==
          "f1: differs in size");
    told_by({"serve", here / "nothing"}, exits::storage);
    CHECK(the(told_by({"get", "set", "--tracker", "127.0.0.1:1"}, exits::network), "error")["exit_code"] ==
          exits::network);
    CHECK(the(told_by({"split", set / "f0", "--into", here / "chunks", "--chunk-size", "64KiB"}, exits::done),
              "split")["chunks"] == 2);
    CHECK(the(told_by({"join", here / "chunks", here / "joined"}, exits::done), "join")["size"] == 100'000);

    shares.signal(SIGTERM);
    CHECK(shares.wait_for_exit() == exits::done);
    const auto shared = events_in(shares.output());
    CHECK(the(shared, "sent")["bytes"] == 300'000);
    all.insert(all.end(), shared.begin(), shared.end());

    peer_program folder{tracker, make_folder(here / "folder", {4, 1000}, "1-2"), "alice", {"--json"}};
    folder.wait_for("serves at port");
    folder.signal(SIGTERM);
    CHECK(folder.wait_for_exit() == exits::done);
    const auto of_folder = events_in(folder.output());
    CHECK(the(of_folder, "start")["command"] == "folder");
    all.insert(all.end(), of_folder.begin(), of_folder.end());

    const std::string text = read_text(set / ".p2p" / parse_link(link)->id.to_hex() / "manifest");
    const fake_publisher mallory{tracker, parse_link(link)->id, text, manifest::parse(text).value()};
    const auto deceived =
        told_by({"get", link, here / "another copy", "--give-up-after", "1s"}, exits::incomplete);
    CHECK(the(deceived, "wrong_chunk")["fileset"] == "set");
    CHECK(the(deceived, "tracker") ==
          json{{"event", "tracker"}, {"fileset", "set"}, {"tracker", tracker.address()}, {"answers", true}});

    CHECK(why_not_by_schema(all) == "");
    json unknown = all.front();
    unknown["colour"] = "green";
    CHECK(contains(why_not_by_schema({unknown}), "fields that the schema does not know"));
    CHECK(contains(why_not_by_schema({json{{"event", "link"}}}), "is not valid under any"));
}

}  // namespace p2p::test
