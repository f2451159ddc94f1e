// A file cut into a chunk folder, and a chunk folder put together again. Streams: any size, little memory.
// Every error is one line for an end user that names the file it is about.
#pragma once

#include "core/base/types.hpp"

#include <tl/expected.hpp>

#include <cstdint>
#include <filesystem>
#include <string>

namespace p2p {

/// Writes chunk_1 .. chunk_N, each of chunk_size bytes but the last, and then local_chunks.txt into the
/// folder, which is made where it is not there. Returns N. Refuses an empty file, more than max_chunk_count
/// chunks, and a folder that has a local_chunks.txt. It overwrites no file, and where it fails it removes
/// what it made.
tl::expected<std::uint32_t, std::string> split_file(const std::filesystem::path& file,
                                                    const std::filesystem::path& into, byte_count chunk_size);

/// Writes the chunks of the folder, in order, as one file, which replaces a regular file of that name once it
/// is whole; a failure leaves the old one. Returns its size. Refuses a folder with chunks missing, a chunk
/// name that leads outside of the folder or through a symlink, and to replace a chunk or the folder's
/// local_chunks.txt.
tl::expected<byte_count, std::string> join_chunks(const std::filesystem::path& folder,
                                                  const std::filesystem::path& out);

}  // namespace p2p
