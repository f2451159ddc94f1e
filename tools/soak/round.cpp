#include "round.hpp"

#include "adversary.hpp"
#include "net/logging.hpp"
#include "net/task_group.hpp"

#include <fmt/format.h>

#include <csignal>
#include <exception>
#include <future>

namespace p2p::soak {

namespace {

using simulation::adversary_kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr unsigned most_interruptions = 3;
constexpr milliseconds longest_before_interruption = seconds{3};
constexpr milliseconds until_complete = seconds{300};
constexpr unsigned patience_in_starts = 30;

// What p2pclient exits with where the network was in its way.
constexpr int no_tracker = 4;
constexpr int incomplete = 5;

/// Somebody hostile, on a thread of its own, as long as this object is there.
class enemy {
public:
    enemy(field& at, const offer& against, dice& random) : life_(io_.get_executor()) {
        constexpr unsigned kinds = static_cast<unsigned>(adversary_kind::lying_reports) + 1;
        auto kind = adversary_kind::wrong_bytes;  // those are who have a disk that rots
        while (kind == adversary_kind::wrong_bytes || !why_impossible(kind, against.is_published()).empty())
            kind = static_cast<adversary_kind>(random() % kinds);
        simulation::battlefield where;
        where.tracker = at.tracker();
        where.set = against.key();
        where.count = against.chunks();
        where.chunk_size = against.bytes() / against.chunks();
        where.host = field::host(3, at.new_host());
        where.seed = random();
        who_ = make_hostile(kind, io_.get_executor(), std::move(where));
        life_.spawn(who_->run());
        thread_ = std::thread{[this] { io_.run(); }};
    }
    enemy(const enemy&) = delete;
    enemy& operator=(const enemy&) = delete;
    ~enemy() {
        asio::post(io_, [this] { life_.cancel(); });
        thread_.join();
    }

private:
    asio::io_context io_;
    std::unique_ptr<simulation::hostile_peer> who_;
    task_group life_;
    std::thread thread_;
};

/// At any instant it is ended, and goes on.
void interrupt(field& at, node& copying, dice& random) {
    copying.start();
    if (copying.program().ends_within(any_time_within(longest_before_interruption, random)))
        return copying.count_wrong_chunks();
    if (random() % 2 == 0) return copying.kill();
    const int code = copying.stop();
    ++at.counts().stopped;
    if (code != 0 && code != no_tracker && code != incomplete && code != 128 + SIGTERM)
        at.counts().failed(
            fmt::format("a peer that was asked to stop ended with {}:\n{}", code, copying.last_words()));
}

void make_copy(field& at, offer& from, dice random) {
    const std::filesystem::path there = at.new_folder();
    node copying(at, from.how_to_copy(there, random), random);
    for (unsigned left = static_cast<unsigned>(random() % (most_interruptions + 1)); left > 0; --left)
        interrupt(at, copying, random);
    for (unsigned times = 0;; ++times) {
        copying.start();
        if (!copying.program().ends_within(until_complete))
            return at.counts().failed("a copy does not come to its end:\n" + copying.last_words());
        const int code = copying.program().wait_for_exit();
        copying.count_wrong_chunks();
        if (code == 0) break;
        if ((code != no_tracker && code != incomplete) || times == patience_in_starts)
            return at.counts().failed(fmt::format("a copy ended with {}:\n{}", code, copying.last_words()));
        ++at.counts().said_again;
    }
    if (const std::string why = from.what_is_wrong(there); !why.empty())
        return at.counts().failed(fmt::format("a copy is wrong: {}\n{}", why, copying.last_words()));
    ++at.counts().copies;
    at.counts().bytes += from.bytes();
    std::filesystem::remove_all(there);
}

}  // namespace

void copy_at_once(field& at, offer& from, unsigned copies) {
    dice random = at.new_dice();
    const enemy among_them(at, from, random);
    std::vector<std::future<void>> all;
    for (unsigned i = 0; i < copies; ++i)
        all.push_back(std::async(std::launch::async, make_copy, std::ref(at), std::ref(from), at.new_dice()));
    // Sources are started by this thread, which outlives them: a child ends with the thread that started it.
    if (random() % 2 == 0) {
        std::this_thread::sleep_for(any_time_within(longest_before_interruption, random));
        from.disturb();
    }
    for (std::future<void>& one : all) {
        while (one.wait_for(seconds{1}) != std::future_status::ready) from.keep_up();
        try {
            one.get();
        } catch (const std::exception& failure) {
            at.counts().failed(failure.what());
        }
    }
}

}  // namespace p2p::soak
