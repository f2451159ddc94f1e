// What commands of p2pclient have in common, but for running a peer (running.hpp).
#pragma once

#include "core/set/link.hpp"
#include "main/client/settings.hpp"
#include "storage/set_state.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace p2p::client {

/// One line on stderr, and the event `error`.
exit_code say(exit_code code, std::string_view message);

/// What the options say, and otherwise the key of a link, if it has one. Throws security_failure.
std::shared_ptr<security> secured_by(const peer_settings& given, const std::optional<swarm_key>& key = {});

/// Fewer connections, where with these and so many sets the process would run out of descriptors. Throws
/// session_failure where the sets alone need more than there are.
void fit_into_descriptors(peer_settings& given, std::size_t sets);

/// What the options say of the peer itself. Where all of its trackers are on this machine, nobody else can
/// find it: it listens there only, unless told otherwise. Warns where strangers could take part.
peer_options peer_for(const peer_settings& given, const std::vector<endpoint>& trackers,
                      std::shared_ptr<const security> secured);

/// The trackers to use where none was named.
std::vector<endpoint> trackers_or_default(const std::vector<endpoint>& named);

/// What becomes of sessions, as events.
session_watch events_of_sessions();

/// `code`, or that of the failure where it is the first; the failure is said and logged.
exit_code note_failure(exit_code code, const session_failure& failure);

/// Opens what is kept about a set beneath its files, or explains in the log why nothing can be kept there.
std::optional<set_state> open_state_if_possible(const std::filesystem::path& root, const file_set_id& id);

/// The sets that were shared from this folder or fetched to it. Throws session_failure where there are none:
/// `option` stands before the folder's name in the message.
std::vector<file_set_id> known_sets_in(const std::filesystem::path& folder, std::string_view option = {});

}  // namespace p2p::client
