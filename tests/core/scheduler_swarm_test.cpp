// A whole swarm of schedulers and upload queues under a virtual clock: messages take a while, uplinks are
// shared, peers die, fall silent for a time or send wrong bytes. Whatever happens, all others become
// complete.
#include "core/transfer/scheduler.hpp"
#include "core/transfer/upload_queue.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <random>
#include <string>
#include <vector>

using namespace p2p;
using namespace std::chrono_literals;

namespace {

constexpr duration latency = 2ms;
constexpr duration chunk_time = 100ms;  // for an uplink that has nothing else to do

/// What happens later. At the same instant: in the order in which it was planned.
class agenda {
public:
    void at(time_point when, std::function<void()> what) {
        events_.push({when, ++planned_, std::move(what)});
    }
    void after(duration wait, std::function<void()> what) { at(now_ + wait, std::move(what)); }
    time_point now() const { return now_; }
    std::uint64_t done() const { return done_; }

    /// false: there is nothing left to do.
    bool step() {
        if (events_.empty()) return false;
        const event next = events_.top();
        events_.pop();
        now_ = next.when;
        ++done_;
        next.what();
        return true;
    }

private:
    struct event {
        time_point when;
        std::uint64_t number;
        std::function<void()> what;
        bool operator<(const event& other) const {
            return std::tie(other.when, other.number) < std::tie(when, number);
        }
    };
    std::priority_queue<event> events_;
    time_point now_{};
    std::uint64_t planned_ = 0;
    std::uint64_t done_ = 0;
};

struct swarm_options {
    std::uint32_t chunks = 64;
    unsigned seeders = 1;
    unsigned leechers = 8;
    unsigned dying = 0;    ///< leechers that vanish on the way
    unsigned silent = 0;   ///< leechers that send nothing for a while, and keep their connections
    unsigned corrupt = 0;  ///< peers that say they have every chunk, and send wrong ones
    scheduler_options scheduling{};
    std::uint64_t seed = 1;
};

class swarm {
public:
    explicit swarm(const swarm_options& options) : options_{options}, random_{options.seed} {
        for (unsigned i = 0; i < options.seeders; ++i) add(true);
        for (unsigned i = 0; i < options.corrupt; ++i) add(true).corrupt = true;
        for (unsigned i = 0; i < options.leechers; ++i) add(false);
        const std::size_t first_leecher = options.seeders + options.corrupt;
        for (unsigned i = 0; i < options.dying; ++i) plan_death(first_leecher + i);
        for (unsigned i = 0; i < options.silent; ++i) plan_silence(first_leecher + options.dying + i);
        for (auto& peer : peers_)
            for (auto& other : peers_)
                if (peer->id < other->id) connect(*peer, *other);
    }

    /// Lets it run until every leecher that lives is complete. false: that takes longer than `limit`.
    bool completes_within(duration limit) {
        while (!complete()) {
            // As many events as that for so few chunks mean that somebody looks again and again.
            REQUIRE(agenda_.done() < 200'000);
            if (!agenda_.step() || agenda_.now() > time_point{} + limit) return false;
        }
        return true;
    }

    duration makespan() const { return agenda_.now().time_since_epoch(); }
    unsigned sent_by_seeders() const {
        unsigned sent = 0;
        for (unsigned i = 0; i < options_.seeders; ++i) sent += peers_[i]->sent;
        return sent;
    }
    /// Chunks that seeders sent before they sent one of them again.
    std::size_t sent_before_repeating() const { return first_sent_.size(); }
    unsigned requests_and_cancels() const { return requests_and_cancels_; }
    unsigned sent_by_all() const {
        unsigned sent = 0;
        for (const auto& peer : peers_) sent += peer->sent;
        return sent;
    }

private:
    struct member {
        peer_id id;
        chunk_set has;
        scheduler plan;
        upload_queue uploads;
        std::map<peer_id, chunk_set> seen;   // of each connected peer: what it has
        std::map<peer_id, chunk_set> given;  // to each connected peer
        std::optional<time_point> looks_at;
        duration busy_until{};
        time_point silent_until{};
        unsigned sent = 0;
        bool corrupt = false;
        bool dead = false;
    };

    member& add(bool complete) {
        const peer_id id{peers_.size() + 1};
        const chunk_set all = chunk_set::first(options_.chunks);
        const chunk_set has = complete ? all : chunk_set{};
        scheduler plan{options_.chunks, has, options_.scheduling, random_()};
        for (const chunk_index chunk : all) plan.agreed(chunk);
        peers_.push_back(std::make_unique<member>(
            member{id, has, std::move(plan), {{}, random_()}, {}, {}, {}, {}, {}, 0, false, false}));
        return *peers_.back();
    }
    member& peer(peer_id id) { return *peers_.at(id.value - 1); }
    bool connected(const member& a, const member& b) const { return a.seen.contains(b.id); }

    bool complete() const {
        for (const auto& one : peers_)
            if (!one->dead && !one->plan.missing().empty()) return false;
        return true;
    }

    // --- connections

    void connect(member& a, member& b) {
        for (auto [one, other] : {std::pair{&a, &b}, std::pair{&b, &a}}) {
            one->seen[other->id] = other->has;
            one->plan.peer_joined(other->id, agenda_.now());
            one->plan.peer_has(other->id, other->has);
            look(*one, 0ms);
        }
    }
    void disconnect(member& a, member& b) {
        for (auto [one, other] : {std::pair{&a, &b}, std::pair{&b, &a}}) {
            if (one->seen.erase(other->id) == 0) continue;
            one->plan.peer_left(other->id);
            one->uploads.peer_left(other->id);
            look(*one, 0ms);
        }
    }
    /// Runs `what` at the other end, if the connection is still there by then.
    void tell(member& from, member& to, std::function<void()> what) {
        agenda_.after(latency, [this, &from, &to, what = std::move(what)] {
            if (connected(from, to)) what();
        });
    }

    // --- failures

    void plan_death(std::size_t which) {
        agenda_.after(1ms * (random_() % 5000), [this, &victim = *peers_[which]] {
            victim.dead = true;
            for (auto& other : peers_)
                if (other->id != victim.id) disconnect(victim, *other);
        });
    }
    void plan_silence(std::size_t which) {
        agenda_.after(1ms * (random_() % 5000),
                      [this, &victim = *peers_[which]] { victim.silent_until = agenda_.now() + 60s; });
    }

    // --- downloads

    /// Lets a peer say what it wants now, and when it next may want more.
    void look(member& who, duration wait) {
        const time_point at = agenda_.now() + wait;
        if (who.looks_at && *who.looks_at <= at) return;
        who.looks_at = at;
        agenda_.at(at, [this, &who, at] {
            if (who.looks_at != at || who.dead) return;
            who.looks_at.reset();
            carry_out(who, who.plan.next_orders(agenda_.now()));
            const auto next = who.plan.next_deadline();
            if (!next) return;
            REQUIRE(*next > agenda_.now());
            look(who, *next - agenda_.now());
        });
    }

    void carry_out(member& who, const std::vector<order>& orders) {
        requests_and_cancels_ += static_cast<unsigned>(orders.size());
        for (const order& one : orders) {
            member& to = peer(one.peer);
            if (!connected(who, to)) continue;
            if (one.what == order::kind::cancel)
                tell(who, to, [&who, &to, chunk = one.chunk] { to.uploads.cancel(who.id, chunk); });
            else
                tell(who, to, [this, &who, &to, what = wanted_by(who, one)] {
                    REQUIRE(to.uploads.add(who.id, std::to_string(who.id.value), what));
                    serve(to);
                });
        }
    }
    static wanted wanted_by(const member& who, const order& one) {
        return {one.chunk, one.chunk ? chunk_set{} : who.plan.except(one.peer)};
    }

    void arrived(member& from, member& at, chunk_index chunk) {
        if (from.corrupt) {
            if (at.plan.wrong(from.id, chunk)) disconnect(from, at);
        } else if (at.plan.missing().contains(chunk)) {
            carry_out(at, at.plan.finished(from.id, chunk, agenda_.now()));
            at.has.insert(chunk);
            for (auto& other : peers_)
                if (connected(at, *other))
                    tell(at, *other, [this, &at, &other = *other, chunk] {
                        chunk_set one;
                        one.insert(chunk);
                        other.seen[at.id].insert(chunk);
                        other.plan.peer_has(at.id, one);
                        look(other, 0ms);
                    });
        }
        look(at, 0ms);
    }

    // --- uploads: the link sends one chunk after the other, each peer that is served in its turn

    void serve(member& from) {
        while (auto next = from.uploads.start_next()) {
            member& to = peer(next->who);
            std::optional<chunk_index> chunk = next->what.chunk;
            if (!chunk)
                chunk =
                    from.uploads.pick(from.has - from.seen[to.id] - from.given[to.id] - next->what.except);
            if (!chunk) {
                tell(from, to, [this, &from, &to] {
                    to.plan.refused(from.id, std::nullopt);
                    look(to, 0ms);
                });
                from.uploads.finished(to.id);
                continue;
            }
            from.uploads.count_sent(*chunk);
            if (from.id.value <= options_.seeders) note_sent(*chunk);
            from.given[to.id].insert(*chunk);
            begin(from, to, *chunk);
        }
    }

    void note_sent(chunk_index chunk) {
        if (!repeated_ && !first_sent_.insert(chunk)) repeated_ = true;
    }

    void begin(member& from, member& to, chunk_index chunk) {
        const duration now = agenda_.now().time_since_epoch();
        duration start = std::max(from.busy_until, now);
        if (from.silent_until > agenda_.now()) start = from.silent_until.time_since_epoch();
        agenda_.at(time_point{start}, [this, &from, &to, chunk] {
            if (!connected(from, to)) return;
            tell(from, to, [this, &from, &to, chunk] {
                const bool useful = to.plan.started(from.id, chunk, agenda_.now());
                if (!useful) look(to, 0ms);
                tell(to, from, [this, &from, &to, chunk, useful] { go_on(from, to, chunk, useful); });
            });
        });
        from.busy_until = start + chunk_time;
    }
    void go_on(member& from, member& to, chunk_index chunk, bool useful) {
        if (!useful) {
            from.uploads.finished(to.id);
            return serve(from);
        }
        agenda_.after(chunk_time, [this, &from, &to, chunk] {
            if (!connected(from, to)) return;
            ++from.sent;
            tell(from, to, [this, &from, &to, chunk] { arrived(from, to, chunk); });
            from.uploads.finished(to.id);
            serve(from);
        });
    }

    swarm_options options_;
    std::mt19937_64 random_;
    agenda agenda_;
    std::vector<std::unique_ptr<member>> peers_;
    chunk_set first_sent_;
    bool repeated_ = false;
    unsigned requests_and_cancels_ = 0;
};

/// Runs it with one seed after the other.
void check_that_all_become_complete(swarm_options options, duration limit) {
    for (options.seed = 1; options.seed <= 8; ++options.seed) {
        CAPTURE(options.seed);
        swarm s{options};
        CHECK(s.completes_within(limit));
    }
}

}  // namespace

TEST_CASE("in a swarm without failures all become complete") {
    check_that_all_become_complete({}, 30s);
}

TEST_CASE("a swarm takes hardly longer than the seeder needs to send every chunk once") {
    swarm s{{.chunks = 160, .leechers = 8}};
    REQUIRE(s.completes_within(60s));
    CHECK(s.makespan() < chunk_time * 160 * 5 / 4);
    CHECK(s.sent_by_seeders() < 160 * 5 / 4);
    CHECK(s.sent_by_all() < 160 * 8 * 21 / 20);
}

TEST_CASE("a seeder sends every chunk once before it sends any twice") {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        CAPTURE(seed);
        swarm s{{.chunks = 160, .leechers = 8, .seed = seed}};
        REQUIRE(s.completes_within(60s));
        CHECK(s.sent_before_repeating() == 160);
    }
}

TEST_CASE("a chunk takes hardly more than one request") {
    swarm s{{.chunks = 160, .leechers = 8}};
    REQUIRE(s.completes_within(60s));
    CHECK(s.requests_and_cancels() < 160 * 8 * 11 / 10);
}

TEST_CASE("the same seed makes the same swarm") {
    const swarm_options options{.chunks = 20, .dying = 1, .silent = 1, .corrupt = 1, .seed = 3};
    swarm one{options};
    swarm other{options};
    REQUIRE(one.completes_within(120s));
    REQUIRE(other.completes_within(120s));
    CHECK(one.makespan() == other.makespan());
    CHECK(one.sent_by_all() == other.sent_by_all());
}

TEST_CASE("a swarm bears that peers die") {
    check_that_all_become_complete({.dying = 4}, 60s);
}

TEST_CASE("a swarm bears that peers fall silent") {
    check_that_all_become_complete({.silent = 4}, 120s);
}

TEST_CASE("a swarm bears peers that send wrong chunks") {
    check_that_all_become_complete({.corrupt = 3}, 60s);
}

TEST_CASE("a swarm bears all of it at once") {
    check_that_all_become_complete(
        {.chunks = 40, .seeders = 2, .leechers = 10, .dying = 3, .silent = 3, .corrupt = 2}, 180s);
}

TEST_CASE("a swarm gets along with one request at a time") {
    check_that_all_become_complete(
        {.chunks = 20, .dying = 2, .silent = 2, .scheduling = {.open_per_peer = 1, .open_total = 1}}, 300s);
}

TEST_CASE("a file-set of one chunk becomes complete at all peers") {
    check_that_all_become_complete({.chunks = 1, .dying = 2}, 30s);
}
