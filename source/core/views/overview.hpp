// What can be seen of a file-set from above, whichever kind it is: how far it is, who has how much, and a map
// of its chunks in which a cell may stand for many of them. For whoever looks on; nothing is decided by it.
#pragma once

#include "core/base/types.hpp"
#include "core/chunks/chunk_set.hpp"
#include "core/set/file_set.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace p2p {

struct set_overview {
    file_set_key set;
    std::string name;
    byte_count size = 0;        ///< of a chunk folder: of what is agreed
    std::uint32_t count = 0;    ///< of chunks
    std::uint32_t agreed = 0;   ///< of a published set all are
    std::uint32_t pending = 0;  ///< on the check_list, and no hash is agreed yet
    std::uint32_t disputed = 0;
    std::uint32_t seeders = 0;
    std::uint32_t leechers = 0;
    friend bool operator==(const set_overview&, const set_overview&) = default;
};

/// How many of some chunks a peer holds.
struct holding {
    peer_id peer;
    std::uint32_t chunks = 0;
    friend bool operator==(const holding&, const holding&) = default;
};

/// How much a peer holds of all the sets that it is a member of.
struct membership_totals {
    std::uint32_t sets = 0;
    std::uint64_t held = 0;  ///< chunks
    std::uint64_t chunks = 0;
    friend bool operator==(const membership_totals&, const membership_totals&) = default;
};

class heat_map {
public:
    struct cell {
        std::uint64_t copies = 0;   ///< of all its chunks together
        std::uint32_t missing = 0;  ///< chunks that no member holds
        std::uint32_t pending = 0;  ///< chunks; so are the next
        std::uint32_t disputed = 0;
        friend bool operator==(const cell&, const cell&) = default;
    };

    /// As few chunks to a cell as make at most `most_cells`; the last may stand for fewer.
    heat_map(std::uint32_t count, std::uint32_t most_cells);

    std::uint32_t chunks_per_cell() const { return chunks_per_cell_; }
    const std::vector<cell>& cells() const { return cells_; }
    cell& at(chunk_index chunk) { return cells_[(chunk.value - 1) / chunks_per_cell_]; }
    /// The first and the last chunk of a cell.
    std::pair<chunk_index, chunk_index> chunks_of(std::size_t number) const;

    /// What one member holds.
    void add_copies(const chunk_set& held);
    /// What nobody holds is missing, once it is known what somebody does.
    void add_missing(const chunk_set& held_by_anybody);

private:
    std::uint32_t count_;
    std::uint32_t chunks_per_cell_;
    std::vector<cell> cells_;
};

}  // namespace p2p
