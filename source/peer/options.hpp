// What a peer, and a file-set's session in it, can be told, with the defaults that --help shows.
#pragma once

#include "core/base/types.hpp"
#include "core/base/units.hpp"
#include "core/hosts/connection_counter.hpp"
#include "core/transfer/scheduler.hpp"
#include "core/transfer/upload_queue.hpp"
#include "net/security.hpp"
#include "peer/status.hpp"
#include "protocol/messages.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace p2p {

/// What others may take of a peer.
struct peer_limits {
    connection_limits connections{.in_all = 1'000, .per_host = 128};  ///< that others open to it
    std::size_t line = max_line_length;                               ///< from another peer
    std::size_t buffered = std::size_t{1} << 20U;                     ///< what waits to be sent to one
    duration hello = std::chrono::seconds{10};                        ///< until a connection has said hello
    duration silence = std::chrono::seconds{30};  ///< peers say something every 10 seconds
    /// It is held in memory, 52 bytes a chunk and 20 and its path an entry: this is a million of each.
    byte_count manifest = byte_count{256} << 20U;
    /// Of a chunk folder: larger ones are not fetched, whoever agrees on them. As large as one of a published
    /// set may be.
    byte_count chunk = byte_count{1} << 30U;
};

/// A tracker in the same process: it is there whatever becomes of this machine's addresses.
struct own_tracker {
    std::vector<endpoint> known_as;  ///< to others
    endpoint here;                   ///< to this peer
};

/// What all file-sets of a peer share.
struct peer_options {
    std::string name;
    endpoint listen{"::", 0};  ///< the transfer port; 0: any free one
    std::string advertise;     ///< the host that others should connect to; empty: what the tracker sees
    byte_count limit_up = 0;   ///< bytes per second; 0: no limit
    byte_count limit_down = 0;
    peer_limits limits;
    std::uint64_t seed = 0;
    std::shared_ptr<const security> secured{};  ///< every connection, also to trackers; none: plain TCP
    std::optional<own_tracker> own{};
};

/// Whom to tell what becomes of a file-set's session. Each may be empty.
struct session_watch {
    std::function<void(const peer_status&)> complete{};  ///< all of it was fetched, and is written down
    std::function<void(const peer_status&)> ended{};     ///< the session has ended
    std::function<void(const std::string& fileset, chunk_index, const std::string& peer)> wrong_chunk{};
    std::function<void(chunk_index)> new_chunk{};  ///< it was missing, and is there now, and right
    /// A tracker answers, after none did or another; or it does not answer any more.
    std::function<void(const std::string& fileset, const endpoint& tracker, bool answers)> tracker{};
};

/// What is said about one file-set.
struct session_options {
    std::string label;               ///< what the file-set is called in logs
    std::vector<endpoint> trackers;  ///< the first of them that answers is used

    std::vector<endpoint> acquaintances{};  ///< peers that are tried first, whatever trackers say

    bool fetch = true;                      ///< false: only serve what is there
    bool needs_tracker = false;             ///< a tracker that cannot be reached at first is the end
    bool once = false;                      ///< stop when complete
    duration seed_for{};                    ///< with `once`: stay so long after that
    std::optional<duration> give_up_after;  ///< with `once`: stop when nothing has arrived for so long

    session_watch watch{};

    scheduler_options scheduling;
    upload_options uploads;
    std::size_t most_connections = 60;  ///< to other peers; those that connect to us may be twice as many
    duration have_delay = std::chrono::milliseconds{40};  ///< news of chunks is collected for so long
};

/// What programs exit with; docs/options.md lists them.
enum class exit_code {
    ok = 0,
    failure = 1,     ///< something that should not happen
    usage = 2,       ///< wrong options
    storage = 3,     ///< the folder, its local_chunks.txt or state, or the disk
    network = 4,     ///< a port in use, a tracker that cannot be reached
    incomplete = 5,  ///< a one-shot command ended before it had every chunk
    disputed = 6,    ///< complete, but chunks of this folder differ from what other peers agreed on
    differs = 7,     ///< verify: files are not what was published
};

/// Ends a session, and the program, with that code.
struct session_failure : std::runtime_error {
    session_failure(exit_code c, const std::string& message) : std::runtime_error(message), code(c) {}
    exit_code code;
};

}  // namespace p2p
