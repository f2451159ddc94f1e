// One line per event on stderr, each with the time; the same for all programs.
#pragma once

#include <string>

namespace p2p {

/// Whether lines for a terminal may be coloured.
enum class colours { where_usual, never };

/// trace, debug, info, warn, error or off. Throws std::invalid_argument for another word. Colours are usual
/// on a terminal where the environment has no NO_COLOR (no-color.org).
void start_logging(const std::string& level, colours allowed = colours::where_usual);

}  // namespace p2p
