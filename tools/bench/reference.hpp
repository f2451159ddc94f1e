// The least that moving a checked file can cost: sendfile(2) on one side, recv + pwrite + SHA-256 on the
// other, with blocking calls over loopback, each side in a process of its own.
#pragma once

#include "core/base/types.hpp"

#include <filesystem>
#include <vector>

namespace p2p::bench {

struct transfer_cost {
    duration took{};      ///< until the last receiver was through
    duration cpu_time{};  ///< of all processes together
};

/// Sends the file to each of these (new) files at once. Throws std::runtime_error.
transfer_cost send_plainly(const std::filesystem::path& from, const std::vector<std::filesystem::path>& to);

}  // namespace p2p::bench
