// How the peers of a tracker come back to it when it is started again: all at once would be an attack.

#include "benches.hpp"
#include "net/event.hpp"
#include "net/logging.hpp"
#include "net/task_group.hpp"
#include "peer/session.hpp"
#include "storage/chunk_folder.hpp"
#include "support/child_process.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <thread>

namespace p2p::bench {

namespace {

constexpr const char* set_name = "comeback";

/// So many peers of one set, each of which has all of it, on a thread of their own.
class faithful_peers {
public:
    faithful_peers(unsigned count, const endpoint& tracker) : life_(io_.get_executor()) {
        start_logging("off");
        for (unsigned number = 0; number < count; ++number) add(number, tracker);
        thread_ = std::thread([this] { io_.run(); });
    }
    faithful_peers(const faithful_peers&) = delete;
    faithful_peers& operator=(const faithful_peers&) = delete;
    ~faithful_peers() {
        asio::post(io_, [this] { life_.cancel(); });
        thread_.join();
    }

private:
    void add(unsigned number, const endpoint& tracker) {
        const std::filesystem::path folder = here_ / std::to_string(number);
        std::filesystem::create_directory(folder);
        std::ofstream(folder / "chunk_1") << "content";
        std::ofstream(folder / "local_chunks.txt") << "1,chunk_1\n1,LASTCHUNK\n";
        auto store = chunk_folder::open(folder);
        if (!store) throw std::runtime_error(store.error());
        peer_options as;
        as.name = fmt::format("peer{}", number);
        as.listen = {"127.0.0.1", 0};
        session_options told;
        told.label = set_name;
        told.trackers = {tracker};
        peers_.push_back(std::make_unique<peer>(io_.get_executor(), pool_, as));
        sessions_.push_back(std::make_unique<session>(*peers_.back(), std::move(*store), set_name, told));
        life_.spawn(live(*peers_.back(), *sessions_.back()));
    }

    static awaitable<void> live(peer& self, session& one) {
        awaitable<void> body = run(one);
        co_await self.run(std::move(body));
    }
    static awaitable<void> run(session& one) { co_await one.run(); }

    temporary_folder here_;
    asio::io_context io_;
    asio::thread_pool pool_{1};
    std::vector<std::unique_ptr<peer>> peers_;
    std::vector<std::unique_ptr<session>> sessions_;
    task_group life_;
    std::thread thread_;
};

std::vector<std::string> tracker_at(std::uint16_t port) {
    return {"--listen", fmt::format("127.0.0.1:{}", port), "--max-connections-per-host", "20000"};
}

/// When peers joined, by the tracker's log, in milliseconds after the first line.
std::vector<long> joined_at(const std::string& log) {
    constexpr long day = 24L * 60 * 60 * 1000;
    std::vector<long> times;
    std::optional<long> start;
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = log.find('\n', begin)) != std::string::npos; begin = end + 1) {
        const std::string line = log.substr(begin, end - begin);
        int hours = 0;
        int minutes = 0;
        int seconds = 0;
        int milliseconds = 0;
        if (std::sscanf(line.c_str(), "%d:%d:%d.%d", &hours, &minutes, &seconds, &milliseconds) != 4)
            continue;
        const long at = ((hours * 60L + minutes) * 60 + seconds) * 1000 + milliseconds;
        if (!start) start = at;
        if (line.ends_with(" joined")) times.push_back((at - *start + day) % day);
    }
    return times;
}

/// The most that fall into any stretch of so many milliseconds. Sorted.
std::size_t most_within(const std::vector<long>& times, long milliseconds) {
    std::size_t most = 0;
    for (std::size_t first = 0, next = 0; first < times.size(); ++first) {
        while (next < times.size() && times[next] < times[first] + milliseconds) ++next;
        most = std::max(most, next - first);
    }
    return most;
}

void wait_for_all(const child_process& tracker, std::size_t peers) {
    wait_until([&] { return joined_at(tracker.output()).size() >= peers; }, "all peers at the tracker");
}

}  // namespace

std::vector<report> measure_comeback(const comeback_options& options) {
    std::optional<child_process> tracker;
    tracker.emplace(built_beside("p2ptracker"), tracker_at(0));
    const auto port = static_cast<std::uint16_t>(std::stoul(tracker->wait_for_rest_of_line("127.0.0.1:")));
    const faithful_peers peers(options.peers, {"127.0.0.1", port});
    std::vector<report> reports;
    for (const duration away : options.away) {
        wait_for_all(*tracker, options.peers);
        tracker->kill_hard();
        std::this_thread::sleep_for(away);
        tracker.emplace(built_beside("p2ptracker"), tracker_at(port));
        wait_for_all(*tracker, options.peers);
        std::vector<long> times = joined_at(tracker->output());
        std::ranges::sort(times);
        report& found = reports.emplace_back();
        found.title = fmt::format("comeback: {} peers of a tracker that was away for {}", options.peers,
                                  show_duration(away));
        const auto at = [&times](std::size_t percent) {
            return static_cast<double>(times.at((times.size() - 1) * percent / 100)) / 1000;
        };
        found.add("half of them are back after", at(50), "s");
        found.add("all of them are back after", at(100), "s");
        found.add("most that came within a second", static_cast<double>(most_within(times, 1000)));
        found.add("most that came within 100 ms", static_cast<double>(most_within(times, 100)));
    }
    return reports;
}

}  // namespace p2p::bench
