// The kinds of hostile peers that a swarm can be tried with: which there are, how many of them, and where
// each is made. What they do, they do over real sockets, as members of the swarm.
#pragma once

#include "core/base/units.hpp"
#include "core/set/file_set.hpp"
#include "net/asio.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace p2p::simulation {

enum class adversary_kind {
    wrong_bytes,     ///< right hashes, wrong content; the one kind that is an honest peer with a wrong store
    false_haves,     ///< has everything, it says, and refuses or leaves when asked
    silent,          ///< takes requests, and answers none
    slow,            ///< sends one byte a second
    flood,           ///< `have` lines without an end
    bad_requests,    ///< asks for what is not there, for too much, and in no language
    manifest_bomb,   ///< published sets: manifests that would need much memory, time or disk
    stolen_address,  ///< goes by the addresses of honest peers
    many_votes,      ///< chunk folders: one host that joins many times and votes for wrong hashes
    lying_reports,   ///< reports every honest peer to the tracker
};

struct adversary_plan {
    adversary_kind kind = adversary_kind::wrong_bytes;
    double share = 0.2;  ///< of all peers
};

/// "flood", "flood:0.3" or "flood:30%". Error: one line.
tl::expected<adversary_plan, std::string> parse_adversary(std::string_view text);

/// "wrong-bytes, false-haves, ..."
std::string adversary_names();
std::string_view name_of(adversary_kind kind);

/// So many join so many honest peers.
unsigned hostile_peers(const adversary_plan& plan, unsigned honest);

/// Why this kind makes no sense in such a swarm; empty where it does.
std::string why_impossible(adversary_kind kind, bool published);

/// What a hostile peer is turned against, and what it has for that: no better links than the others.
struct battlefield {
    endpoint tracker;
    file_set_key set;
    std::uint32_t count = 0;  ///< of chunks
    byte_count chunk_size = 0;
    std::string host;  ///< its own, for all it does
    byte_count up = 0;
    byte_count down = 0;
    std::uint64_t seed = 0;
};

class hostile_peer {
public:
    hostile_peer() = default;
    hostile_peer(const hostile_peer&) = delete;
    hostile_peer& operator=(const hostile_peer&) = delete;
    virtual ~hostile_peer() = default;

    /// Until it is cancelled.
    virtual awaitable<void> run() = 0;
};

/// Every kind but wrong_bytes.
std::unique_ptr<hostile_peer> make_hostile(adversary_kind kind, asio::any_io_executor executor,
                                           battlefield where);

}  // namespace p2p::simulation
