// How a file or folder is to be published.
#pragma once

#include "core/base/types.hpp"

#include <string>

namespace p2p {

enum class chunking { fixed, content_defined };

struct share_options {
    std::string name;           ///< empty: that of the file or folder
    byte_count chunk_size = 0;  ///< on average, where content-defined; 0: what is usual for the size
    chunking cut = chunking::fixed;
};

}  // namespace p2p
