// The measurements of `bench`, one a subcommand. Each throws std::runtime_error where it cannot be made, with
// a line that says why.
#pragma once

#include "core/base/types.hpp"
#include "report.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace p2p::bench {

struct link_options {
    byte_count size = byte_count{1} << 30U;
    unsigned getters = 1;
    unsigned runs = 3;
    std::filesystem::path folder = "/dev/shm";
};
/// One peer that shares to others that get, over loopback, beside sendfile(2) to recv + pwrite + SHA-256.
std::vector<report> measure_link(const link_options& options);

struct tracker_load {
    unsigned connections = 1000;  ///< of the crowd that asks, all of them members of one set
    unsigned chunks = 10'000;
    unsigned holders = 500;  ///< peers that announce all chunks of a chunk folder, to see what that takes
    unsigned peers = 5000;   ///< that join, to see what that takes
    duration time = std::chrono::seconds{2};  ///< for each kind of request
};
/// A tracker that simulated peers keep busy: requests in a second, how long answers take, memory.
std::vector<report> measure_tracker(const tracker_load& load);

struct comeback_options {
    unsigned peers = 500;
    std::vector<duration> away{std::chrono::milliseconds{100}, std::chrono::seconds{30}};
};
/// How the peers of a tracker that was killed come back to it when it is there again.
std::vector<report> measure_comeback(const comeback_options& options);

struct pages_options {
    unsigned peers = 1000;
    unsigned chunks = 100'000;
    unsigned watchers = 20;
    duration time = std::chrono::seconds{20};  ///< with and without them
};
/// What it costs a tracker that pages of it are open.
std::vector<report> measure_pages(const pages_options& options);

struct hostile_options {
    std::size_t connections = 10'000;          ///< to a tracker; a tenth of them to a peer
    std::uint64_t chunks = 1'000'000'000;      ///< that one peer announces
    duration time = std::chrono::seconds{60};  ///< each of them goes on for so long at most
};
/// What the programs keep in memory for endless lines, ever new file-sets and visitors who say nothing.
std::vector<report> measure_hostile(const hostile_options& options);

struct swarm_options {
    std::vector<unsigned> leechers{4, 8, 16};
    byte_count size = byte_count{64} << 20U;
    byte_count rate = 5'000'000;  ///< bytes per second of each link, up and down alike
    unsigned runs = 3;
    unsigned slow_percent = 0;        ///< leechers whose links have a quarter of the rate
    unsigned kill_percent = 0;        ///< leechers that are killed in the middle
    std::string congestion_control;   ///< of TCP; empty: that of the machine
    std::vector<std::string> others;  ///< tools to be measured too (swarm_tools.hpp)
    bool simulate = false;            ///< with `simulate`, without namespaces
    bool verbose = false;
};
/// One seeder and many leechers, each with an access link of its own, beside the fluid bound and other tools.
std::vector<report> measure_swarm(const swarm_options& options);

}  // namespace p2p::bench
