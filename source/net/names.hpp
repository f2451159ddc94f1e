// The addresses of a host, from whatever this system asks for names: its file of hosts, name servers,
// multicast. The system gives no sign of life while it asks (getaddrinfo), so each name has a thread of its
// own, which is left behind where it takes too long: no other name, no number and no end of the program waits
// for it.
//
// A resolver library that needs no threads (c-ares) would know the file of hosts and name servers only: what
// /etc/nsswitch.conf names besides, `tracker.local` of a network without a name server for one, would be
// lost.
#pragma once

#include "core/base/units.hpp"
#include "net/asio.hpp"

#include <vector>

namespace p2p {

/// Longer than the system waits for the first of its name servers (5 seconds), before it asks the second.
inline constexpr duration name_limit = std::chrono::seconds{6};

/// Who has named a host: who uses this program, or others, who can name any number of them.
enum class named_by { user, others };

/// At least one, those first that the system prefers. A number (also fe80::1%eth0) is read, nobody is asked.
/// Throws std::system_error: host_not_found, or host_not_found_try_again where it is not known within
/// `name_limit`; whoever asks again has the answer that came meanwhile.
awaitable<std::vector<tcp::endpoint>> find_addresses(endpoint of, named_by whom);

/// The same, for a program that has nothing else to do.
std::vector<tcp::endpoint> find_addresses_now(const endpoint& of);

}  // namespace p2p
