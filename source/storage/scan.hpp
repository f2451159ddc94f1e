// Walks a file or folder that is to be shared, and lists what a manifest can say of it.
#pragma once

#include "core/set/file_stamp.hpp"
#include "core/set/manifest.hpp"

#include <tl/expected.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace p2p {

struct scanned_item {
    manifest_item item;
    file_stamp stamp;  ///< of a file
};

struct scanned_tree {
    std::filesystem::path root;  ///< the folder that the paths are beneath: of a single file, its parent
    std::string name;  ///< last part of the shared path, resolved: what the set is called by default
    std::vector<scanned_item> items;  ///< in the order of a manifest
    /// Sockets, pipes and devices, for a warning: paths beneath the root, as they are.
    std::vector<std::string> left_out;
};

/// `excludes`: shell patterns. One without a slash is compared with each component of a path, one with a
/// slash (before its end: "build/" is "build") with the whole path from the root, in which no `*` or `?`
/// matches a slash; "/build" is the one right beneath the root. What matches is left out, a folder with all
/// that is in it. State folders (".p2p") are always left out. A root that is a link is followed; links
/// beneath it are kept as links.
///
/// Errors, one line each: a file or folder that cannot be read; a path or a link that a manifest does not
/// take, which says how many more there are and that --exclude leaves them out; nothing left to share; "/".
/// Does not read the files' content. Blocks.
tl::expected<scanned_tree, std::string> scan_tree(const std::filesystem::path& path,
                                                  const std::vector<std::string>& excludes);

}  // namespace p2p
