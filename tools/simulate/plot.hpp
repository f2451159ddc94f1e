// The picture of a swarm's run: how far each leecher was over time, beside the fluid bound, and how many
// copies there were of the chunks. Knows nothing of files.
#pragma once

#include "swarm.hpp"

#include <string>

namespace p2p::simulation {

/// As SVG, for light and dark pages. The arrivals are recorded in `result`. `without`: of the same
/// swarm without hostile peers.
std::string plot(const swarm_options& options, const swarm_result& result,
                 const swarm_result* without = nullptr);

}  // namespace p2p::simulation
