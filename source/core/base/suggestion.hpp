// The word that somebody may have meant who typed another.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace p2p {

/// How many letters must be put in, left out, replaced, or swapped with their neighbours to make one of the
/// other (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The nearest of the known words. None: they are all quite different.
std::optional<std::string> suggestion_for(std::string_view typed, std::span<const std::string> known);

}  // namespace p2p
