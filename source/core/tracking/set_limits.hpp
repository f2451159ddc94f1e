// How much peers may make a tracker remember of file-sets, and the ledger that says when it is enough.
//
// Chunks are counted by what they take, 128 bytes each:
//   * a claim on a check_list, with the entry that it is in: 1;
//   * 64 neighbours on a chunk_list (they are kept in pages): 28; for each of them that somebody holds, 1,
//     and 1 more for every 1,024 members that the set has had at once;
//   * a membership: 2, and the place in the set's table that it leaves behind: 1;
//   * a bitmap: 1 for 512 chunks (a bit each, and room to grow). Of chunk folders, a member has two, and so
//     has the set; of published sets, a member has one, up to the highest chunk that it holds.
// So `chunks` = 5,000,000 are 640 MB, for chunk folders and for published sets each; 100,000 sets, of 800
// bytes besides, 80 MB each. A tracker that is full of both takes 1.5 GB, beside its connections.
#pragma once

#include "core/base/types.hpp"

#include <cstdint>
#include <optional>

namespace p2p {

/// Of each kind, chunk folders and published sets. A peer that serves 1,000 sets of 1,000 chunks is welcome.
struct set_limits {
    std::uint32_t sets_per_peer = 4096;  ///< that it is a member of
    std::uint32_t chunks_per_peer = 1'200'000;
    std::uint64_t sets = 100'000;
    std::uint64_t chunks = 5'000'000;
};

/// The one of them that is reached.
enum class set_limit { sets_per_peer, chunks_per_peer, sets, chunks };

/// Chunks that a bitmap of so many indices counts as.
constexpr std::uint32_t bitmap_cost(std::uint32_t indices) {
    return (indices + 511) / 512;
}

/// Chunks that a membership counts as, besides its bitmaps.
inline constexpr std::uint32_t membership_cost = 2;

/// What one peer takes.
struct set_account {
    std::uint32_t sets = 0;
    std::uint32_t chunks = 0;
};

/// What everybody takes. It only counts: who is refused must not be added.
class set_ledger {
public:
    explicit set_ledger(const set_limits& limits) : limits_(limits) {}

    const set_limits& limits() const { return limits_; }
    std::uint64_t chunks() const { return chunks_; }

    /// Whether a peer with this account may have so many more sets and chunks.
    std::optional<set_limit> exceeded(const set_account& peer, std::uint32_t sets,
                                      std::uint64_t chunks) const {
        if (sets > 0 && peer.sets + sets > limits_.sets_per_peer) return set_limit::sets_per_peer;
        if (chunks > 0 && peer.chunks + chunks > limits_.chunks_per_peer) return set_limit::chunks_per_peer;
        return std::nullopt;
    }
    bool has_room_for(std::uint64_t chunks) const { return chunks_ + chunks <= limits_.chunks; }

    void add(set_account& peer, std::uint32_t chunks) {
        peer.chunks += chunks;
        chunks_ += chunks;
    }
    void remove(set_account& peer, std::uint32_t chunks) {
        peer.chunks -= chunks;
        chunks_ -= chunks;
    }

    /// What belongs to a set, and to no peer.
    void add(std::uint64_t chunks) { chunks_ += chunks; }
    void remove(std::uint64_t chunks) { chunks_ -= chunks; }

private:
    set_limits limits_;
    std::uint64_t chunks_ = 0;
};

}  // namespace p2p
