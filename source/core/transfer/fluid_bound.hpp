// The shortest time in which a swarm can be complete, as a fluid: the yardstick of makespans.
// Source: R. Kumar and K. Ross, "Peer-Assisted File Distribution: The Minimum Distribution Time", HOTWEB
// 2006; widened to leechers that start with a part of the file.
#pragma once

#include "core/base/types.hpp"

#include <span>

namespace p2p {

/// Rates in bytes per second; 0 means unlimited. `missing`: bytes that this peer still lacks at the start.
struct fluid_peer {
    byte_count up = 0;
    byte_count down = 0;
    byte_count missing = 0;
};

/// Seconds. The largest of:
///   * nobody_has / sum of the uplinks of peers that lack nothing: bytes that only seeders have must leave
///     them once (skipped where nobody_has is 0);
///   * missing / down, for each peer;
///   * sum of missing / sum of all uplinks.
/// With one kind of link this is max(F/u_s, F/d, N F/(u_s + sum u_i)). A term with an unlimited link is 0;
/// bytes that nobody can send take for ever (infinity).
double fluid_bound(std::span<const fluid_peer> peers, byte_count nobody_has);

}  // namespace p2p
