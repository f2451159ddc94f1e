// For programs that have a peer in them: everything that the example in docs/library.md needs, and what goes with it.
//
// Everything happens on one io_context, on the thread that runs it; the pool does what blocks. Failures are
// exceptions (session_failure, network_failure, security_failure), texts of functions tl::expected.
#pragma once

#include "core/set/link.hpp"   // p2p::link, p2p::parse_link()
#include "net/listener.hpp"    // p2p::network_failure
#include "net/logging.hpp"     // p2p::start_logging(): otherwise spdlog's own logger is used
#include "net/security.hpp"    // p2p::security: a secret, or certificates
#include "peer/fetch_set.hpp"  // p2p::fetch_set()
#include "peer/peer.hpp"       // p2p::peer
#include "peer/session.hpp"    // p2p::session: what fetch_set() makes of a link
#include "peer/visit.hpp"      // p2p::list_sets()
