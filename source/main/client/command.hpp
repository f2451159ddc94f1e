// What p2pclient was told, and the commands that do it. Each returns the exit code or throws
// (session_failure, network_failure, std::exception): main() turns that into one line and a code.
#pragma once

#include "core/set/link.hpp"
#include "main/client/output.hpp"
#include "main/security.hpp"
#include "main/web_settings.hpp"
#include "net/worker_pool.hpp"
#include "peer/fetch_set.hpp"
#include "peer/hash_tree.hpp"
#include "peer/options.hpp"
#include "peer/peer.hpp"
#include "peer/session.hpp"
#include "storage/set_state.hpp"
#include "tracker/server.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace p2p::client {

struct command {
    peer_options peer;
    session_options session;
    std::vector<endpoint> trackers;
    std::optional<std::string> listen;  // address of the transfer port
    security_options security;
    std::string log_level = "info";
    bool quiet = false;
    bool no_color = false;
    bool json = false;
    std::filesystem::path chunk_folder;  // the original form
    std::string fileset = "default";

    std::filesystem::path path;  // share
    share_options share;
    std::vector<std::string> excludes;
    std::optional<endpoint> with_tracker;
    bool with_secret = false;

    std::string target;  // get: a link, an id or a name
    std::filesystem::path destination;
    std::vector<std::filesystem::path> reuse;
    bool stay = false;

    std::vector<std::filesystem::path> folders;  // serve, verify

    std::string file;  // split, join
    std::string folder;
    byte_count chunk_size = byte_count{1} << 20U;

    bool console = false;             // commands from standard input, where that is not usual
    std::filesystem::path control{};  // of the socket; ctl: the one to ask at
    web_settings web{};
    std::vector<std::string> order{};  // ctl
};

exit_code run_chunk_folder(const command& told);
exit_code share(const command& told);
exit_code get(const command& told);
exit_code list(const command& told);
exit_code serve(const command& told);
exit_code verify(const command& told);
exit_code split(const command& told);
exit_code join(const command& told);
exit_code ctl(const command& told);

// --- what they have in common

/// One line on stderr, and the event `error`.
exit_code say(exit_code code, std::string_view message);

/// Runs the coroutine, and everything it starts on this io_context, to the end; until then shows these
/// activities (none: nothing). Throws what the coroutine throws.
void run(asio::io_context& io, awaitable<void> work, const command& told, const activities* going_on);

/// A peer that runs, and what belongs to it.
struct running {
    peer& self;
    std::shared_ptr<security> secured;
    std::optional<swarm_key> key{};     ///< of the link; none: there is none, or the options have their own
    bool stay = true;                   ///< until it is stopped; sets that are added do the same
    bool takes_commands = false;        ///< from standard input, also where --console does not say so
    tracker_server* tracker = nullptr;  ///< runs as long as the peer does
};

/// The same, within the peer's around(): signals stop it, or have files read again, and it takes commands
/// from where the options say. Returns how the sets went that were added: the first failure.
exit_code run(asio::io_context& io, const running& what, awaitable<void> body, const command& told);

/// What the options say, and otherwise the key of a link, if it has one. Throws security_failure.
std::shared_ptr<security> secured_by(const command& told, const std::optional<swarm_key>& key = {});

/// Fewer connections, where with these and so many sets the process would run out of descriptors.
void fit_into_descriptors(command& told, std::size_t sets);

/// What the options say of the peer itself. Where all of its trackers are on this machine, nobody else can
/// find it: it listens there only, unless told otherwise. Warns where strangers could take part.
peer_options peer_for(const command& told, const std::vector<endpoint>& trackers,
                      std::shared_ptr<const security> secured);

/// The trackers to use where none was named.
std::vector<endpoint> trackers_or_default(const std::vector<endpoint>& named);

/// What becomes of sessions, as events.
session_watch told_events();

/// `code`, or that of the failure where it is the first; the failure is told and logged.
exit_code note_failure(exit_code code, const session_failure& failure);

/// Opens what is kept about a set beneath its files, or explains in the log why nothing can be kept there.
std::optional<set_state> open_state_if_possible(const std::filesystem::path& root, const file_set_id& id);

/// The sets that were shared from this folder or fetched to it. Throws session_failure where there are none:
/// `option` stands before the folder's name in the message.
std::vector<file_set_id> known_sets_in(const std::filesystem::path& folder, std::string_view option = {});

}  // namespace p2p::client
