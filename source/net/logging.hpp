// One line per event on stderr, each with the time; the same for all programs.
#pragma once

#include <string>

namespace p2p {

/// trace, debug, info, warn, error or off. Throws std::invalid_argument for another word.
void start_logging(const std::string& level);

}  // namespace p2p
