// What trackers tell to whoever asks, without taking part: which sets are published, and who has them.
#pragma once

#include "core/base/units.hpp"
#include "core/set/file_set.hpp"
#include "net/asio.hpp"
#include "peer/peer.hpp"

#include <string>
#include <vector>

namespace p2p {

// Each asks the trackers in their order, and throws session_failure (network) where none of them answers.
// `how` to connect to one.

/// The published sets that the first tracker knows that answers.
awaitable<std::vector<set_listing>> list_sets(std::vector<endpoint> trackers, connecting how);

/// The id of the only set of that name that peers have, or, where none has any, that was published. Throws
/// session_failure: incomplete where there is none, usage where there are several.
awaitable<file_set_id> find_by_name(std::vector<endpoint> trackers, connecting how, std::string name);

struct found_holders {
    endpoint tracker;  ///< that named them
    std::vector<endpoint> holders;
};
/// Those whom the first tracker that knows any names as members of the set.
awaitable<found_holders> find_holders(std::vector<endpoint> trackers, connecting how, file_set_id id);

}  // namespace p2p
