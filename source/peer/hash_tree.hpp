// Makes the manifest of a file or folder that is to be shared, with all cores.
#pragma once

#include "core/set/manifest.hpp"
#include "net/asio.hpp"
#include "peer/activities.hpp"
#include "peer/share_options.hpp"
#include "storage/scan.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace p2p {

/// A published set that has just been hashed, and the stamps of its files, by entry.
struct hashed_tree {
    std::shared_ptr<const manifest> set;
    std::vector<std::optional<file_stamp>> stamps;
};

/// Hashes every file. Throws session_failure, also where a file changes meanwhile.
awaitable<hashed_tree> hash_tree(asio::thread_pool& pool, activities& shown_in, scanned_tree tree,
                                 share_options options);

}  // namespace p2p
