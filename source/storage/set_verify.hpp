// Which files of a published set are not what was published.
#pragma once

#include "core/chunks/chunk_set.hpp"
#include "storage/set_disk.hpp"

#include <string>
#include <vector>

namespace p2p {

/// One line for each: "a/b.txt: differs", "a/c: is missing". `wrong`: the chunks that are not right, of files
/// in their places. Where a chunk has bytes of several files, those that have changed since they were
/// recorded are named; where none has, all of them ("may differ"). Blocks.
std::vector<std::string> differences(const set_disk& disk, const chunk_set& wrong);

/// Has the next start look at these chunks again, where the set was recorded as complete. An error where that
/// cannot be written down. Blocks.
tl::expected<void, std::string> record_wrong(set_disk& disk, const chunk_set& wrong);

}  // namespace p2p
