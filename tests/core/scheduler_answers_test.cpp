// A leecher whose only source answers as it likes: right, twice, late, unasked, not at all, with a refusal or
// with wrong bytes. None of its requests stays open for ever, and as soon as the source behaves, all of it
// comes.
#include "core/transfer/scheduler.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <random>

using namespace p2p;
using namespace std::chrono_literals;

namespace {

constexpr peer_id source{1};
constexpr std::uint32_t count = 6;

/// The source, what is on its way from it, and what a connection makes of that.
class strange_download {
public:
    strange_download(const chunk_set& present, std::uint64_t seed)
        : random_{seed}, tested{count, present, patient(), seed} {
        for (std::uint32_t i = 1; i <= count; ++i) tested.agreed({i});
        tested.peer_joined(source, now);
        tested.peer_has(source, chunk_set::first(count) - (present.empty() ? chunk_set{} : present));
    }

    bool is_complete() const { return tested.missing().empty(); }
    bool is_all_answered() const { return asked_.empty() && swallowed_.empty() && hashed_.empty(); }

    /// Something happens, or nothing and time passes.
    void step() {
        carry_out(tested.next_orders(now));
        if (hashed_.empty() && asked_.empty()) return wait();
        now += std::chrono::milliseconds{any_below(200)};
        if (!hashed_.empty() && (asked_.empty() || any_below(2) == 0)) return end_hash();
        if (tricks_ > 0 && any_below(3) > 0) {
            --tricks_;
            play_trick();
        } else {
            begin(answer_to(take_request()), true);
        }
    }

    time_point now{};

private:
    struct coming {
        chunk_index chunk;
        bool right;
        bool cancelled = false;
    };

    // Wrong bytes drop a peer; here, there would be nobody left.
    static scheduler_options patient() { return {.wrong_limit = 1000}; }

    std::uint32_t any_below(std::uint32_t end) { return static_cast<std::uint32_t>(random_() % end); }

    void wait() {
        const auto next = tested.next_deadline();
        REQUIRE_MESSAGE(next.has_value(), "the download stands still");
        now = *next;
    }

    void play_trick() {
        switch (any_below(7)) {
            case 0: return begin(answer_to(take_request()), false);
            case 1: return tested.refused(source, take_request());
            case 2: return swallowed_.push_back(take_request());
            case 3: return begin({any_below(count) + 1}, true);
            case 4: now += std::chrono::seconds{any_below(60)}; return;
            default: break;
        }
        const chunk_index twice = answer_to(take_request());
        begin(twice, true);
        begin(twice, true);
        if (!asked_.empty() && !asked_.front()) take_request();  // which that was the answer to
    }

    std::optional<chunk_index> take_request() {
        const auto first = asked_.front();
        asked_.pop_front();
        return first;
    }
    chunk_index answer_to(std::optional<chunk_index> asked) {
        return asked.value_or(chunk_index{any_below(count) + 1});
    }

    void begin(chunk_index chunk, bool right) {
        if (tested.started(source, chunk, now)) hashed_.push_back({chunk, right});
    }
    void end_hash() {
        const coming whole = hashed_.front();
        hashed_.pop_front();
        if (whole.cancelled) return;
        if (whole.right)
            carry_out(tested.finished(source, whole.chunk, now));
        else
            tested.wrong(source, whole.chunk);
    }
    void carry_out(const std::vector<order>& orders) {
        for (const order& one : orders) {
            if (one.what == order::kind::request) {
                asked_.push_back(one.chunk);
                continue;
            }
            for (coming& each : hashed_) each.cancelled |= each.chunk == one.chunk;
            for (auto* const waiting : {&asked_, &swallowed_}) {
                const auto at = std::ranges::find(*waiting, one.chunk);
                if (at == waiting->end()) continue;
                waiting->erase(at);
                break;
            }
        }
    }

    std::mt19937_64 random_;
    std::deque<std::optional<chunk_index>> asked_;
    std::deque<std::optional<chunk_index>> swallowed_;  // and never answered
    std::deque<coming> hashed_;                         // all of it came, what it is is not known yet
    unsigned tricks_ = 30;

public:
    scheduler tested;
};

void complete_whatever_the_source_does(const chunk_set& present) {
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        CAPTURE(seed);
        strange_download of{present, seed};
        for (int steps = 0; !of.is_complete(); ++steps) {
            REQUIRE_MESSAGE(steps < 10'000, "the download does not come to its end");
            of.step();
            if (of.is_all_answered()) REQUIRE(of.tested.open_at(source) == 0);
        }
        REQUIRE(of.now < time_point{} + 1h);
    }
}

}  // namespace

TEST_CASE("whatever the only source of all chunks does, no request stays open and the download ends") {
    complete_whatever_the_source_does({});
}

TEST_CASE("whatever the only source of some chunks does, no request stays open and the download ends") {
    complete_whatever_the_source_does(chunk_set::parse("2", count).value());
}
