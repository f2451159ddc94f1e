// Which names a file system takes for one: it is asked, for each has rules of its own (which letters are the
// same in either case, how accents are spelt, what at the end of a name is left out), and tables of Unicode
// of its own age.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>

namespace p2p {

/// Makes a small file of each name in an open folder that is empty, and removes it. The first two that turn
/// out to be one file; names that the file system does not take at all are left out.
std::optional<std::pair<std::string, std::string>> same_names(int folder_fd,
                                                              std::span<const std::string> names);

}  // namespace p2p
