// Names of a set that are two, but that a file system may take for one: then one file would be written over
// the other. Which of them it does take for one, only the file system itself can tell
// (storage/same_names.hpp).
#pragma once

#include "core/set/manifest.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace p2p {

/// The same for all names that some file system takes for one: those that are the same when folded
/// (utf8.hpp), but for dots and blanks at their end.
std::string alike_key(std::string_view name);

struct alike_names {
    std::string folder;  ///< that they are in; empty: the set's own
    std::vector<std::string> names;
};

/// Every file, link and folder of the set that has such neighbours is named once.
std::vector<alike_names> alike_names_in(const manifest& set);

}  // namespace p2p
