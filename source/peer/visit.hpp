// What trackers tell to whoever asks, without taking part: which sets are published, and who has them.
#pragma once

#include "core/file_set.hpp"
#include "core/units.hpp"
#include "net/asio.hpp"
#include "peer/peer.hpp"

#include <optional>
#include <string>
#include <vector>

namespace p2p {

/// The published sets that a tracker knows: all, or those with that id or name. `how` to connect to it.
/// Throws session_failure (network).
awaitable<std::vector<set_listing>> list_sets(endpoint tracker, connecting how, std::optional<file_set_id> id,
                                              std::optional<std::string> name);

/// The id of the only set of that name at these trackers. Throws session_failure: incomplete where there is
/// none, usage where there are several, network where no tracker answers.
awaitable<file_set_id> find_by_name(std::vector<endpoint> trackers, connecting how, std::string name);

/// Everybody whom one of these trackers names as a member of the set. Throws session_failure (network) where
/// none of them answers.
awaitable<std::vector<endpoint>> find_holders(std::vector<endpoint> trackers, connecting how, file_set_id id);

}  // namespace p2p
