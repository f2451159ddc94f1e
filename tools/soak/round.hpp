// One round of a soak: some come at once to copy what is offered, are ended at any instant and go on, and
// somebody hostile is among them.
#pragma once

#include "offer.hpp"

namespace p2p::soak {

/// Returns when all copies are complete and compared; what is wrong is counted as a failure.
void copy_at_once(field& at, offer& from, unsigned copies);

}  // namespace p2p::soak
