// How whoever has nothing but the id of a published set comes by its manifest. Nobody knows which of the
// holders is honest: so several may be asked at a time, and only the hash of the whole tells.
#pragma once

#include "core/base/units.hpp"
#include "core/set/file_set.hpp"
#include "core/set/manifest.hpp"
#include "net/asio.hpp"
#include "peer/peer.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace p2p {

/// As long as it lives, this peer is known to a tracker as a member of a set of which it has nothing: see
/// peer::join().
class early_member {
public:
    early_member(peer& self, const endpoint& tracker, const file_set_id& set) : self_(self), set_(set) {
        self_.join(tracker, set_);
    }
    early_member(const early_member&) = delete;
    early_member& operator=(const early_member&) = delete;
    ~early_member() { self_.leave(set_); }

private:
    peer& self_;
    file_set_id set_;
};

struct found_manifest {
    std::shared_ptr<const manifest> set;
    std::vector<endpoint> holders;               ///< whom a tracker named last
    std::unique_ptr<const early_member> member;  ///< to be kept until a session takes part; none: it is none
};

/// Gets a manifest from whichever peer has it, and checks it against its id. `patience`: how long to go on
/// where nobody has it or nothing comes; it also ends, soon, when the peer is stopped or nobody wants it any
/// more (`is_unwanted`, where it is set). Throws session_failure: incomplete, or network where no tracker
/// answers.
awaitable<found_manifest> fetch_manifest(peer& self, std::vector<endpoint> trackers, file_set_id id,
                                         duration patience, std::function<bool()> is_unwanted = {});

}  // namespace p2p
