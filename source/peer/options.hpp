// What a peer can be told, with the defaults that --help shows.
#pragma once

#include "core/scheduler.hpp"
#include "core/types.hpp"
#include "core/units.hpp"
#include "core/upload_queue.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

namespace p2p {

struct peer_options {
    std::filesystem::path folder;
    std::string name;
    std::string fileset = "default";
    endpoint listen{"0.0.0.0", 0};  ///< the transfer port; 0: any free one
    std::string advertise;          ///< the host that others should connect to; empty: what the tracker sees
    endpoint tracker{"127.0.0.1", 5100};

    bool once = false;                      ///< stop when complete
    duration seed_for{};                    ///< with `once`: stay so long after that
    std::optional<duration> give_up_after;  ///< with `once`: stop when nothing has arrived for so long

    byte_count limit_up = 0;  ///< bytes per second; 0: no limit
    byte_count limit_down = 0;

    scheduler_options scheduling;
    upload_options uploads;
    std::size_t most_connections = 60;  ///< to other peers; those that connect to us may be twice as many
    duration have_delay = std::chrono::milliseconds{40};  ///< news of chunks is collected for so long
    std::uint64_t seed = 0;
};

/// What programs exit with; README lists them.
enum class exit_code {
    ok = 0,
    failure = 1,     ///< something that should not happen
    usage = 2,       ///< wrong options
    storage = 3,     ///< the folder, its local_chunks.txt, or the disk
    network = 4,     ///< a port in use, a tracker that cannot be reached
    incomplete = 5,  ///< a one-shot command ended before it had every chunk
    disputed = 6,    ///< complete, but chunks of this folder differ from what other peers agreed on
};

/// Ends a session, and the program, with that code.
struct session_failure : std::runtime_error {
    session_failure(exit_code c, const std::string& message) : std::runtime_error(message), code(c) {}
    exit_code code;
};

}  // namespace p2p
