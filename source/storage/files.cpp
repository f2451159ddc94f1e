#include "storage/files.hpp"

#include "core/base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <system_error>
#include <vector>

namespace p2p {

namespace {

constexpr std::size_t longest_path = 4096;
constexpr std::size_t read_size = std::size_t{64} << 10U;

tl::unexpected<std::string> failed(const std::filesystem::path& path) {
    return tl::unexpected{failure(path.native(), errno)};
}

}  // namespace

std::string about(std::string_view file, std::string_view what) {
    return fmt::format("{}: {}", printable(file, longest_path), what);
}

std::string failure(std::string_view file, int error) {
    return about(file, std::generic_category().message(error));
}

std::string name_in(int folder_fd, std::string_view name) {
    std::error_code unknown;
    const auto folder = std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", folder_fd), unknown);
    return printable(unknown ? std::string{name} : (folder / name).native(), longest_path);
}

tl::expected<unique_fd, std::string> open_folder(const std::filesystem::path& folder) {
    unique_fd fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!fd) return failed(folder);
    return fd;
}

// The file may grow while it is read: its size says nothing for sure.
tl::expected<std::string, std::string> read_small_file(const unique_fd& file, const std::string& name,
                                                       byte_count max_size) {
    struct stat info {};
    if (!file || ::fstat(file.get(), &info) != 0) return tl::unexpected{failure(name, errno)};
    if (!S_ISREG(info.st_mode)) return tl::unexpected{about(name, "not a regular file")};
    std::string text;
    text.reserve(std::min<byte_count>(static_cast<byte_count>(info.st_size), max_size));
    std::vector<char> buffer(read_size);
    while (text.size() <= max_size) {
        const ssize_t got = read_some(file.get(), std::as_writable_bytes(std::span{buffer}));
        if (got < 0) return tl::unexpected{failure(name, errno)};
        if (got == 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return tl::unexpected{about(name, "larger than " + show_size(max_size))};
}

namespace {

// A pipe is refused afterwards, but opening one would wait for its writer.
constexpr int to_read_small_file = O_RDONLY | O_CLOEXEC | O_NONBLOCK;

}  // namespace

tl::expected<std::string, std::string> read_small_file(const std::filesystem::path& path,
                                                       byte_count max_size) {
    const unique_fd file{::open(path.c_str(), to_read_small_file)};
    return read_small_file(file, path.native(), max_size);
}

tl::expected<std::string, std::string> read_small_file_in(int folder_fd, const std::string& name,
                                                          byte_count max_size) {
    const unique_fd file{::openat(folder_fd, name.c_str(), to_read_small_file | O_NOFOLLOW)};
    return read_small_file(file, name_in(folder_fd, name), max_size);
}

std::vector<std::string> names_beneath(int folder_fd) {
    std::vector<std::string> names;
    unique_fd again{::openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!again) return names;
    const std::unique_ptr<DIR, int (*)(DIR*)> folder{::fdopendir(again.get()), ::closedir};
    if (!folder) return names;
    again.release();
    while (const dirent* one = ::readdir(folder.get())) {
        const std::string name = one->d_name;
        if (name != "." && name != "..") names.push_back(name);
    }
    return names;
}

file_stamp stamp_from(const struct stat& info) {
    // Unsigned, because times after 2262 do not fit; they only need to differ.
    constexpr std::uint64_t ns_per_s = 1'000'000'000;
    const std::uint64_t modified = static_cast<std::uint64_t>(info.st_mtim.tv_sec) * ns_per_s +
                                   static_cast<std::uint64_t>(info.st_mtim.tv_nsec);
    return {static_cast<byte_count>(info.st_size), static_cast<std::int64_t>(modified), info.st_ino};
}

tl::expected<file_stamp, std::string> stamp_of(int file, const std::string& name) {
    struct stat info {};
    if (::fstat(file, &info) != 0) return tl::unexpected{failure(name, errno)};
    if (!S_ISREG(info.st_mode)) return tl::unexpected{about(name, "not a regular file")};
    return stamp_from(info);
}

ssize_t read_some(int fd, std::span<std::byte> into) {
    ssize_t got = 0;
    do {
        got = ::read(fd, into.data(), into.size());
    } while (got < 0 && errno == EINTR);
    return got;
}

int write_all(int fd, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR) return errno;
        bytes = bytes.subspan(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    }
    return 0;
}

atomic_file::atomic_file(int folder_fd, const std::string& name)
    : folder_fd_{folder_fd}, name_{name}, temp_name_{".p2p-" + name + ".tmp"} {}

tl::unexpected<std::string> atomic_file::failed() const {
    const int error = errno;
    return tl::unexpected{failure(name_in(folder_fd_, name_), error)};
}

tl::expected<atomic_file, std::string> atomic_file::create(int folder_fd, const std::string& name,
                                                           mode_t mode) {
    atomic_file file{folder_fd, name};
    // One may be left from a run that was killed.
    ::unlinkat(folder_fd, file.temp_name_.c_str(), 0);
    file.fd_.reset(
        ::openat(folder_fd, file.temp_name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!file.fd_) return file.failed();
    return file;
}

atomic_file::~atomic_file() {
    if (fd_) ::unlinkat(folder_fd_, temp_name_.c_str(), 0);
}

tl::expected<void, std::string> atomic_file::commit() {
    if (::fdatasync(fd_.get()) != 0) return failed();
    if (::renameat(folder_fd_, temp_name_.c_str(), folder_fd_, name_.c_str()) != 0) return failed();
    fd_.reset();
    return {};
}

tl::expected<void, std::string> write_file_atomically(int folder_fd, const std::string& name,
                                                      std::string_view text, mode_t mode) {
    auto file = atomic_file::create(folder_fd, name, mode);
    if (!file) return tl::unexpected{file.error()};
    const int error = write_all(file->fd(), std::as_bytes(std::span{text}));
    if (error != 0) return tl::unexpected{failure(name_in(folder_fd, name), error)};
    return file->commit();
}

}  // namespace p2p
