// Files to measure with.
#pragma once

#include "core/base/types.hpp"

#include <filesystem>

namespace p2p::bench {

/// Content that no zero page, hole or compression makes cheaper. Throws std::runtime_error.
void make_random_file(const std::filesystem::path& path, byte_count size);

/// Whether both are there, and have the same content.
bool same_bytes(const std::filesystem::path& one, const std::filesystem::path& other);

}  // namespace p2p::bench
