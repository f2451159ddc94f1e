// A tracker and all its peers in one process, on one io_context: real sockets on loopback, real files in a
// temporary folder. Says how long each peer took, and whether every byte of every peer is right.
#pragma once

#include "adversary.hpp"
#include "core/chunks/chunk_set.hpp"
#include "core/tracking/registry.hpp"
#include "core/transfer/scheduler.hpp"
#include "core/transfer/upload_queue.hpp"
#include "peer/status.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace p2p::simulation {

struct swarm_options {
    bool published = false;  ///< a published set, of which the others get even the manifest from peers
    unsigned peers = 8;
    unsigned seeders = 2;  ///< of these, have every chunk at the start
    std::uint32_t chunks = 64;
    byte_count chunk_size = 64 * 1024;
    unsigned overlap = 0;  ///< copies of each chunk that are spread over the other peers at the start
    unsigned kill = 0;     ///< leechers that are stopped somewhere in the middle, without a goodbye
    unsigned corrupt = 0;  ///< peers beyond the seeders that have every chunk, and send wrong bytes
    std::optional<adversary_plan> adversary;  ///< hostile peers that join the others
    unsigned connections = 60;  ///< that each peer opens to others; as many more may be opened to it
    byte_count up = 0;          ///< bytes per second of each peer; 0: no limit
    byte_count down = 0;
    duration time_limit = std::chrono::minutes{10};
    bool record_arrivals = false;  ///< for a picture
    std::uint64_t seed = 1;
    registry_options agreement;
    scheduler_options scheduling;
    upload_options uploads;
};

enum class role { seeder, leecher, killed, corrupt };

struct chunk_arrival {
    chunk_index chunk;
    duration after{};  ///< on the same clock as completed_after
};

struct peer_result {
    std::string name;
    role part = role::leecher;
    std::uint32_t chunks = 0;
    std::uint32_t fetched = 0;
    std::uint32_t wrong = 0;
    std::uint32_t sources = 0;
    byte_count bytes_down = 0;
    byte_count bytes_up = 0;
    std::optional<duration> completed_after;
    std::string problem;  ///< empty where the peer is as it should be
    chunk_set at_start;
    std::vector<chunk_arrival> arrivals;  ///< in the order of time; none where they are not recorded
};

struct swarm_result {
    std::vector<peer_result> peers;
    double makespan = 0;  ///< seconds, until the last peer that should be complete was
    double bound = 0;     ///< seconds; 0 where links are not limited
    bool all_right = false;
};

/// The same swarm, its hostile peers left away.
swarm_options without_adversary(swarm_options options);

/// Why these options make no swarm; empty where they do.
std::string why_impossible(const swarm_options& options);

/// Throws std::runtime_error where the machine does not allow it (open files, disk).
swarm_result run_swarm(const swarm_options& options);

}  // namespace p2p::simulation
