// A chunk folder that serves wrong bytes: it announces right hashes, and sends each chunk with one bit
// flipped.
#pragma once

#include "storage/chunk_store.hpp"

#include <memory>

namespace p2p::simulation {

std::unique_ptr<chunk_store> make_corrupt(std::unique_ptr<chunk_store> honest);

}  // namespace p2p::simulation
