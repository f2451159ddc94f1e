// A manifest that is fetched from a holder that the test plays by hand; a real tracker names it.
#include "peer/manifest_fetch.hpp"

#include "support/running.hpp"
#include "support/small_set.hpp"
#include "support/socket.hpp"
#include "support/waiting.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

using namespace p2p;
using namespace p2p::test;

namespace {

class fetch_from_one_holder {
public:
    explicit fetch_from_one_holder(duration how_long = patience)
        : member_{tcp_client::connect(tracker_.port())}, fetching_{on_.executor(), pool_, here()} {
        member_.send_line(R"({"type":"hello","version":1,"name":"holder","transfer_port":)" +
                          std::to_string(holder_.port()) + "}");
        member_.read_line();
        member_.send_line(R"({"type":"publish","id":")" + id() + R"(","name":"set","size":6,"count":1})");
        member_.send_line(R"({"type":"ping"})");
        member_.read_line();
        on_.start(fetching_.run(fetch(how_long)));
    }
    ~fetch_from_one_holder() { on_.join(); }

    /// The next connection to the holder, after the hellos and the first question.
    tcp_client asked() {
        tcp_client line = said_hello();
        CHECK(line.read_line().starts_with(R"({"type":"get_manifest")"));
        return line;
    }
    tcp_client connected() {
        tcp_client line = holder_.accept();
        CHECK(line.read_line().starts_with(R"({"type":"hello")"));
        return line;
    }
    tcp_client said_hello() {
        tcp_client line = connected();
        line.send_line(
            R"({"type":"hello","version":1,"name":"holder","transfer_port":6009,"instance":7,"id":")" + id() +
            R"(","chunks":"1"})");
        return line;
    }
    std::string whole() const {
        const std::string size = std::to_string(set_.set().text().size());
        return R"({"type":"manifest","offset":0,"size":)" + size + R"(,"total":)" + size + "}\n" +
               set_.set().text();
    }

    /// What came of it: the manifest's id, or the words of the failure.
    std::string outcome() {
        wait_until([&] { return on_.ended(); }, "the end");
        return on_.failure() ? message_of(on_.failure()) : found_.set->id().to_hex();
    }
    std::string id() const { return set_.id().to_hex(); }

private:
    static peer_options here() {
        peer_options options;
        options.listen = {"127.0.0.1", 0};
        return options;
    }

    awaitable<void> fetch(duration how_long) {
        const std::vector<endpoint> trackers{tracker_.where()};
        found_ = co_await fetch_manifest(fetching_, trackers, set_.id(), how_long);
    }

    small_set set_{{file("a", "hello ")}, 6};
    running_tracker tracker_;
    tcp_client member_;
    tcp_listener holder_;
    asio::thread_pool pool_{1};
    background on_;
    peer fetching_;
    found_manifest found_;
};

constexpr std::chrono::seconds briefly{2};

}  // namespace

TEST_CASE("what goes wrong while a manifest comes ends that attempt, and the next one gets it") {
    fetch_from_one_holder fetch;
    {
        tcp_client line = fetch.asked();
        const fault_behind fault{typeid(peer_to_peer::manifest_part)};
        line.send(fetch.whole());
        line.read_to_end();
    }
    tcp_client line = fetch.asked();
    line.send(fetch.whole());
    CHECK(fetch.outcome() == fetch.id());
}

TEST_CASE("an error of who has the manifest is shown to who wants it") {
    fetch_from_one_holder fetch{briefly};
    tcp_client line = fetch.connected();
    line.send_line(R"({"type":"error","code":"refused","message":"go away"})");
    CHECK(fetch.outcome().find("it says: go away (refused)") != std::string::npos);
}

TEST_CASE("why the manifest is refused is shown to who wants it") {
    fetch_from_one_holder fetch{briefly};
    tcp_client line = fetch.asked();
    line.send_line(R"({"type":"refuse","manifest":true,"reason":"others are getting it"})");
    const std::string said = fetch.outcome();
    CAPTURE(said);
    CHECK(said.find("it does not send the manifest: others are getting it") != std::string::npos);
}

TEST_CASE("who breaks the protocol while it sends the manifest is told so") {
    fetch_from_one_holder fetch{briefly};
    tcp_client line = fetch.asked();
    SUBCASE("with another part than was asked for") {
        line.send_line(R"({"type":"manifest","offset":5,"size":3,"total":9})");
        CHECK(line.read_to_end().find(R"("code":"bad_field")") != std::string::npos);
    }
    SUBCASE("with a chunk that nobody asked for") {
        line.send_line(R"({"type":"chunk","chunk":1,"offset":0,"size":6,"total":6})");
        CHECK(line.read_to_end().find("no chunk was asked for") != std::string::npos);
    }
    SUBCASE("with garbage") {
        line.send_line("garbage");
        CHECK(line.read_to_end().find(R"("code":"bad_json")") != std::string::npos);
    }
    CHECK(fetch.outcome().find("cannot get " + fetch.id()) != std::string::npos);
}
