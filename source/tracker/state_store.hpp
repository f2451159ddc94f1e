// What a tracker keeps beyond its own end, behind one interface: agreed hashes with their votes, and what was
// published. Who is there and who has what is not kept: peers come back and say so.
#pragma once

#include "core/base/units.hpp"
#include "core/set/file_set.hpp"
#include "net/asio.hpp"

#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace p2p {

/// A peer as it was when its claim counted.
struct voter {
    std::string name;
    endpoint address;  ///< where others connected to
    std::string site;  ///< where its connection came from (core/hosts/site.hpp)
};

/// A chunk of a chunk folder went to the chunk_list.
struct agreement {
    file_set_key set;
    chunk_claim agreed;
    std::vector<voter> voters;
};

/// A set that the tracker had no more room for, of either kind.
struct forgotten_set {
    file_set_key set;
};

/// A summary stands for a published set that is new, or has a new summary.
using state_change = std::variant<agreement, set_summary, forgotten_set>;

/// What was saved, when it is read again: the sets in the order in which they were saved first.
struct state_reader {
    std::function<void(const file_set_key&, std::span<const chunk_claim>)> agreed;
    std::function<void(const set_summary&)> published;
};

/// The state cannot be read or written. what() is a whole sentence, with the name of the place.
struct state_failure : std::runtime_error {
    using runtime_error::runtime_error;
};

class state_store {
public:
    state_store() = default;
    state_store(const state_store&) = delete;
    state_store& operator=(const state_store&) = delete;
    virtual ~state_store() = default;

    /// Hands out all that was saved. Once, before anything is saved. Throws state_failure.
    virtual awaitable<void> load(state_reader to) = 0;

    /// Saves all of it or nothing. When it returns, the end of this process takes nothing of it back. Throws
    /// state_failure.
    virtual awaitable<void> save(std::vector<state_change> changes) = 0;
};

}  // namespace p2p
