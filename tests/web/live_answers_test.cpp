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
        return {.body = answers[request.target.path.at(0)] + " for " + request.host};
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
        refusal = live.add(one, addresses, host);
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
    CHECK(here.next(0s) == "id: /a\ndata: 1 for h\n\n");
    one->is_busy = false;
    CHECK(here.next() == "");
    here.site.answers["a"] = "2";
    CHECK(here.next(500ms) == "");  // not more often than once a second
    CHECK(here.next() == "id: /a\ndata: 2 for h\n\n");
}

TEST_CASE("an answer is made once for all who watch it, at each host by itself") {
    room here;
    const auto one = here.enter({"/a"});
    const auto two = here.enter({"/a"});
    const auto other = here.enter({"/a"}, "other");
    CHECK(here.next(0s) == "id: /a\ndata:  for h\n\nid: /a\ndata:  for h\n\nid: /a\ndata:  for other\n\n");
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
    CHECK(here.next() == "id: /a\ndata: 3 for h\n\n");
}

TEST_CASE("an answer that takes long is made less often") {
    room here;
    here.site.takes = 100ms;
    const auto one = here.enter({"/a"});
    here.next(0s);
    here.next(3900ms);
    CHECK(here.site.asked == 1);
    here.next(200ms);
    CHECK(here.site.asked == 2);
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

TEST_CASE("who wants to watch nothing, too much, or what is no address, is refused, and so are too many") {
    room here;
    for (const auto& wrong : {std::vector<std::string>{}, std::vector<std::string>(9, "/a"), {"/a", "b"}}) {
        here.enter(wrong);
        CHECK(here.refusal != "");
    }
    CHECK(here.live.watchers() == 0);
    for (std::size_t i = 0; i < most_watchers; ++i) here.enter({"/a"});
    CHECK(here.refusal == "");
    here.enter({"/a"});
    CHECK(here.refusal == "too many are watching");
}
