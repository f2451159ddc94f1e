// A published set, from its link to the last byte in its place: what `p2pclient get` does, for whoever has a
// peer. Also resumes and repairs, and goes on serving.
#pragma once

#include "core/set/link.hpp"
#include "peer/options.hpp"
#include "peer/peer.hpp"
#include "protocol/events.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace p2p {

struct fetch_order {
    link from;
    std::string by_name{};                       ///< not empty: the only set of that name at these trackers
    std::filesystem::path destination{};         ///< empty: a folder of the set's name; of a single file, "."
    std::vector<std::filesystem::path> reuse{};  ///< folders of other sets that may have some of it
    bool stay = false;                           ///< serve it on until stopped
    session_options session{};  ///< label, trackers, acquaintances and once are set from the rest
    std::function<void(const events::found&)> on_found{};
    std::function<bool()> is_unwanted{};  ///< asked while nobody has it yet
};

/// Returns when all of it is there and it need not be served any longer. Within the peer's run(). Throws
/// session_failure.
awaitable<void> fetch_set(peer& self, fetch_order what);

/// Where an earlier fetch_set() of the same may have put it.
std::vector<std::filesystem::path> usual_folders(const link& from, const std::filesystem::path& destination);

/// The secret of an earlier fetch_set() of the same set into the same place: a link without it means the same
/// set.
std::optional<swarm_key> key_at_hand(const link& from, const std::filesystem::path& destination);

}  // namespace p2p
