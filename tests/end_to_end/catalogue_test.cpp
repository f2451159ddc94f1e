// What a tracker says of published sets when there is more of it than a line holds, or than it names.

#include "support/programs.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <set>

namespace p2p::test {

namespace {

using json = nlohmann::json;

constexpr std::size_t longest_line = 65'536;

std::string id_of(unsigned number) {
    char digits[65];
    std::snprintf(digits, sizeof digits, "%064x", number);
    return digits;
}

std::string publish(unsigned number, const std::string& name, unsigned count) {
    const json line{
        {"type", "publish"}, {"id", id_of(number)}, {"name", name}, {"size", 1000}, {"count", count}};
    return line.dump();
}

std::string announce(unsigned number, const std::string& ranges) {
    return json{{"type", "announce"}, {"id", id_of(number)}, {"chunks", ranges}}.dump();
}

std::string locate(unsigned number) {
    return json{{"type", "locate"}, {"id", id_of(number)}}.dump();
}

json ask(tcp_client& tracker, const std::string& line) {
    tracker.send_line(line);
    return json::parse(tracker.read_line());
}

void wait_until_read(tcp_client& tracker) {
    CHECK(ask(tracker, R"({"type":"ping"})")["type"] == "pong");
}

}  // namespace

TEST_CASE("a list of a thousand sets with long names comes in order and in lines that are not too long") {
    constexpr unsigned sets = 1001;
    const std::string name(100, '"');
    const tracker_program tracker;
    tcp_client publisher = tracker.join("publisher", 6001);
    for (unsigned number = sets; number > 0; --number) publisher.send_line(publish(number, name, 1));
    wait_until_read(publisher);

    tcp_client visitor = tracker.visit();
    visitor.send_line(R"({"type":"list"})");
    unsigned listed = 0;
    for (bool more = true; more;) {
        const std::string line = visitor.read_line();
        CHECK(line.size() <= longest_line);
        const json answer = json::parse(line);
        CHECK(answer["type"] == "filesets");
        for (const json& one : answer["sets"]) CHECK(one["id"] == id_of(++listed));
        more = answer.value("more", false);
    }
    CHECK(listed == sets);
}

TEST_CASE("of a hundred members a locate names fifty, and among them the only seeder") {
    const tracker_program tracker;
    std::vector<tcp_client> members;
    for (unsigned i = 0; i < 100; ++i) {
        members.push_back(tracker.join("peer", static_cast<std::uint16_t>(6000 + i)));
        members.back().send_line(publish(1, "films", 3));
    }
    CHECK(ask(members[42], announce(1, "1-3"))["agreed"] == "1-3");
    for (tcp_client& member : members) wait_until_read(member);

    std::set<int> named;
    tcp_client visitor = tracker.visit();
    for (int round = 0; round < 20; ++round) {
        const json answer = ask(visitor, locate(1));
        CHECK(answer["holders"].size() == 50);
        for (const json& holder : answer["holders"]) named.insert(holder["port"].get<int>());
        CHECK(std::any_of(answer["holders"].begin(), answer["holders"].end(),
                          [](const json& holder) { return holder["port"] == 6042; }));
    }
    CHECK(named.size() == 100);

    const json told = ask(members[42], locate(1));
    CHECK(told["holders"].size() == 50);
    CHECK(std::none_of(told["holders"].begin(), told["holders"].end(),
                       [](const json& holder) { return holder["port"] == 6042; }));
}

TEST_CASE("ranges that fill a line are answered in lines that are not too long") {
    const tracker_program tracker;
    tcp_client peer = tracker.join("peer", 6001);
    peer.send_line(publish(1, "films", 16'777'216));
    const std::size_t room = longest_line - announce(1, "").size();
    std::string ranges = "9999999";
    unsigned announced = 1;
    for (unsigned chunk = 10'000'001; ranges.size() + std::string_view{",10000001"}.size() <= room;
         chunk += 2) {
        ranges += "," + std::to_string(chunk);
        ++announced;
    }
    peer.send_line(announce(1, ranges));
    peer.send_line(R"({"type":"ping"})");

    unsigned agreed = 0;
    for (std::string line = peer.read_line(); line != R"({"type":"pong"})"; line = peer.read_line()) {
        CHECK(line.size() <= longest_line);
        const json answer = json::parse(line);
        CHECK(answer["type"] == "announced");
        const auto text = answer["agreed"].get<std::string>();
        agreed += 1 + static_cast<unsigned>(std::count(text.begin(), text.end(), ','));
    }
    CHECK(agreed == announced);
}

TEST_CASE("a peer that comes back on a new connection is not a member of what it published before") {
    const tracker_program tracker;
    tcp_client old = tracker.join("peer", 6001);
    old.send_line(publish(1, "films", 3));
    wait_until_read(old);
    tcp_client now = tracker.join("peer", 6001);
    CHECK(ask(now, R"({"type":"list"})")["sets"][0]["leechers"] == 0);
}

TEST_CASE(
    "a set is listed, with nobody, when the connection of its only member ends, and after a time no more") {
    const tracker_program tracker{{"--forget-after", "3s", "--silence-limit", "1s"}};
    tcp_client visitor = tracker.visit();
    {
        tcp_client publisher = tracker.join("publisher", 6001);
        publisher.send_line(publish(1, "films", 3));
        wait_until_read(publisher);
        CHECK(ask(visitor, R"({"type":"list"})")["sets"].size() == 1);
    }
    const auto sets = [&tracker] {
        tcp_client asks = tracker.visit();
        return ask(asks, R"({"type":"list"})")["sets"];
    };
    wait_until([&] { return sets().at(0)["leechers"] == 0; }, "its end");
    wait_until([&] { return sets().empty(); }, "the set to be forgotten");
}

TEST_CASE("what is agreed in a chunk folder that everybody has left is remembered for a time only") {
    tracker_program tracker{{"--quorum", "1", "--forget-after", "3s", "--silence-limit", "1s"}};
    const auto standing = [&tracker](const std::string& hash) {
        tcp_client peer = tracker.join("peer", 6001);
        return ask(peer, fmt::format(R"({{"type":"announce","fileset":"films","count":1,)"
                                     R"("chunks":[{{"chunk":1,"hash":"{}","size":10}}]}})",
                                     hash));
    };
    const std::string first(32, 'a');
    const std::string second(32, 'b');
    CHECK(standing(first)["agreed"] == "1");
    CHECK(standing(second)["disputed"] == "1");
    tracker.wait_for("is forgotten");
    CHECK(standing(second)["agreed"] == "1");
}

}  // namespace p2p::test
