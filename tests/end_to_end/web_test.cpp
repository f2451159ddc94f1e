// What --http shows: who may see it, what is answered, and that it stays up to date. The page in a browser
// has tests of its own (page_test.cpp).

#include "support/web.hpp"

#include "core/base/percent_encoding.hpp"
#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <regex>
#include <set>

namespace p2p::test {

namespace {

namespace fs = std::filesystem;

/// Checks each answer against the schema that openapi.json has for its path and status.
constexpr std::string_view check = R"(
import json, jsonschema, sys
api = json.load(open(sys.argv[1]))
for line in open(sys.argv[2]):
    path, status, answer = json.loads(line)
    kind = api["paths"][path]["get"]["responses"][str(status)]
    if "$ref" in kind: kind = api["components"]["responses"][kind["$ref"].rpartition("/")[2]]
    schema = kind["content"]["application/json"]["schema"]
    jsonschema.validate(answer, {**schema, "components": api["components"]}, cls=jsonschema.Draft202012Validator)
)";

struct answered {
    std::string path;  // as openapi.json has it
    json answer;
    int status = 200;
};

std::string why_not_by_schema(const std::vector<answered>& answers) {
    const temp_folder here;
    std::string lines;
    for (const auto& [path, answer, status] : answers)
        lines += json::array({path, status, answer}).dump() + "\n";
    write_text(here / "answers", lines);
    const fs::path api = fs::path{P2P_SOURCE_DIR} / "source/web/page/openapi.json";
    const auto ended = run("/usr/bin/python3", {"-c", std::string{check}, api, here / "answers"});
    return ended.exit_code == 0 ? "" : ended.output;
}

/// p2pclient get, with pages.
class web_getter : public getter, public web_client {
public:
    explicit web_getter(const words& arguments)
        : getter(web_tracker::with_pages(arguments)), web_client(static_cast<process&>(*this)) {}
};

const bool has_promtool = fs::exists("/usr/bin/promtool") || std::getenv("CI") != nullptr;

}  // namespace

TEST_CASE("a tracker shows its file-sets and peers, as openapi.json says") {
    const temp_folder here;
    web_tracker tracker;
    const file_set small{6, 1'000};
    sharer alice{tracker, files(here / "set", 3, 100'000), {"--peer-name", "alice"}};
    tcp_client bob = tracker.join("bob", 6002);
    bob.send_line(announce(small, "1-4"));
    tcp_client cid = tracker.join("cid", 6003);
    cid.send_line(announce(small, "1-2"));
    wait_until([&] { return tracker.json_at("/api/v1/filesets")["filesets"].size() == 2; }, "two sets");
    const std::string folder = "/api/v1/filesets/6:default";
    wait_until([&] { return tracker.json_at(folder)["agreed"] == 2; }, "agreement");

    const json about = tracker.json_at("/api/v1/about");
    CHECK(about["kind"] == "tracker");
    CHECK(about["port"] == tracker.port());
    CHECK(about["peers"] == 3);

    const json sets = tracker.json_at("/api/v1/filesets");
    const json& published = sets["filesets"][0];
    CHECK(published["name"] == "set");
    CHECK(published["size"] == 300'000);
    CHECK(published["seeders"] == 1);
    CHECK(published["link"] == alice.link());
    CHECK(tracker.json_at("/api/v1/filesets?after=1")["filesets"][0]["name"] == "default");
    CHECK(tracker.json_at("/api/v1/filesets?most=1")["filesets"].size() == 1);

    const json one = tracker.json_at(folder);
    CHECK(one["pending"] == 2);
    CHECK(one["members"] == 2);
    CHECK(one["map"]["copies"] == json::array({2, 2, 0, 0, 0, 0}));
    CHECK(one["map"]["pending"] == json::array({0, 0, 1, 1, 0, 0}));
    CHECK(one["map"]["missing"] == json::array({0, 0, 1, 1, 1, 1}));
    CHECK(tracker.json_at(folder + "?cells=2")["map"]["copies"] == json::array({4, 0}));
    const json holders = tracker.json_at(folder + "/holders/1-3");
    CHECK(holders["total"] == 2);
    CHECK(holders["holders"][0]["chunks"] == 2);

    const json peers = tracker.json_at("/api/v1/peers");
    CHECK(peers["total"] == 3);
    CHECK(peers["peers"][2]["chunks_held"] == 5);  // by address: alice's port is the highest
    CHECK(peers["peers"][0]["name"] == "bob");

    CHECK(why_not_by_schema({{"/api/v1/about", about},
                             {"/api/v1/filesets", sets},
                             {"/api/v1/filesets/{key}", one},
                             {"/api/v1/filesets/{key}/holders/{chunks}", holders},
                             {"/api/v1/peers", peers}}) == "");
    CHECK(contains(why_not_by_schema({{"/api/v1/about", json{{"kind", "tracker"}}}}), "ValidationError"));
    CHECK(contains(why_not_by_schema({{"/api/v1/about", json{{"error", "no"}}, 418}}), "KeyError"));
    const std::string qr = tracker.get("/api/v1/filesets/" + alice.id() + "/qr.svg").body;
    CHECK(qr.starts_with("<svg "));
    CHECK(tracker.get(folder + "/qr.svg").status == 404);
}

TEST_CASE("a report of wrong bytes is counted against the peer, and rates are shown as peers say them") {
    web_tracker tracker;
    const file_set small{1, 1'000};
    tcp_client bob = tracker.join("bob", 6002);
    tcp_client cid = tracker.join("cid", 6003);
    bob.send_line(announce(small, "1"));
    cid.send_line(announce(small, "1"));
    bob.send_line(R"({"type":"ping","received_per_second":5000,"sent_per_second":7})");
    cid.send_line(
        R"({"type":"report","fileset":"default","count":1,"chunk":1,"host":"127.0.0.1","port":6002})");
    wait_until([&] { return tracker.json_at("/api/v1/peers")["peers"][0]["reports"] == 1; }, "the report");
    const json peer = tracker.json_at("/api/v1/peers")["peers"][0];
    CHECK(peer["name"] == "bob");
    CHECK(peer["received_per_second"] == 5000);
    CHECK(peer["sent_per_second"] == 7);
    CHECK(peer["silent_seconds"] < 60);
}

TEST_CASE("what is not there, not encoded, or no look, is refused in a line") {
    web_tracker tracker;
    const std::vector<std::pair<std::string, int>> table{{"/nothing", 404},
                                                         {"/api/v1/nothing", 404},
                                                         {"/api/v1/status", 404},
                                                         {"/api/v1/filesets/nothing", 404},
                                                         {"/api/v1/filesets/0:x", 404},
                                                         {"/api/v1/filesets/5:x", 404},
                                                         {"/%zz", 400},
                                                         {"/api/v1/events", 400},
                                                         {"/api/v1/events?watch=x", 400}};
    for (const auto& [path, status] : table) {
        CAPTURE(path);
        const auto answer = tracker.get(path);
        CHECK(answer.status == status);
        CHECK(json::parse(answer.body).contains("error"));
    }
    for (const std::string& method : words{"POST", "PUT", "DELETE", "OPTIONS"})
        CHECK_MESSAGE(tracker.request(method + " / HTTP/1.1\r\nHost: localhost\r\n").status == 405, method);
}

TEST_CASE(
    "what is asked for in other words than openapi.json has is refused, and not taken for something else") {
    web_tracker tracker;
    tcp_client bob = tracker.join("bob", 6002);
    bob.send_line(announce({6, 1'000}, "1-4"));
    const std::string set = "/api/v1/filesets/6:default";
    wait_until([&] { return tracker.get(set).status == 200; }, "the set");
    for (const std::string chunks :
         {"1,3", "1,2", "1-2,3", "1-2,4-5", "0", "7", "1-7", "3-1", "1-", "-1", "x", "1-2-3", ",", "1,"})
        CHECK_MESSAGE(tracker.get(set + "/holders/" + chunks).status == 400, chunks);
    for (const std::string chunks : {"1", "6", "1-6", "2-3"})
        CHECK_MESSAGE(tracker.get(set + "/holders/" + chunks).status == 200, chunks);
    CHECK(tracker.get("/api/v1/filesets/5:default/holders/1").status == 404);
    for (const std::string query : {"most=x", "most=-1", "most=", "after=1.5", "after=1&after=2"}) {
        CHECK_MESSAGE(tracker.get("/api/v1/filesets?" + query).status == 400, query);
        CHECK_MESSAGE(tracker.get("/api/v1/peers?" + query).status == 400, query);
    }
    CHECK(tracker.get(set + "?cells=all").status == 400);
    CHECK(tracker.get(set + "?cells=3&other=x").status == 200);
}

TEST_CASE("only who asks for this host, and not for another web site, sees the pages") {
    web_tracker tracker{{"--http-name", "tracker.example"}};
    const auto with = [&](const std::string& headers) {
        return tracker.request("GET /api/v1/about HTTP/1.1\r\n" + headers).status;
    };
    CHECK(with("Host: 127.0.0.1\r\n") == 200);
    CHECK(with("Host: tracker.example:80\r\n") == 200);
    CHECK(with("Host: TRACKER.Example.:80\r\n") == 200);
    CHECK(with("Host: LocalHost\r\n") == 200);
    CHECK(with("Host: evil.example\r\n") == 421);
    CHECK(with("") == 400);  // as RFC 9112 has it
    CHECK(tracker.request("GET /api/v1/about HTTP/1.0\r\n").status == 421);
    CHECK(tracker.request("GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1\r\n").status == 421);
    CHECK(with("Host: 127.0.0.1\r\nOrigin: http://evil.example\r\n") == 403);
    CHECK(with("Host: 127.0.0.1\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n") == 403);
    const auto answer = tracker.get("/");
    CHECK(contains(answer.headers, "Content-Security-Policy: default-src 'none'"));
    CHECK(contains(answer.headers, "X-Content-Type-Options: nosniff"));
    CHECK(contains(answer.headers, "Content-Type: text/html"));
}

TEST_CASE("a refusal is called as the standard calls it, and is as openapi.json says") {
    const temp_folder here;
    write_text(here / "token", std::string(64, 'a') + "\n");
    fs::permissions(here / "token", fs::perms::owner_read);
    const web_tracker tracker{{"--http-token-file", here / "token"}};
    const std::string path = "/api/v1/about";
    const std::string local = "Host: localhost\r\n";
    struct refusal {
        std::string method, headers;
        int status;
        std::string has;  // a header
    };
    const std::vector<refusal> table{{"GET", local, 401, "WWW-Authenticate: Basic"},
                                     {"GET", local + "Origin: http://evil.example\r\n", 403, ""},
                                     {"POST", local, 405, "Allow: GET, HEAD\r"},
                                     {"GET", "Host: evil.example\r\n", 421, ""}};
    std::vector<answered> answers;
    for (const auto& [method, headers, status, has] : table) {
        CAPTURE(status);
        const auto answer = tracker.request(method + " " + path + " HTTP/1.1\r\n" + headers);
        CHECK(answer.status == status);
        CHECK(contains(answer.headers, has));
        answers.push_back({path, json::parse(answer.body), answer.status});
    }
    std::vector<tcp_client> silent;
    for (int i = 0; i < 100; ++i) silent.push_back(tcp_client::connect(tracker.web_port()));
    wait_until([&] { return tracker.get(path).status == 503; }, "this host has no place left");
    const auto busy = tracker.get(path);
    CHECK(contains(busy.headers, "Retry-After: 1\r"));
    answers.push_back({path, json::parse(busy.body), busy.status});
    CHECK(why_not_by_schema(answers) == "");
}

TEST_CASE("whoever asks for the head alone is told what the whole answer would be, without its body") {
    web_tracker tracker;
    const auto head_of = [&](const std::string& target) {
        return tracker.request("HEAD " + target + " HTTP/1.1\r\nHost: localhost\r\n");
    };
    for (const std::string target : {"/", "/page.js", "/healthz", "/api/v1/filesets", "/nothing", "/%zz"}) {
        CAPTURE(target);
        const auto head = head_of(target);
        const auto whole = tracker.get(target);
        CHECK(head.status == whole.status);
        CHECK(head.body == "");
        CHECK(contains(head.headers, "Content-Length: " + std::to_string(whole.body.size()) + "\r"));
    }
    const auto stream = head_of("/api/v1/events?watch=/api/v1/peers");
    CHECK(stream.status == 200);
    CHECK(contains(stream.headers, "Content-Type: text/event-stream"));
    CHECK(stream.body == "");
}

TEST_CASE("the first of two requests in one piece is answered whole, and then the connection ends") {
    const web_tracker tracker;
    const std::string page = tracker.get("/page.js").body;
    tcp_client line = tcp_client::connect(tracker.web_port());
    line.send(
        "GET /page.js HTTP/1.1\r\nHost: localhost\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const std::string answer = line.read_to_end();
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(contains(answer, "\r\nConnection: close\r\n"));
    CHECK(answer.ends_with("\r\n\r\n" + page));
}

TEST_CASE("a request that is too long is refused as that") {
    const web_tracker tracker;
    const std::string much(20'000, 'a');
    CHECK(tracker.get("/" + much).status == 414);
    CHECK(tracker.request("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + much + "\r\n").status == 431);
}

TEST_CASE("elsewhere than on loopback pages need a token, and where there is one it is asked for") {
    const temp_folder here;
    const auto open = run_tracker({"--listen", "127.0.0.1:0", "--http", "0.0.0.0:0"});
    CHECK(open.exit_code == exits::usage);
    CHECK_MESSAGE(contains(open.output, "only with --http-token-file"), open.output);

    const std::string key(64, 'a');
    write_text(here / "token", key + "\n");
    const words with_token{"--http-token-file", here / "token"};
    fs::permissions(here / "token", fs::perms::owner_read | fs::perms::group_read);
    words shown{"--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"};
    shown.insert(shown.end(), with_token.begin(), with_token.end());
    const auto readable = run_tracker(shown);
    CHECK(readable.exit_code == exits::usage);
    CHECK_MESSAGE(contains(readable.output, "chmod 600"), readable.output);

    fs::permissions(here / "token", fs::perms::owner_read);
    web_tracker tracker{with_token};
    const auto with = [&](const std::string& path, const std::string& authorization) {
        return tracker.request("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + authorization);
    };
    CHECK(with("/", "").status == 401);
    CHECK(contains(with("/", "").headers, "WWW-Authenticate: Basic"));
    CHECK(with("/api/v1/about", "Authorization: Bearer " + key + "\r\n").status == 200);
    CHECK(with("/api/v1/about", "Authorization: Bearer " + std::string(64, 'b') + "\r\n").status == 401);
    const std::string anna =
        "YW5uYTphYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh"
        "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh";
    CHECK(with("/", "Authorization: Basic " + anna + "\r\n").status == 200);
    CHECK(with("/healthz", "").status == 200);
    CHECK(with("/metrics", "").status == 401);
    CHECK_FALSE(tracker.said(key));
}

TEST_CASE("an answer that is watched comes again when it changes, also to many, and goes with who watched") {
    web_tracker tracker;
    constexpr int watchers = 20;
    std::vector<event_stream> streams;
    for (int i = 0; i < watchers; ++i)
        streams.push_back(tracker.watch({"/api/v1/peers", "/api/v1/filesets?most=5"}));
    for (event_stream& one : streams) {
        CHECK(one.next("/api/v1/peers")["total"] == 0);
        CHECK(one.next("/api/v1/filesets?most=5")["total"] == 0);
    }
    const tcp_client bob = tracker.join("bob", 6002);
    for (event_stream& one : streams) CHECK(one.next("/api/v1/peers")["total"] == 1);
    CHECK(tracker.metric("p2p_http_watchers") == watchers);
    streams.clear();
    const tcp_client cid = tracker.join("cid", 6003);  // news that cannot be sent to them
    wait_until([&] { return tracker.metric("p2p_http_watchers") == 0; }, "nobody watches", 3 * patience);
}

TEST_CASE("whatever is asked to be watched, the tracker goes on") {
    web_tracker tracker;
    for (const std::string target :
         {"", "/", "/api", "/api/", "/api/v1", "/api/v1/", "/api/v1/events", "/metrics", "//", "/page.js"})
        CHECK_MESSAGE(tracker.get("/api/v1/events?watch=" + percent_encoded(target)).status == 400, target);
    for (const std::string target : {"/api/v1/x", "/api/v1/filesets/x", "/api/v1/about/x"}) {
        event_stream of = tracker.watch({target});
        CHECK(of.next(target).contains("error"));
    }
    CHECK(tracker.get("/healthz").status == 200);
}

TEST_CASE(
    "connections that come and go at once, or say nothing, or fill all places, end nothing for others") {
    web_tracker tracker;
    for (int i = 0; i < 500; ++i) tcp_client::connect(tracker.web_port()).reset();
    CHECK(tracker.get("/healthz").status == 200);
    std::vector<tcp_client> silent;
    for (int i = 0; i < 100; ++i) silent.push_back(tcp_client::connect(tracker.web_port()));
    wait_until([&] { return tracker.get("/healthz").status == 503; }, "this host has no place left");
    (void)tracker.join("bob", 6002);
    tcp_client elsewhere = tcp_client::connect(tracker.web_port(), "127.0.0.2");
    elsewhere.send("GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n");
    CHECK(elsewhere.read_line() == "HTTP/1.1 200 OK\r");
    silent.clear();
    wait_until([&] { return tracker.get("/healthz").status == 200; }, "a place is free again");
}

// Without descriptors the undefined-behaviour sanitizer takes right objects for wrong ones.
TEST_CASE("a page is there again after descriptors ran out" * doctest::skip(is_sanitized())) {
    process tracker{"/bin/sh",
                    {"-c", R"(ulimit -n 64; exec "$@")", "sh", program("p2ptracker"), "--listen",
                     "127.0.0.1:0", "--http", "127.0.0.1:0"}};
    const web_client pages{tracker};
    const auto port =
        static_cast<std::uint16_t>(std::stoi(tracker.wait_for_rest_of_line("tracker listens on 127.0.0.1:")));
    {
        std::vector<tcp_client> all;
        for (int i = 0; i < 80; ++i) all.push_back(tcp_client::connect(port));
        tracker.wait_for("cannot accept connections for now");
        const tcp_client waits = tcp_client::connect(pages.web_port());
    }
    CHECK(pages.get("/healthz").status == 200);
}

TEST_CASE("figures are as Prometheus wants them" * doctest::skip(!has_promtool)) {
    const temp_folder here;
    web_tracker tracker;
    tcp_client bob = tracker.join("bob", 6002);
    bob.send_line(announce(file_set{3, 1'000}, "1-3"));
    bob.send_line("nonsense");
    wait_until([&] { return tracker.metric("p2p_tracker_announced_chunks_total") == 3; }, "three chunks");
    CHECK(tracker.metric("p2p_tracker_joined_total") == 1);
    CHECK(tracker.metric("p2p_tracker_messages_total{type=\"hello\"}") == 1);
    const auto figures = tracker.get("/metrics");
    CHECK(contains(figures.headers, "Content-Type: text/plain; version=0.0.4"));
    write_text(here / "figures", figures.body);
    const auto checked = run("/bin/sh", {"-c", "promtool check metrics < " + (here / "figures").native()});
    CHECK_MESSAGE(checked.exit_code == 0, checked.output);
    CHECK(checked.output == "");
}

TEST_CASE("the dashboard for Grafana shows figures that there are, and all of a tracker's") {
    web_tracker tracker;
    const std::string figures = tracker.get("/metrics").body;
    const json dashboard = json::parse(read_text(fs::path{P2P_SOURCE_DIR} / "tools/grafana/tracker.json"));
    const std::regex name{"(p2p|process)_[a-z_]+"};
    std::set<std::string> shown;
    for (const json& panel : dashboard["panels"])
        for (const json& target : panel["targets"]) {
            const auto expression = target["expr"].get<std::string>();
            for (std::sregex_iterator found{expression.begin(), expression.end(), name}, end; found != end;
                 ++found)
                shown.insert(found->str());
        }
    for (const std::string& one : shown) CHECK_MESSAGE(contains(figures, "# TYPE " + one + " "), one);
    const std::regex of_tracker{"# TYPE (p2p_tracker_[a-z_]+) "};
    for (std::sregex_iterator found{figures.begin(), figures.end(), of_tracker}, end; found != end; ++found)
        CHECK_MESSAGE(shown.contains((*found)[1]), (*found)[1]);
}

TEST_CASE("a peer shows what it has, from whom, and how fast") {
    const temp_folder here;
    const sharer alice{files(here / "set", 3, 400'000), {"--chunk-size", "64KiB"}};
    web_getter gets{{alice.link(), here / "copy", "--limit-down", "200KiB/s", "--peer-name", "bob"}};
    const std::string chunks = "/api/v1/chunks";
    const auto has_some = [&] {
        const json sets = gets.json_at(chunks)["filesets"];
        return !sets.empty() && sets[0]["present"] != "";
    };
    wait_until(has_some, "some chunks");
    const json about = gets.json_at("/api/v1/about");
    CHECK(about["kind"] == "peer");
    CHECK(about["name"] == "bob");
    const json status = gets.json_at("/api/v1/status");
    CHECK(status["filesets"][0]["phase"] == "fetching");
    const json peers = gets.json_at("/api/v1/peers");
    CHECK(peers["peers"][0]["chunks_present"] == 19);
    CHECK(why_not_by_schema({{"/api/v1/about", about},
                             {"/api/v1/status", status},
                             {"/api/v1/peers", peers},
                             {chunks, gets.json_at(chunks)}}) == "");
    CHECK(gets.metric("p2p_peer_filesets") == 1);
    CHECK(gets.metric("p2p_peer_chunks") == 19);
}

TEST_CASE("a tracker that runs beside a sharer is what is shown") {
    const temp_folder here;
    process shares{
        program("p2pclient"),
        {"share", files(here / "set", 1, 1'000), "--with-tracker", "127.0.0.1:0", "--http", "127.0.0.1:0"}};
    const web_client pages{shares};
    shares.wait_for("p2p://");
    CHECK(pages.json_at("/api/v1/about")["kind"] == "tracker");
    CHECK(pages.json_at("/api/v1/filesets")["filesets"][0]["name"] == "set");
}

TEST_CASE("programs stop when they are asked to, also while somebody watches") {
    const temp_folder here;
    web_tracker tracker;
    const sharer alice{tracker, files(here / "set", 1, 1'000)};
    web_getter gets{{alice.link(), here / "copy", "--stay"}};
    gets.wait_for("set: complete");
    event_stream of_peer = gets.watch({"/api/v1/status"});
    (void)of_peer.next("/api/v1/status");
    event_stream of_tracker = tracker.watch({"/api/v1/peers"});
    (void)of_tracker.next("/api/v1/peers");
    gets.signal(SIGTERM);
    CHECK(gets.wait_for_exit() == exits::done);
    tracker.signal(SIGTERM);
    CHECK(tracker.wait_for_exit() == 0);
}

TEST_CASE("pages at a port that is taken are an error that says so") {
    const tcp_listener taken;
    const std::string there = "127.0.0.1:" + std::to_string(taken.port());
    const auto ended = run_tracker({"--listen", "127.0.0.1:0", "--http", there});
    CHECK(ended.exit_code == exits::network);
    CHECK_MESSAGE(contains(ended.output, "cannot listen on " + there), ended.output);
}

}  // namespace p2p::test
