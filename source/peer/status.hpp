// How a peer stands, for the console, the status line and the simulation to show.
#pragma once

#include "core/base/types.hpp"
#include "core/chunks/chunk_set.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace p2p {

struct connection_status {
    std::string label;  ///< "bob at 10.0.0.7:6001"
    std::uint32_t has = 0;
    unsigned open_requests = 0;
    byte_count received = 0;
    byte_count sent = 0;
};

struct peer_status {
    std::string fileset;
    std::uint32_t count = 0;
    chunk_set present;
    chunk_set offered;
    chunk_set disputed;
    std::uint32_t fetched = 0;    ///< chunks that came from other peers
    std::uint32_t wrong = 0;      ///< chunks that came and were not what was agreed
    std::uint32_t sources = 0;    ///< peers that chunks came from
    std::uint32_t receivers = 0;  ///< peers that chunks went to
    byte_count bytes_up = 0;      ///< content only
    byte_count bytes_down = 0;
    bool paused = false;
    bool tracker_connected = false;
    duration elapsed{};
    std::optional<duration> completed_after;
    std::vector<connection_status> connections;
};

}  // namespace p2p
