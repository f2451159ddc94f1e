#include "web/live_answers.hpp"

#include <doctest/doctest.h>

using namespace p2p;
using namespace std::chrono_literals;

namespace {

/// Answers what a test has it answer, and takes as long.
struct told_site : web_site {
    web_answer get(const web_request& request) override {
        ++asked;
        now += takes;
        return {.body = answers[request.target.path.at(2)] + " for " + request.host};
    }
    metrics figures() override { return {}; }
    std::map<std::string, std::string> answers;
    int asked = 0;
    duration takes{};
    time_point now{};
};

struct room {
    std::shared_ptr<live_answers::watcher> enter(std::vector<std::string> addresses,
                                                 const std::string& host = "h") {
        auto one = std::make_shared<live_answers::watcher>();
        one->send = [this](std::string_view text) { sent += text; };
        for (std::string& address : addresses) address = "/api/v1" + address;
        refusal = live.why_not(addresses);
        if (refusal.empty()) live.add(one, addresses, host);
        return one;
    }
    /// What is sent within a second.
    std::string next(duration after = 1s) {
        site.now += after;
        sent.clear();
        live.look();
        return sent;
    }
    told_site site;
    live_answers live{site, [this] { return site.now; }};
    std::string sent;
    std::string refusal;
};

}  // namespace

TEST_CASE("who watches is told at once, and again when the answer has changed") {
    room here;
    here.site.answers["a"] = "1";
    const auto one = here.enter({"/a"});
    CHECK(here.next(0s) == "event: /api/v1/a\ndata: 1 for h\n\n");
    one->is_busy = false;
    CHECK(here.next() == "");
    here.site.answers["a"] = "2";
    CHECK(here.next(500ms) == "");  // not more often than once a second
    CHECK(here.next() == "event: /api/v1/a\ndata: 2 for h\n\n");
}

TEST_CASE("an answer is made once for all who watch it, at each host by itself") {
    room here;
    const auto one = here.enter({"/a"});
    const auto two = here.enter({"/a"});
    const auto other = here.enter({"/a"}, "other");
    CHECK(here.next(0s) ==
          "event: /api/v1/a\ndata:  for h\n\nevent: /api/v1/a\ndata:  for h\n\nevent: /api/v1/a\ndata:  for "
          "other\n\n");
    CHECK(here.site.asked == 2);
}

TEST_CASE("who has not taken the last news is told the newest, not all") {
    room here;
    here.site.answers["a"] = "1";
    const auto slow = here.enter({"/a"});
    here.next(0s);
    for (const char* answer : {"2", "3"}) {
        here.site.answers["a"] = answer;
        CHECK(here.next() == "");
    }
    slow->is_busy = false;
    CHECK(here.next() == "event: /api/v1/a\ndata: 3 for h\n\n");
}

TEST_CASE("all answers together take a fortieth of the time, and each has its turn") {
    room here;
    here.site.takes = 100ms;
    std::vector<std::shared_ptr<live_answers::watcher>> all;
    for (const char* address : {"/a", "/b", "/c"}) all.push_back(here.enter({address}));
    for (int i = 0; i < 400; ++i) here.next(100ms);  // 40 s, and what the answers take
    CHECK(here.site.asked >= 9);
    CHECK(here.site.asked <= 12);
    for (const char* answer : {"a", "b", "c"}) here.site.answers[answer] = "new";
    std::string told;
    for (int i = 0; i < 150; ++i) {
        for (const auto& one : all) one->is_busy = false;
        told += here.next(100ms);
    }
    for (const char* address : {"/a", "/b", "/c"})
        CHECK(told.find("event: /api/v1" + std::string{address} + "\ndata: new") != std::string::npos);
}

TEST_CASE("who asks once is answered at once, but not again and again where it takes long") {
    room here;
    here.site.takes = 100ms;
    const web_request asked{parse_web_target("/api/v1/a").value(), "h"};
    int answered = 0;
    for (int i = 0; i < 100; ++i) answered += here.live.answer(asked).status == 200 ? 1 : 0;
    CHECK(answered >= 2);
    CHECK(answered <= 4);
    CHECK(here.live.answer(asked).status == 503);
    here.site.now += 20s;
    CHECK(here.live.answer(asked).status == 200);
}

TEST_CASE("who is told nothing new is told so") {
    room here;
    const auto one = here.enter({"/a"});
    here.next(0s);
    one->is_busy = false;
    CHECK(here.next(4s) == "");
    CHECK(here.next(1s) == ": still here\n\n");
}

TEST_CASE("what nobody watches any more is not made any more") {
    room here;
    const auto one = here.enter({"/a"});
    const auto two = here.enter({"/a"});
    here.next(0s);
    one->is_gone = two->is_gone = true;
    here.next();
    CHECK(here.live.watchers() == 0);
    CHECK(here.site.asked == 1);
}

TEST_CASE("who wants to watch nothing, or too much, is refused, and so are too many") {
    room here;
    for (const auto& wrong : {std::vector<std::string>{},
                              std::vector<std::string>(9, "/a"),
                              {"/a", "?b"},
                              {""},
                              {"/"},
                              {"/events?watch=/api/v1/a"},
                              {"/a\n\nevent: /api/v1/b"}}) {
        here.enter(wrong);
        CHECK(here.refusal != "");
    }
    CHECK(here.live.watchers() == 0);
    for (std::size_t i = 0; i < most_watchers; ++i) here.enter({"/a"});
    CHECK(here.refusal == "");
    here.enter({"/a"});
    CHECK(here.refusal == "too much is watched already");

    room there;
    for (std::size_t i = 0; i < most_watched; ++i) there.enter({"/" + std::to_string(i)});
    CHECK(there.refusal == "");
    there.enter({"/another"});
    CHECK(there.refusal == "too much is watched already");
}
