// What is done to a published set with all cores before it is served: hashing a tree to publish it, and
// finding out what of a set is there already. Long work says in the log how far it is. Failures throw
// session_failure.
#pragma once

#include "core/manifest.hpp"
#include "net/asio.hpp"
#include "storage/published_store.hpp"
#include "storage/scan.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace p2p {

enum class chunking { fixed, content_defined };

struct share_options {
    std::string name;           ///< empty: that of the file or folder
    byte_count chunk_size = 0;  ///< on average, where content-defined; 0: what is usual for the size
    chunking cut = chunking::fixed;
};

/// A published set that has just been hashed, and the stamps of its files, by entry.
struct hashed_tree {
    std::shared_ptr<const manifest> set;
    std::vector<std::optional<file_stamp>> stamps;
};

/// Hashes every file, and fails where one changes meanwhile.
awaitable<hashed_tree> hash_tree(asio::thread_pool& pool, scanned_tree tree, share_options options);

/// Finds out what of the set is at its place; to fetch the rest, also moves and copies what is misplaced, and
/// what the sets beneath `reuse` have. The store is ready for a session after that.
struct prepared {
    byte_count found = 0;   ///< bytes that were in their place
    byte_count copied = 0;  ///< bytes that were copied from elsewhere on this machine
};
awaitable<prepared> prepare(asio::thread_pool& pool, published_store& store, bool serve_only,
                            std::vector<std::filesystem::path> reuse);

/// The chunks that are not what was published, by SHA-256. Files are read in their places.
awaitable<chunk_set> find_wrong(asio::thread_pool& pool, std::shared_ptr<set_disk> disk);

}  // namespace p2p
