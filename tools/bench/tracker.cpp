#include "benches.hpp"
#include "core/base/units.hpp"
#include "crowd.hpp"
#include "protocol/json.hpp"
#include "support/child_process.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace p2p::bench {

namespace {

constexpr std::string_view set_name = "benchmark";
constexpr unsigned few = 4;
constexpr std::size_t pipelined = 64;  // lines in flight on each of the few
constexpr std::size_t some = 4;        // and on each of the many

double seconds(duration time) {
    return std::chrono::duration<double>(time).count();
}

double milliseconds(duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

/// The program, and the peers that talk to it.
class busy_tracker {
public:
    explicit busy_tracker(const std::vector<std::string>& more = {})
        : program_(built_beside("p2ptracker"), with(more)), peers_(port()) {}

    crowd& peers() { return peers_; }
    duration cpu_time() const { return program_.cpu_time(); }
    double memory() const { return static_cast<double>(program_.resident_memory()); }

private:
    static std::vector<std::string> with(const std::vector<std::string>& more) {
        std::vector<std::string> all{"--listen",
                                     "127.0.0.1:0",
                                     "--log-level",
                                     "info",
                                     "--max-connections-per-host",
                                     "20000",  // all are on this machine
                                     "--announce-rate",
                                     "1000000000",
                                     "--max-chunks-per-peer",
                                     "1000000000",
                                     "--max-chunks",
                                     "1000000000"};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    std::uint16_t port() {
        return static_cast<std::uint16_t>(std::stoul(program_.wait_for_rest_of_line("127.0.0.1:")));
    }

    child_process program_;
    crowd peers_;
};

chunk_claim claim(std::uint32_t chunk) {
    chunk_claim one{{chunk}, {}, byte_count{1} << 20U};
    for (std::size_t i = 0; i < one.hash.bytes.size(); ++i)
        one.hash.bytes[i] = static_cast<std::uint8_t>(chunk >> (8 * (i % 4)));
    return one;
}

/// The lines of a chunk folder and of a published set of so many chunks.
class lines_of {
public:
    explicit lines_of(std::uint32_t chunks) : folder_{std::string{set_name}, chunks} {
        set_.id.bytes.fill(7);
        set_.name = set_name;
        set_.count = chunks;
        set_.size = byte_count{chunks} << 20U;
    }

    std::vector<std::string> announce_folder() const {
        std::vector<std::string> lines;
        to_tracker::announce now{folder_, {}, {}};
        for (std::uint32_t chunk = 1; chunk <= folder_.count; ++chunk) {
            now.chunks.push_back(claim(chunk));
            if (now.chunks.size() < max_claims_per_message && chunk < folder_.count) continue;
            lines.push_back(to_line(now));
            now.chunks.clear();
        }
        return lines;
    }
    std::string join_folder() const { return to_line(to_tracker::announce{folder_, {}, {}}); }
    std::vector<std::string> announce_one() const {
        return for_each_chunk([this](std::uint32_t chunk) {
            return to_line(to_tracker::announce{folder_, {claim(chunk)}, {}});
        });
    }
    std::vector<std::string> locate_one() const {
        return for_each_chunk([this](std::uint32_t chunk) {
            chunk_set wanted;
            wanted.insert({chunk});
            return to_line(to_tracker::locate{folder_, wanted});
        });
    }

    // Whoever publishes is not answered.
    std::string publish() const { return to_line(to_tracker::publish{set_}) + to_line(ping_message{}); }
    std::string locate_published() const { return to_line(to_tracker::locate{published_set(set_.id), {}}); }
    std::string announce_published() const { return announce_published(chunk_set::first(set_.count)); }
    // What a set in the middle of its download looks like at its worst.
    std::string announce_scattered() const {
        chunk_set odd;
        for (std::uint32_t chunk = 1; chunk <= set_.count; chunk += 2) odd.insert({chunk});
        return announce_published(odd);
    }

private:
    std::string announce_published(const chunk_set& held) const {
        return to_line(to_tracker::announce{published_set(set_.id), {}, held});
    }

    template <class Line>
    std::vector<std::string> for_each_chunk(Line line) const {
        std::vector<std::string> lines;
        for (std::uint32_t chunk = 1; chunk <= folder_.count; ++chunk) lines.push_back(line(chunk));
        return lines;
    }

    file_set_key folder_;
    set_summary set_;
};

/// Each peer says them all, in their order.
talk each_of(const std::vector<std::string>& lines, std::string answer, std::size_t peers,
             std::size_t first = 0) {
    return {.line = [&lines](std::size_t, std::size_t n) -> std::string_view { return lines[n]; },
            .answer = std::move(answer),
            .first = first,
            .peers = peers,
            .in_flight = some,
            .each = lines.size()};
}

/// Each peer says them over and over, another one than the others at a time.
talk again_and_again(const std::vector<std::string>& lines, std::string answer, duration time) {
    constexpr std::size_t stride = 101;
    return {.line = [&lines](std::size_t who, std::size_t n) -> std::string_view {
                return lines[(who * stride + n) % lines.size()];
            },
            .answer = std::move(answer),
            .time = time};
}

void add_rate(report& to, const std::string& name, busy_tracker& tracker, const talk& what) {
    const duration before = tracker.cpu_time();
    const talked heard = tracker.peers().run(what);
    const double cpu = seconds(tracker.cpu_time() - before);
    const auto answers = static_cast<double>(heard.answers);
    to.add(name, answers / seconds(heard.took), "/s");
    to.add(name + ", of the tracker's CPU time", answers / cpu, "/s");
}

void add_waits(report& to, const std::string& name, busy_tracker& tracker, const talk& what) {
    auto waits = tracker.peers().run(what).waits;
    std::ranges::sort(waits);
    const auto at = [&waits](double part) {
        return milliseconds(waits.at(static_cast<std::size_t>(part * static_cast<double>(waits.size() - 1))));
    };
    to.add(name + ", half of the answers within", at(0.5), "ms");
    to.add(name + ", 99 of 100 within", at(0.99), "ms");
}

struct request {
    std::string name;
    std::vector<std::string> lines;
    std::string answer;
};

std::vector<request> requests(const lines_of& lines) {
    return {{"locate one chunk", lines.locate_one(), "locations"},
            {"announce one chunk", lines.announce_one(), "announced"},
            {"locate a published set", {lines.locate_published()}, "locations"},
            {"announce a published set, one range", {lines.announce_published()}, "announced"},
            {"announce a published set, every other chunk", {lines.announce_scattered()}, "announced"}};
}

// Every chunk is agreed, and every peer a member of both sets.
void become_members(busy_tracker& tracker, const lines_of& lines, std::size_t peers) {
    tracker.peers().join(peers);
    tracker.peers().run(each_of(lines.announce_folder(), "announced", 2));
    const std::vector<std::string> join{lines.join_folder()};
    tracker.peers().run(each_of(join, "announced", peers));
    const std::vector<std::string> publish{lines.publish()};
    tracker.peers().run(each_of(publish, "pong", peers));
}

report measure_pipelined(const tracker_load& load) {
    report found{fmt::format("tracker: {} connections, {} requests in flight on each, sets of {} chunks", few,
                             pipelined, load.chunks),
                 {}};
    const lines_of lines(load.chunks);
    busy_tracker tracker;
    become_members(tracker, lines, few);
    for (const request& one : requests(lines)) {
        talk what = again_and_again(one.lines, one.answer, load.time);
        what.peers = few;
        what.in_flight = pipelined;
        add_rate(found, one.name, tracker, what);
    }
    return found;
}

report measure_many(const tracker_load& load) {
    report found{fmt::format("tracker: {} connections, {} requests in flight on each, sets of {} chunks",
                             load.connections, some, load.chunks),
                 {}};
    const lines_of lines(load.chunks);
    busy_tracker tracker;
    become_members(tracker, lines, load.connections);
    for (const request& one : requests(lines)) {
        talk what = again_and_again(one.lines, one.answer, load.time);
        what.peers = load.connections;
        what.in_flight = some;
        add_rate(found, one.name, tracker, what);
        what.in_flight = 1;
        add_waits(found, one.name + ", one in flight", tracker, what);
    }
    return found;
}

/// What it costs to announce a chunk in microseconds of the tracker's time, where each of these peers says of
/// other chunks what nobody has said before: to nobody else is it news at first.
double cost_of_news(const std::vector<std::string>& options, std::size_t peers, std::size_t in_flight) {
    constexpr std::uint32_t all = 200'000;
    busy_tracker tracker(options);
    const auto lines = lines_of(all).announce_one();
    const std::size_t each = lines.size() / peers;
    talk what = each_of(lines, "announced", peers);
    what.line = [&lines, each](std::size_t who, std::size_t n) -> std::string_view {
        return lines[who * each + n];
    };
    what.in_flight = in_flight;
    what.each = each;
    tracker.peers().join(peers);
    const duration before = tracker.cpu_time();
    const talked heard = tracker.peers().run(what);
    return seconds(tracker.cpu_time() - before) * 1e6 / static_cast<double>(heard.answers);
}

report measure_state(std::size_t peers, std::size_t in_flight) {
    constexpr int runs = 5;
    report found{fmt::format("tracker: what --state costs, {} connections, {} requests in flight on each",
                             peers, in_flight),
                 {}};
    const auto compare = [&](const std::string& what, const std::string& quorum) {
        std::vector<double> in_memory;
        std::vector<double> in_file;
        for (int run = 0; run < runs; ++run) {
            const temporary_folder here;
            in_memory.push_back(cost_of_news({"--quorum", quorum}, peers, in_flight));
            in_file.push_back(
                cost_of_news({"--quorum", quorum, "--state", here / "state"}, peers, in_flight));
        }
        found.add(what + ", in memory, median", median(in_memory), "us");
        found.add(what + ", with --state, median", median(in_file), "us");
        found.add(what + ", with --state / in memory, medians", median(in_file) / median(in_memory));
    };
    compare("announce a chunk, which is agreed at once", "1");
    compare("announce a chunk, which has to wait for another", "2");
    return found;
}

// What it takes more and more peers for: the difference, by how many they are.
report measure_memory(const tracker_load& load) {
    report found{fmt::format("tracker: memory with {} peers, {} of them with the {} chunks of a folder",
                             load.peers, load.holders, load.chunks),
                 {}};
    if (load.holders > load.peers)
        throw std::runtime_error("--holders: that are more than there are --peers");
    const lines_of lines(load.chunks);
    busy_tracker tracker;
    crowd& peers = tracker.peers();
    peers.join(1);
    double before = tracker.memory();
    const auto add_growth = [&](const std::string& name, double by, const std::string& unit,
                                double scale = 1) {
        const double now = tracker.memory();
        found.add(name, (now - before) * scale / by, unit);
        before = now;
    };

    peers.join(load.peers - 1);
    add_growth("a peer that has joined", load.peers - 1, "bytes");
    const std::vector<std::string> join{lines.join_folder()};
    peers.run(each_of(join, "announced", load.peers));
    add_growth("a member of a chunk folder, besides", load.peers, "bytes");
    const auto announce = lines.announce_folder();
    peers.run(each_of(announce, "announced", 2));
    add_growth("a chunk that is agreed", load.chunks, "bytes");
    constexpr double bits_in_byte = 8;
    // Not too many at a time, or the memory that their lines take on the way would be counted too.
    constexpr std::size_t at_once = 20;
    for (std::size_t first = 2; first < load.holders; first += at_once)
        peers.run(each_of(announce, "announced", std::min(at_once, load.holders - first), first));
    add_growth("an agreed chunk of a peer", 1.0 * load.chunks * (load.holders - 2), "bits", bits_in_byte);
    const std::vector<std::string> publish{lines.publish()};
    peers.run(each_of(publish, "pong", load.peers));
    add_growth("a member of a published set, besides", load.peers, "bytes");
    const std::vector<std::string> hold{lines.announce_published()};
    peers.run(each_of(hold, "announced", load.peers));
    add_growth("a chunk of a peer, of a published set", 1.0 * load.chunks * load.peers, "bits", bits_in_byte);
    return found;
}

}  // namespace

std::vector<report> measure_tracker(const tracker_load& load) {
    return {measure_pipelined(load), measure_many(load), measure_state(few, pipelined),
            measure_state(load.connections, some), measure_memory(load)};
}

}  // namespace p2p::bench
