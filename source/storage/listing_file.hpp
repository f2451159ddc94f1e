// local_chunks.txt as a file: what core/chunks/local_chunks.hpp says of its text, read from and written to a
// chunk folder.
#pragma once

#include "core/chunks/local_chunks.hpp"

#include <tl/expected.hpp>

#include <filesystem>
#include <string>

namespace p2p {

inline constexpr const char* listing_name = "local_chunks.txt";

/// The error is one line: "/data/set/local_chunks.txt:3: index 9 is over the count of 5".
tl::expected<chunk_listing, std::string> read_listing(const std::filesystem::path& folder);

/// Replaces it in one step.
tl::expected<void, std::string> write_listing(int folder_fd, const chunk_listing& listing);

}  // namespace p2p
