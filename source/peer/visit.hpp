// What can be had from trackers and peers without taking part: lists of published sets, and manifests.
#pragma once

#include "core/file_set.hpp"
#include "core/manifest.hpp"
#include "core/units.hpp"
#include "net/asio.hpp"
#include "peer/peer.hpp"

#include <memory>
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

/// Gets a manifest from whichever peer has it, and checks it against its id. `patience`: how long to go on
/// where nobody has it or nothing comes. Throws session_failure: incomplete, or network where no tracker
/// answers.
awaitable<std::shared_ptr<const manifest>> fetch_manifest(peer& self, std::vector<endpoint> trackers,
                                                          file_set_id id, duration patience);

}  // namespace p2p
