#include "storage/same_names.hpp"

#include "core/set/manifest.hpp"
#include "storage/files.hpp"
#include "storage/unique_fd.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace p2p {

namespace {

/// Makes a file that says its own name: where two names are one file, it is found under either, but says the
/// first. (Inodes do not tell: some file systems make one up for each name.)
bool is_taken(int folder_fd, const std::string& name) {
    const unique_fd made{::openat(folder_fd, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (!made) return errno == EEXIST;
    write_all(made.get(), std::as_bytes(std::span{name}));
    return false;
}

}  // namespace

std::optional<std::pair<std::string, std::string>> same_names(int folder_fd,
                                                              std::span<const std::string> names) {
    std::optional<std::pair<std::string, std::string>> found;
    std::size_t tried = 0;
    for (; tried < names.size() && !found; ++tried) {
        const std::string& name = names[tried];
        if (!is_taken(folder_fd, name)) continue;
        const auto said = read_small_file_in(folder_fd, name, max_component_length);
        const auto earlier = names.first(tried);
        if (said && std::ranges::find(earlier, *said) != earlier.end()) found.emplace(*said, name);
    }
    for (const std::string& name : names.first(tried)) ::unlinkat(folder_fd, name.c_str(), 0);
    return found;
}

}  // namespace p2p
