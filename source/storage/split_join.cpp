#include "storage/split_join.hpp"

#include "core/chunks/chunk_set.hpp"
#include "storage/beneath.hpp"
#include "storage/file_copy.hpp"
#include "storage/files.hpp"
#include "storage/listing_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <optional>
#include <sys/stat.h>

namespace p2p {

namespace {

namespace fs = std::filesystem;
using nothing = tl::expected<void, std::string>;

tl::unexpected<std::string> refused(const fs::path& file, std::string_view why) {
    return tl::unexpected{about(file.native(), why)};
}

tl::expected<struct stat, std::string> info_of(const named_file& file) {
    struct stat info {};
    if (::fstat(file.fd, &info) != 0) return tl::unexpected{failure(file.name, errno)};
    if (!S_ISREG(info.st_mode)) return refused(file.name, "not a regular file");
    return info;
}

// Split.

std::string chunk_name(std::uint32_t index) {
    return fmt::format("chunk_{}", index);
}

/// As --chunk-size takes it.
std::string exact_size(byte_count power_of_two) {
    if (power_of_two >= byte_count{1} << 20U) return fmt::format("{}MiB", power_of_two >> 20U);
    if (power_of_two >= byte_count{1} << 10U) return fmt::format("{}KiB", power_of_two >> 10U);
    return fmt::format("{}", power_of_two);
}

byte_count divided_up(byte_count size, byte_count by) {
    return size / by + (size % by != 0 ? 1 : 0);
}

tl::expected<std::uint32_t, std::string> count_chunks(const fs::path& file, byte_count size,
                                                      byte_count chunk_size) {
    if (chunk_size == 0) return tl::unexpected{std::string{"the chunk size must be more than 0"}};
    if (size == 0) return refused(file, "is empty, and a file-set has at least one chunk");
    const byte_count count = divided_up(size, chunk_size);
    if (count <= max_chunk_count) return static_cast<std::uint32_t>(count);
    const byte_count enough = std::bit_ceil(divided_up(size, max_chunk_count));
    return refused(file, fmt::format("would need {} chunks, more than {}: use --chunk-size {}", count,
                                     max_chunk_count, exact_size(enough)));
}

/// The folder that chunks are written into. Unless keep() is called, it takes them away again, and itself if
/// it is new.
class new_chunk_folder {
public:
    static tl::expected<new_chunk_folder, std::string> create(const fs::path& path) {
        std::error_code error;
        const bool is_new = fs::create_directories(path, error);
        if (error) return tl::unexpected{failure(path.native(), error.value())};
        new_chunk_folder folder{path, is_new};
        auto fd = open_folder(path);
        if (!fd) return tl::unexpected{fd.error()};
        folder.fd_ = std::move(*fd);
        if (::faccessat(folder.fd_.get(), listing_name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
            return refused(path, "is a chunk folder already (it has a local_chunks.txt)");
        return folder;
    }

    new_chunk_folder(new_chunk_folder&& other) noexcept = default;
    new_chunk_folder& operator=(new_chunk_folder&&) = delete;
    ~new_chunk_folder() {
        if (!fd_) return;
        for (; written_ > 0; --written_) ::unlinkat(fd_.get(), chunk_name(written_).c_str(), 0);
        if (is_new_) ::rmdir(path_.c_str());
    }

    /// The file for the next chunk, 1 to begin with.
    tl::expected<unique_fd, std::string> create_next() {
        const std::string name = chunk_name(written_ + 1);
        auto fd = open_beneath(fd_.get(), name, O_WRONLY | O_CREAT | O_EXCL, 0666);
        if (fd) ++written_;
        return fd;
    }

    std::string name_of_last() const { return (path_ / chunk_name(written_)).native(); }

    /// Lists what was written, as the whole set, and keeps it.
    nothing keep() {
        // The listing must not outlive a crash that the chunks do not.
        if (::syncfs(fd_.get()) != 0) return tl::unexpected{failure(path_.native(), errno)};
        auto listed = write_listing(fd_.get(), listing());
        if (listed) fd_.reset();
        return listed;
    }

private:
    new_chunk_folder(fs::path path, bool is_new) : path_{std::move(path)}, is_new_{is_new} {}

    chunk_listing listing() const {
        chunk_listing all{written_, {}};
        for (std::uint32_t i = 1; i <= written_; ++i)
            all.names.emplace_hint(all.names.end(), chunk_index{i}, chunk_name(i));
        return all;
    }

    fs::path path_;
    bool is_new_;
    unique_fd fd_;  // open while what was written may have to go again
    std::uint32_t written_ = 0;
};

nothing write_chunk(const named_file& source, new_chunk_folder& folder, byte_count size,
                    file_copier& copier) {
    const auto fd = folder.create_next();
    if (!fd) return tl::unexpected{fd.error()};
    const auto copied = copier.copy(source, named_file{fd->get(), folder.name_of_last()}, size);
    if (!copied) return tl::unexpected{copied.error()};
    if (*copied < size) return refused(source.name, "became shorter while it was read");
    return {};
}

// Join.

bool same_file(const struct stat& a, const struct stat& b) {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/// What is there under the name of the result; nothing where nothing is.
std::optional<struct stat> existing(const fs::path& out) {
    struct stat info {};
    return ::stat(out.c_str(), &info) == 0 ? std::optional{info} : std::nullopt;
}

nothing require_whole(const fs::path& folder, const chunk_listing& listing) {
    constexpr std::size_t shown_length = 60;
    auto missing = chunk_set::first(listing.count);
    for (const auto& listed : listing.names) missing.erase(listed.first);
    if (missing.empty()) return {};
    const auto ranges = missing.to_ranges(shown_length);
    return refused(folder, fmt::format("{} of {} chunks missing: {}{}", missing.size(), listing.count,
                                       ranges.front(), ranges.size() > 1 ? ",..." : ""));
}

/// A result that is to be replaced must be a file, and not one of those that it is made from.
nothing require_replaceable(const fs::path& folder, const fs::path& out,
                            const std::optional<struct stat>& old) {
    if (!out.has_filename()) return refused(out, "not a file name");
    if (!old) return {};
    if (!S_ISREG(old->st_mode)) return refused(out, "exists, and is not a regular file");
    const auto listing = existing(folder / listing_name);
    if (listing && same_file(*listing, *old)) return refused(out, "is the local_chunks.txt of the folder");
    return {};
}

/// Puts chunk after chunk into the result.
class joiner {
public:
    joiner(int folder_fd, named_file result, std::optional<struct stat> replaced)
        : folder_fd_{folder_fd}, result_{std::move(result)}, replaced_{replaced} {}

    tl::expected<byte_count, std::string> append(const std::string& name) {
        // A pipe is refused below, but opening one would wait for its writer.
        const auto fd = open_beneath(folder_fd_, name, O_RDONLY | O_NONBLOCK);
        if (!fd) return tl::unexpected{fd.error()};
        const named_file chunk{fd->get(), name_in(folder_fd_, name)};
        const auto info = info_of(chunk);
        if (!info) return tl::unexpected{info.error()};
        if (replaced_ && same_file(*info, *replaced_)) return refused(result_.name, "is one of the chunks");
        return copier_.copy(chunk, result_, std::numeric_limits<byte_count>::max());
    }

private:
    int folder_fd_;
    named_file result_;
    std::optional<struct stat> replaced_;
    file_copier copier_;
};

tl::expected<byte_count, std::string> append_all(joiner join, const chunk_listing& listing) {
    byte_count total = 0;
    for (const auto& listed : listing.names) {
        const auto size = join.append(listed.second);
        if (!size) return size;
        total += *size;
    }
    return total;
}

tl::expected<byte_count, std::string> join_into(int out_folder, const fs::path& out, int chunk_folder,
                                                const chunk_listing& listing) {
    const auto old = existing(out);
    auto result = atomic_file::create(out_folder, out.filename());
    if (!result) return tl::unexpected{result.error()};
    if (old) ::fchmod(result->fd(), old->st_mode & 07777U);
    auto total = append_all(joiner{chunk_folder, named_file{result->fd(), out}, old}, listing);
    if (!total) return total;
    const auto done = result->commit();
    if (!done) return tl::unexpected{done.error()};
    return total;
}

/// Where a symlink points, so that the file is replaced and not the link.
fs::path behind_link(const fs::path& out) {
    std::error_code error;
    const fs::path target = fs::canonical(out, error);
    return error ? out : target;
}

}  // namespace

tl::expected<std::uint32_t, std::string> split_file(const fs::path& file, const fs::path& into,
                                                    byte_count chunk_size) {
    const unique_fd fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (!fd) return tl::unexpected{failure(file.native(), errno)};
    const named_file source{fd.get(), file};
    const auto info = info_of(source);
    if (!info) return tl::unexpected{info.error()};
    auto remaining = static_cast<byte_count>(info->st_size);
    auto count = count_chunks(file, remaining, chunk_size);
    if (!count) return count;

    auto folder = new_chunk_folder::create(into);
    if (!folder) return tl::unexpected{folder.error()};
    file_copier copier;
    for (; remaining > 0; remaining -= std::min(remaining, chunk_size)) {
        const auto written = write_chunk(source, *folder, std::min(remaining, chunk_size), copier);
        if (!written) return tl::unexpected{written.error()};
    }
    const auto kept = folder->keep();
    if (!kept) return tl::unexpected{kept.error()};
    return count;
}

tl::expected<byte_count, std::string> join_chunks(const fs::path& folder, const fs::path& out) {
    const auto listing = read_listing(folder);
    if (!listing) return tl::unexpected{listing.error()};
    const fs::path target = behind_link(out);
    const auto allowed = require_whole(folder, *listing).and_then([&] {
        return require_replaceable(folder, target, existing(target));
    });
    if (!allowed) return tl::unexpected{allowed.error()};
    const auto chunks_fd = open_folder(folder);
    if (!chunks_fd) return tl::unexpected{chunks_fd.error()};
    const auto out_fd = open_folder(target.has_parent_path() ? target.parent_path() : ".");
    if (!out_fd) return tl::unexpected{out_fd.error()};
    return join_into(out_fd->get(), target, chunks_fd->get(), *listing);
}

}  // namespace p2p
