// A peer that runs: shown, told what to do, and asked, as the options say.
#pragma once

#include "core/set/link.hpp"
#include "main/client/settings.hpp"
#include "net/asio.hpp"
#include "peer/activities.hpp"

#include <memory>
#include <optional>

namespace p2p {
class peer;
class tracker_server;
}  // namespace p2p

namespace p2p::client {

/// Runs the coroutine, and everything it starts on this io_context, to the end; until then shows these
/// activities (none: nothing). Throws what the coroutine throws.
void run(asio::io_context& io, awaitable<void> work, const activities* shown);

/// A peer that runs, and what belongs to it.
struct running {
    peer& self;
    std::shared_ptr<security> secured;
    std::optional<swarm_key> key{};     ///< of the link; none: there is none, or the options have their own
    bool stay = true;                   ///< until it is stopped; sets that are added do the same
    bool takes_commands = false;        ///< from standard input, also where --console does not say so
    tracker_server* tracker = nullptr;  ///< runs as long as the peer does
};

/// The same, as the peer's body: signals stop it, or have files read again, and it takes commands from where
/// the options say. Returns how the sets went that were added: the first failure.
exit_code run(asio::io_context& io, const running& what, awaitable<void> body, const peer_settings& given);

}  // namespace p2p::client
