// Whole small files in and out, and files that appear under their name complete or not at all.
// Every error is one line that names the file: "/data/set/chunk_3: No such file or directory".
#pragma once

#include "core/base/types.hpp"
#include "core/set/file_stamp.hpp"
#include "storage/unique_fd.hpp"

#include <tl/expected.hpp>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/types.h>
#include <vector>

namespace p2p {

/// "FILE: WHAT", safe for a terminal.
std::string about(std::string_view file, std::string_view what);

/// "FILE: what the errno means".
std::string failure(std::string_view file, int error);

/// The path of a file in an open folder, for messages (just the name where the system does not tell the
/// folder's).
std::string name_in(int folder_fd, std::string_view name);

tl::expected<unique_fd, std::string> open_folder(const std::filesystem::path& folder);

/// The content of a regular file of at most max_size bytes.
tl::expected<std::string, std::string> read_small_file(const std::filesystem::path& path,
                                                       byte_count max_size);

/// The same of an open one; `name` is for messages.
tl::expected<std::string, std::string> read_small_file(const unique_fd& file, const std::string& name,
                                                       byte_count max_size);

/// The same of a file in an open folder; a link is not followed.
tl::expected<std::string, std::string> read_small_file_in(int folder_fd, const std::string& name,
                                                          byte_count max_size);

/// The names of what is in an open folder, but "." and ".."; none where it cannot be read.
std::vector<std::string> names_beneath(int folder_fd);

file_stamp stamp_from(const struct stat& info);

/// What tells an open file from what it may become. An error where it is not a regular one; `name` is for
/// that.
tl::expected<file_stamp, std::string> stamp_of(int file, const std::string& name);

/// What read(2) says, but an interruption by a signal.
ssize_t read_some(int fd, std::span<std::byte> into);

/// Writes all of it, however often the system stops halfway. The result is 0 or an errno.
int write_all(int fd, std::span<const std::byte> bytes);

/// A file that is written beside its place, as ".p2p-NAME.tmp", and moved there by commit(). Without commit()
/// nothing is left of it. One writer at a time for each name.
class atomic_file {
public:
    /// `name` has no folder in it, and the folder outlives this. An existing file of that name stays until
    /// commit().
    static tl::expected<atomic_file, std::string> create(int folder_fd, const std::string& name,
                                                         mode_t mode = 0666);

    atomic_file(atomic_file&& other) noexcept = default;
    atomic_file& operator=(atomic_file&&) = delete;
    ~atomic_file();

    int fd() const { return fd_.get(); }

    /// Puts the content on the disk, and then the file in its place.
    tl::expected<void, std::string> commit();

private:
    atomic_file(int folder_fd, const std::string& name);
    tl::unexpected<std::string> failed() const;

    int folder_fd_;
    std::string name_;
    std::string temp_name_;
    unique_fd fd_;  // open while there is a temporary file
};

/// Replaces a file of an open folder in one step: after a crash it is the old or the new one.
tl::expected<void, std::string> write_file_atomically(int folder_fd, const std::string& name,
                                                      std::string_view text, mode_t mode = 0666);

}  // namespace p2p
