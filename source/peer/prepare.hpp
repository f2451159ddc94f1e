// Finds out what of a published set is on this machine before it is served or fetched, with all cores.
// Failures throw session_failure.
#pragma once

#include "net/asio.hpp"
#include "peer/activities.hpp"
#include "storage/published_store.hpp"

#include <filesystem>
#include <memory>
#include <vector>

namespace p2p {

/// Finds out what of the set is at its place; to fetch the rest, also moves and copies what is misplaced, and
/// what the sets beneath `reuse` have. The store is ready for a session after that.
struct prepared {
    byte_count found = 0;   ///< bytes that were in their place
    byte_count copied = 0;  ///< bytes that were copied from elsewhere on this machine
};
awaitable<prepared> prepare(asio::thread_pool& pool, activities& shown_in, published_store& store,
                            bool serve_only, std::vector<std::filesystem::path> reuse);

/// The chunks that are not what was published, by SHA-256. Files are read in their places.
awaitable<chunk_set> find_wrong(asio::thread_pool& pool, activities& shown_in,
                                std::shared_ptr<set_disk> disk);

}  // namespace p2p
