#include "storage/beneath.hpp"

#include "storage/files.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string_view>
#include <sys/syscall.h>

namespace p2p {

namespace {

int open_at_once(int folder_fd, const std::string& name, int flags, mode_t mode) {
    open_how how{};
    how.flags = static_cast<unsigned>(flags);
    how.mode = mode;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    return static_cast<int>(::syscall(SYS_openat2, folder_fd, name.c_str(), &how, sizeof how));
}

/// The system's own words for a symlink ("Too many levels of symbolic links") speak of something else.
std::string why_not_opened(int folder_fd, const std::string& name, int error) {
    const std::string file = name_in(folder_fd, name);
    if (error == ELOOP) return about(file, "leads through a symbolic link");
    if (error == EXDEV) return about(file, "leads outside of its folder");
    return failure(file, error);
}

tl::expected<unique_fd, std::string> opened(int fd, int folder_fd, const std::string& name) {
    const int error = errno;
    if (fd < 0) return tl::unexpected{why_not_opened(folder_fd, name, error)};
    return unique_fd{fd};
}

bool is_without_openat2(int error) {
    return error == ENOSYS || error == EPERM;
}

/// Opens one part of a path, which must not be a symlink.
int open_part(int folder_fd, const std::string& part, int flags, mode_t mode) {
    if (part == "." || part == "..") {
        errno = EXDEV;
        return -1;
    }
    return ::openat(folder_fd, part.c_str(), flags | O_NOFOLLOW, mode);
}

}  // namespace

tl::expected<unique_fd, std::string> open_beneath(int folder_fd, const std::string& name, int flags,
                                                  mode_t mode) {
    const int fd = open_at_once(folder_fd, name, flags | O_CLOEXEC, mode);
    if (fd < 0 && is_without_openat2(errno)) return open_beneath_by_walking(folder_fd, name, flags, mode);
    return opened(fd, folder_fd, name);
}

tl::expected<unique_fd, std::string> open_beneath_by_walking(int folder_fd, const std::string& name,
                                                             int flags, mode_t mode) {
    unique_fd reached;
    std::string_view rest = name;
    for (std::size_t slash = rest.find('/'); slash != std::string_view::npos; slash = rest.find('/')) {
        // An empty first part is the root.
        const int folder = reached ? reached.get() : folder_fd;
        const std::string part = slash == 0 ? ".." : std::string{rest.substr(0, slash)};
        auto next = opened(open_part(folder, part, O_PATH | O_DIRECTORY | O_CLOEXEC, 0), folder_fd, name);
        if (!next) return next;
        reached = std::move(*next);
        rest.remove_prefix(slash + 1);
    }
    const int folder = reached ? reached.get() : folder_fd;
    return opened(open_part(folder, std::string{rest}, flags | O_CLOEXEC, mode), folder_fd, name);
}

}  // namespace p2p
