// Opens files by names that came from elsewhere, and never one outside of the folder that they belong to.
#pragma once

#include "storage/unique_fd.hpp"

#include <tl/expected.hpp>

#include <string>
#include <sys/types.h>

namespace p2p {

/// Opens `name`, which may have folders in it, beneath the folder; refuses absolute names, a way out through
/// "..", and any symlink on the way or at its end. `flags` and `mode` as for open(2); O_CLOEXEC is added.
/// Where the file may be a pipe, add O_NONBLOCK: opening one waits otherwise. The error is one line:
/// "/data/set/chunk_3: No such file or directory".
tl::expected<unique_fd, std::string> open_beneath(int folder_fd, const std::string& name, int flags,
                                                  mode_t mode = 0);

/// The same without openat2(2), which kernels before 5.6 lack and some sandboxes forbid; open_beneath falls
/// back to it by itself. Refuses every "..", also one that stays inside.
tl::expected<unique_fd, std::string> open_beneath_by_walking(int folder_fd, const std::string& name,
                                                             int flags, mode_t mode = 0);

}  // namespace p2p
