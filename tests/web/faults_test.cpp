// Whatever goes wrong behind a web request ends the connection that it came on, and nothing else.
#include "support/running.hpp"
#include "support/socket.hpp"
#include "web/request_head.hpp"
#include "web/server.hpp"

#include <doctest/doctest.h>

#include <string>
#include <typeinfo>

using namespace p2p;
using namespace p2p::test;

namespace {

/// Falls over when it is asked for /api/v1/fault.
class failing_site final : public web_site {
public:
    web_answer get(const web_request& request) override {
        if (request.target.path.back() == "fault") throw typeid(*this).name();
        return {200, "application/json", R"({"all":"well"})"};
    }
    metrics figures() override { throw 7; }
};

class running_pages {
public:
    running_pages() : server_{on_.executor(), {.listen = {"127.0.0.1", 0}}, site_} {
        on_.start(server_.run());
    }
    ~running_pages() {
        on_.cancel();
        on_.join();
    }

    bool ended() const { return on_.ended(); }
    tcp_client asked(const std::string& target) const {
        tcp_client line = tcp_client::connect(server_.port());
        line.send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        return line;
    }
    std::string get(const std::string& target) const { return asked(target).read_to_end(); }

private:
    failing_site site_;
    background on_;
    web_server server_;
};

std::string next_data(tcp_client& line) {
    for (;;) {
        std::string text = line.read_line();
        if (text.starts_with("data: ")) return text;
    }
}

}  // namespace

TEST_CASE("what goes wrong behind a web request is answered 500, and ends nothing") {
    const running_pages pages;
    tcp_client watcher = pages.asked("/api/v1/events?watch=/api/v1/good");
    CHECK(next_data(watcher) == R"(data: {"all":"well"})");
    CHECK(pages.get("/api/v1/fault").starts_with("HTTP/1.1 500 "));
    CHECK(pages.get("/metrics").starts_with("HTTP/1.1 500 "));
    {
        const fault_behind fault{typeid(request_head)};
        CHECK(pages.get("/healthz").starts_with("HTTP/1.1 500 "));
        CHECK(pages.get("/api/v1/events?watch=/api/v1/good").starts_with("HTTP/1.1 500 "));
    }
    CHECK_FALSE(pages.ended());
    CHECK(pages.get("/healthz").starts_with("HTTP/1.1 200 "));
    tcp_client another = pages.asked("/api/v1/events?watch=/api/v1/good");
    CHECK(next_data(another) == R"(data: {"all":"well"})");
}

TEST_CASE(
    "what goes wrong with an answer that is watched is told to those who watch it, "
    "and others are served on") {
    const running_pages pages;
    tcp_client bad = pages.asked("/api/v1/events?watch=/api/v1/fault");
    CHECK(next_data(bad).find("something went wrong") != std::string::npos);
    tcp_client good = pages.asked("/api/v1/events?watch=/api/v1/good&watch=/api/v1/fault");
    next_data(good);
    next_data(good);
    CHECK_FALSE(pages.ended());
}
