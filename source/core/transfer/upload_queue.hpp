// Whom a peer serves next, and with what: a few uploads at a time, the other requests first come, first
// served. Also counts how often each chunk was sent, because a seeder that is asked for any chunk picks the
// least sent one.
#pragma once

#include "core/base/types.hpp"
#include "core/chunks/chunk_selection.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>

namespace p2p {

/// A leecher never has more requests open at one peer, and an uploader takes as many.
inline constexpr unsigned most_open_per_peer = 64;

struct upload_options {
    unsigned slots = 8;                             ///< uploads at a time, each to another peer
    unsigned queued_per_peer = most_open_per_peer;  ///< requests that one peer may have waiting
};

/// No site ever has all slots, if there are several: so many are always left to the others.
constexpr unsigned slots_for_others(unsigned slots) {
    return slots / 4;
}

/// Differences in how often chunks were sent are known up to this. A set a level keeps memory within bounds,
/// and picking quick, in file-sets of millions of chunks.
inline constexpr std::size_t most_counted = 16;

/// What a peer asks for: a chunk, or (where there is none) any but those in `except`. Of several requests for
/// any, the `except` of the latest counts for all: it knows best, and one set for each peer is enough.
struct wanted {
    std::optional<chunk_index> chunk;
    chunk_set except;
};

class upload_queue {
public:
    upload_queue(upload_options options, std::uint64_t seed);

    /// `site`: where the peer is, for peers of one site share slots. false: it has too many requests waiting.
    bool add(peer_id who, const std::string& site, wanted what);

    /// Takes back the oldest waiting request of this peer for that chunk (no chunk: for any). false: none
    /// waits.
    bool cancel(peer_id who, std::optional<chunk_index> chunk);

    struct upload {
        peer_id who;
        wanted what;
        std::string site;
    };
    /// The next to serve, if a slot is free: the oldest request of a peer that is not being served already,
    /// and whose site does not have its share of the slots.
    std::optional<upload> start_next();

    /// The upload to this peer that start_next() named is over, whatever came of it.
    void finished(peer_id who) { serving_.erase(who); }

    /// Drops the requests and the upload of a peer that is gone.
    void peer_left(peer_id who);

    /// For a request for any: of the chunks in `offer`, the one that was sent least often, ties at random.
    std::optional<chunk_index> pick(const chunk_selection& offer);

    void count_sent(chunk_index chunk);
    /// At most most_counted more than any other chunk.
    std::uint32_t times_sent(chunk_index chunk) const;

    std::size_t waiting() const { return queue_.size(); }
    std::size_t serving() const { return serving_.size(); }

private:
    upload_options options_;
    std::mt19937_64 random_;
    std::deque<upload> queue_;
    std::unordered_map<peer_id, chunk_set> except_;  // of peers that wait for any
    std::size_t slots_of(const std::string& site) const;
    std::unordered_map<peer_id, std::string> serving_;  // and where it is
    std::deque<chunk_set> sent_more_than_;              // [i]: sent more than first_level_ + i times
    std::uint32_t first_level_ = 0;
};

}  // namespace p2p
