// What a peer writes down about a published set on its disk, so that a second start knows what is there.
// Text, one record a line, each with a checksum: records are only ever added, and a kill in the middle of one
// costs that one.
//
//     p2p journal 1 ID #CHECK
//     chunks 1-100,105 #CHECK         these were verified and are on the disk
//     file 17 1234 1700000000123456789 99 #CHECK     entry 17 is in its place: size, modified_ns, inode
//     complete #CHECK                 everything above has been flushed to the disk, and nothing is missing
//
// CHECK is the XXH3-128 of the line before " #", its first 8 hexadecimal digits. Entries count from 0.
#pragma once

#include "core/chunks/chunk_set.hpp"
#include "core/set/file_set.hpp"
#include "core/set/file_stamp.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace p2p {

// Each is whole lines, to be added as they are. The ranges of a large set take several.
std::string journal_header(const file_set_id& id);
std::string journal_chunks(const chunk_set& verified);
std::string journal_file(std::uint32_t entry, const file_stamp& stamp);
std::string journal_complete();

struct journal_content {
    chunk_set verified;
    std::vector<std::optional<file_stamp>> placed;  ///< by entry: `entries` of them
    bool complete = false;                          ///< the last record says so
    std::size_t whole = 0;  ///< bytes that were read without fault: what follows is to be cut off
};

/// Reads up to the first record that is damaged, cut short or out of range (chunks over `count`, entries not
/// below `entries`); that and all behind it counts for nothing. Of another set, or without a whole header:
/// empty, with `whole` 0. Never fails.
journal_content read_journal(std::string_view text, const file_set_id& id, std::uint32_t count,
                             std::uint32_t entries);

}  // namespace p2p
