// Chunks of a published set on their way into its files, and out of them.
#pragma once

#include "storage/chunk_store.hpp"
#include "storage/set_disk.hpp"

#include <memory>
#include <mutex>

namespace p2p {

/// A chunk may come from two peers at once. The first writes to the staged files; a second one writes to a
/// file of its own, and what is right first is what counts.
struct chunk_arrivals {
    std::mutex mutex;
    bool someone_writes = false;
    bool arrived = false;
};

std::unique_ptr<incoming_chunk> arriving_in(std::shared_ptr<set_disk> disk, const chunk_claim& right,
                                            std::shared_ptr<chunk_arrivals> all);

/// Straight from a file, or gathered from several.
std::unique_ptr<outgoing_chunk> leaving_from(std::shared_ptr<set_disk> disk, chunk_index chunk);

}  // namespace p2p
