// Copies bytes from one open file to another: inside the kernel where it can, else through one bounded
// buffer.
#pragma once

#include "core/base/types.hpp"

#include <tl/expected.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace p2p {

/// An open file, and what to call it in an error.
struct named_file {
    int fd = -1;
    std::string name;
};

class file_copier {
public:
    /// Copies up to `limit` bytes from where each file is, less only where the source ends. Returns how many.
    /// The error is one line that names the file that it was with.
    tl::expected<byte_count, std::string> copy(const named_file& from, const named_file& to,
                                               byte_count limit);

private:
    tl::expected<byte_count, std::string> copy_by_buffer(const named_file& from, const named_file& to,
                                                         byte_count limit);

    std::vector<std::byte> buffer_;
};

}  // namespace p2p
