// File systems that ignore case take two paths of a set for one.
#pragma once

#include "core/set/manifest.hpp"

#include <optional>
#include <string>
#include <utility>

namespace p2p {

/// Two paths (folders count too) that differ only in the case of ASCII letters, if there are any. Beyond
/// ASCII, file systems differ in what they take for the same.
std::optional<std::pair<std::string, std::string>> case_collision(const manifest& set);

}  // namespace p2p
