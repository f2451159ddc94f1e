// A key file on disk (core/set/secret.hpp says what is in it): read only where nobody else could.
#pragma once

#include "core/set/secret.hpp"

#include <tl/expected.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace p2p {

/// The error is one line that names the file, and says what to do where others may read it.
tl::expected<std::vector<swarm_key>, std::string> read_key_file(const std::filesystem::path& path);

/// The same line where others may read or write an open file; "" where they may not. `path` is for that.
std::string why_not_private(int file, const std::filesystem::path& path);

/// Where this is an open regular file, nobody but its owner may read it from now on.
void make_private(int file);

}  // namespace p2p
