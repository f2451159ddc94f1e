#include "storage/file_copy.hpp"

#include "storage/files.hpp"

#include <algorithm>
#include <cerrno>
#include <span>
#include <unistd.h>

namespace p2p {

namespace {

constexpr std::size_t buffer_size = std::size_t{1} << 20U;
constexpr byte_count most_at_once = byte_count{1} << 30U;

/// Stops at the end, and at whatever is wrong: plain reading then meets the same, and knows which file it is
/// with.
byte_count copy_in_kernel(int from, int to, byte_count limit) {
    byte_count copied = 0;
    while (copied < limit) {
        const auto size = static_cast<std::size_t>(std::min(limit - copied, most_at_once));
        const ssize_t moved = ::copy_file_range(from, nullptr, to, nullptr, size, 0);
        if (moved < 0 && errno == EINTR) continue;
        if (moved <= 0) break;
        copied += static_cast<byte_count>(moved);
    }
    return copied;
}

}  // namespace

tl::expected<byte_count, std::string> file_copier::copy(const named_file& from, const named_file& to,
                                                        byte_count limit) {
    const byte_count copied = copy_in_kernel(from.fd, to.fd, limit);
    if (copied == limit) return copied;
    return copy_by_buffer(from, to, limit - copied).map([&](byte_count more) { return copied + more; });
}

tl::expected<byte_count, std::string> file_copier::copy_by_buffer(const named_file& from,
                                                                  const named_file& to, byte_count limit) {
    buffer_.resize(buffer_size);
    byte_count copied = 0;
    while (copied < limit) {
        const auto room = std::span{buffer_}.first(std::min<byte_count>(limit - copied, buffer_size));
        const ssize_t got = read_some(from.fd, room);
        if (got < 0) return tl::unexpected{failure(from.name, errno)};
        if (got == 0) break;
        const auto size = static_cast<std::size_t>(got);
        if (const int error = write_all(to.fd, room.first(size)))
            return tl::unexpected{failure(to.name, error)};
        copied += size;
    }
    return copied;
}

}  // namespace p2p
