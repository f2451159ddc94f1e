// The measurements of `bench`, one a subcommand. Each throws std::runtime_error where it cannot be made, with
// a line that says why.
#pragma once

#include "core/types.hpp"
#include "report.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace p2p::bench {

/// The path of a program that was built with this one.
std::string program(const std::string& name);

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

}  // namespace p2p::bench
