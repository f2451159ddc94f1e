// What tells, without reading it, that a file is still the one that was hashed.
#pragma once

#include "core/base/types.hpp"

#include <cstdint>

namespace p2p {

struct file_stamp {
    byte_count size = 0;
    std::int64_t modified_ns = 0;  ///< time of the last modification, since 1970
    std::uint64_t inode = 0;
    friend bool operator==(const file_stamp&, const file_stamp&) = default;
};

}  // namespace p2p
