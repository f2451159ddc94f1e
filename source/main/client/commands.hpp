// The commands of p2pclient. Each returns the exit code or throws (session_failure, network_failure,
// std::exception): main() turns that into one line and a code.
#pragma once

#include "main/client/settings.hpp"

namespace p2p::client {

exit_code run_chunk_folder(const peer_settings& given, const chunk_folder_settings& what);
exit_code share(const peer_settings& given, const share_settings& what);
exit_code get(const peer_settings& given, const get_settings& what);
exit_code list(const peer_settings& given);
exit_code serve(const peer_settings& given, const set_folders& folders);
exit_code verify(const peer_settings& given, const set_folders& folders);
exit_code split(const split_settings& what);
exit_code join(const split_settings& what);
exit_code ctl(const ctl_settings& what);

}  // namespace p2p::client
