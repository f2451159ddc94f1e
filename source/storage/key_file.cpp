#include "storage/key_file.hpp"

#include "core/base/units.hpp"
#include "storage/files.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

namespace p2p {

namespace {

constexpr mode_t of_others = S_IRWXG | S_IRWXO;

}  // namespace

tl::expected<std::vector<swarm_key>, std::string> read_key_file(const std::filesystem::path& path) {
    const unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (!file) return tl::unexpected{failure(path.native(), errno)};
    if (std::string why = why_not_private(file.get(), path); !why.empty()) return tl::unexpected{why};
    const auto text = read_small_file(file, path.native(), max_key_file_size);
    if (!text) return tl::unexpected{text.error()};
    auto keys = parse_key_file(*text);
    if (!keys) return tl::unexpected{about(path.native(), keys.error())};
    return keys;
}

std::string why_not_private(int file, const std::filesystem::path& path) {
    struct stat info {};
    if (::fstat(file, &info) != 0) return failure(path.native(), errno);
    if ((info.st_mode & of_others) == 0) return {};
    return about(path.native(), fmt::format("others than its owner may use this file: chmod 600 {}",
                                            printable(path.native())));
}

void make_private(int file) {
    struct stat info {};
    if (::fstat(file, &info) == 0 && S_ISREG(info.st_mode)) ::fchmod(file, info.st_mode & ~of_others);
}

}  // namespace p2p
