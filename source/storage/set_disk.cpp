#include "storage/set_disk.hpp"

#include "storage/beneath.hpp"
#include "storage/files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <sys/stat.h>

namespace p2p {

namespace {

constexpr const char* temporary_link = "link";

/// "a/b" and "c" of "a/b/c"; "" and "c" of "c".
std::pair<std::string_view, std::string> split_path(std::string_view path) {
    const auto slash = path.rfind('/');
    if (slash == std::string_view::npos) return {{}, std::string{path}};
    return {path.substr(0, slash), std::string{path.substr(slash + 1)}};
}

std::optional<set_disk::found> found_in(const unique_fd& file) {
    struct stat info {};
    if (!file || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
    const auto stamp = stamp_from(info);
    return set_disk::found{stamp, (info.st_mode & S_IXUSR) != 0};
}

}  // namespace

tl::expected<std::shared_ptr<set_disk>, std::string> set_disk::open(const std::filesystem::path& root,
                                                                    std::shared_ptr<const manifest> set,
                                                                    std::optional<set_state> state) {
    auto folder = state ? state->open_root() : open_folder(root);
    if (!folder) return tl::unexpected{folder.error()};
    held_folder always_open;
    if (!state) always_open = std::make_shared<const unique_fd>(std::move(*folder));
    return std::shared_ptr<set_disk>{
        new set_disk{root, std::move(set), std::move(state), std::move(always_open)}};
}

set_disk::set_disk(std::filesystem::path root, std::shared_ptr<const manifest> set,
                   std::optional<set_state> state, held_folder always_open)
    : root_(std::move(root)),
      set_(std::move(set)),
      state_(std::move(state)),
      always_open_(std::move(always_open)),
      placed_(set_->entry_count()) {}

tl::unexpected<std::string> set_disk::failed(std::string_view path, int error) const {
    return tl::unexpected{failure((root_ / path).native(), error)};
}

std::string set_disk::path_of(std::uint32_t entry) const {
    return std::string{set_->entry(entry).path};
}

tl::expected<set_disk::held_folder, std::string> set_disk::open_root() const {
    if (always_open_) return always_open_;
    const std::scoped_lock lock{root_mutex_};
    if (auto open = opened_root_.lock()) return open;
    auto opened = state_->open_root();
    if (!opened) return tl::unexpected{opened.error()};
    auto shared = std::make_shared<const unique_fd>(std::move(*opened));
    opened_root_ = shared;
    return shared;
}

tl::expected<unique_fd, std::string> set_disk::open_below(std::string_view path, int flags) const {
    const auto root = open_root();
    if (!root) return tl::unexpected{root.error()};
    return open_beneath((*root)->get(), std::string{path}, flags);
}

// Where it cannot be opened, errno says why.
unique_fd set_disk::open_incoming(const std::string& name, int flags, mode_t mode) const {
    const unique_fd folder = state_->open_incoming();
    if (!folder) return {};
    return unique_fd{::openat(folder.get(), name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC, mode)};
}

void set_disk::set_placed(std::uint32_t entry, const file_stamp& stamp) {
    const std::scoped_lock lock{mutex_};
    placed_[entry] = stamp;
}

std::optional<file_stamp> set_disk::placed(std::uint32_t entry) const {
    const std::scoped_lock lock{mutex_};
    return placed_[entry];
}

bool set_disk::is_bare() const {
    std::error_code error;
    for (std::filesystem::directory_iterator at{root_, error}, end; !error && at != end; at.increment(error))
        if (at->path().filename() != state_folder_name) return false;
    return !error;
}

std::vector<std::uint32_t> set_disk::staged() const {
    std::vector<std::uint32_t> entries;
    if (!state_) return entries;
    const unique_fd incoming = state_->open_incoming();
    for (const std::string& name : names_beneath(incoming.get())) {
        std::uint32_t entry = 0;
        const auto [rest, wrong] = std::from_chars(name.data(), name.data() + name.size(), entry);
        if (wrong == std::errc{} && rest == name.data() + name.size() && entry < set_->entry_count() &&
            set_->entry(entry).is_file())
            entries.push_back(entry);
    }
    return entries;
}

std::optional<set_disk::found> set_disk::look(std::uint32_t entry) const {
    const auto file = open_below(path_of(entry), O_PATH | O_NOFOLLOW);
    return file ? found_in(*file) : std::nullopt;
}

std::optional<set_disk::found> set_disk::look_at_staged(std::uint32_t entry) const {
    if (!state_) return std::nullopt;
    return found_in(open_incoming(std::to_string(entry), O_PATH));
}

bool set_disk::is_hole(std::uint32_t entry, byte_count from, byte_count size) const {
    if (!state_) return false;
    const unique_fd file = open_incoming(std::to_string(entry), O_RDONLY);
    const off_t data = file ? ::lseek(file.get(), static_cast<off_t>(from), SEEK_DATA) : -1;
    return data < 0 ? errno == ENXIO : static_cast<byte_count>(data) >= from + size;
}

tl::expected<unique_fd, std::string> set_disk::open_in_place(std::uint32_t entry) const {
    return open_below(path_of(entry), O_RDONLY | O_NONBLOCK);
}

// A staged file may be moved to its place at any moment.
tl::expected<unique_fd, std::string> set_disk::open_to_read(std::uint32_t entry) const {
    if (state_ && !placed(entry)) {
        unique_fd staged = open_incoming(std::to_string(entry), O_RDONLY);
        if (staged) return staged;
    }
    auto file = open_in_place(entry);
    if (!file) return file;
    struct stat now {};
    if (::fstat(file->get(), &now) != 0) return tl::unexpected{failure(shown(entry), errno)};
    if (!S_ISREG(now.st_mode)) return tl::unexpected{about(shown(entry), "not a regular file")};
    if (placed(entry) != stamp_from(now))
        return tl::unexpected{about(shown(entry), "changed since it was hashed")};
    return file;
}

tl::expected<unique_fd, std::string> set_disk::open_staged(std::uint32_t entry) {
    const mode_t mode = set_->entry(entry).kind == entry_kind::executable ? 0777 : 0666;
    unique_fd file = open_incoming(std::to_string(entry), O_WRONLY | O_CREAT, mode);
    if (!file) return failed(path_of(entry), errno);
    return file;
}

tl::expected<unique_fd, std::string> set_disk::open_scratch() {
    const std::string name = fmt::format("copy-{}", ++scratches_);
    const unique_fd incoming = state_->open_incoming();
    if (!incoming) return tl::unexpected{failure(root_.native(), errno)};
    unique_fd file{::openat(incoming.get(), name.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    if (!file) return tl::unexpected{failure(name_in(incoming.get(), name), errno)};
    ::unlinkat(incoming.get(), name.c_str(), 0);
    return file;
}

// The folder that a path is in, made where it is not there; of the last one that was asked for, at once.
tl::expected<int, std::string> set_disk::parent_of(std::string_view path) {
    const std::string_view parent = split_path(path).first;
    if (parent_path_ != parent) {
        forget_parent();
        const auto share = [](unique_fd folder) {
            return std::make_shared<const unique_fd>(std::move(folder));
        };
        auto opened = parent.empty() ? open_root() : folder_beneath(parent).map(share);
        if (!opened) return tl::unexpected{opened.error()};
        parent_ = std::move(*opened);
        parent_path_ = parent;
    }
    return parent_->get();
}

tl::expected<unique_fd, std::string> set_disk::folder_beneath(std::string_view path) {
    const auto root = open_root();
    if (!root) return tl::unexpected{root.error()};
    if (auto there = open_beneath((*root)->get(), std::string{path}, O_PATH | O_DIRECTORY)) return there;
    unique_fd reached;
    for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string part{path.substr(begin, end - begin)};
        const int in = reached ? reached.get() : (*root)->get();
        if (::mkdirat(in, part.c_str(), 0777) != 0 && errno != EEXIST)
            return failed(path.substr(0, end), errno);
        unique_fd next{::openat(in, part.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
        if (!next && (errno == ENOTDIR || errno == ELOOP))
            return tl::unexpected{about((root_ / path.substr(0, end)).native(),
                                        "is in the way: the file-set has a folder of that name")};
        if (!next) return failed(path.substr(0, end), errno);
        reached = std::move(next);
        begin = end + 1;
    }
    return reached;
}

// Moves what is staged under this name to its place, over whatever file or link is there.
tl::expected<void, std::string> set_disk::put(const std::string& staged, std::string_view path) {
    const std::string name = split_path(path).second;
    const unique_fd incoming = state_->open_incoming();
    if (!incoming) return failed(path, errno);
    for (bool again = false;; again = true) {
        const auto parent = parent_of(path);
        if (!parent) return tl::unexpected{parent.error()};
        if (::renameat(incoming.get(), staged.c_str(), *parent, name.c_str()) == 0) return {};
        if (errno != ENOENT || again) break;
        forget_parent();  // the folder that was found before may be gone
    }
    if (errno == EISDIR || errno == ENOTEMPTY || errno == EEXIST)
        return tl::unexpected{
            about((root_ / path).native(), "is in the way: a folder, where the file-set has a file or link")};
    return failed(path, errno);
}

void set_disk::forget_parent() {
    parent_path_.reset();
    parent_.reset();
}

// Who finds nothing staged any more must find it recorded as placed: both under one lock.
tl::expected<file_stamp, std::string> set_disk::place(std::uint32_t entry) {
    const manifest_entry file = set_->entry(entry);
    const std::string name = std::to_string(entry);
    const auto staged = look_at_staged(entry);
    if (!staged || staged->stamp.size != file.size)
        return tl::unexpected{about(shown(entry), "vanished before it was complete")};
    const std::scoped_lock lock{mutex_};
    if (const auto put_there = put(name, file.path); !put_there) return tl::unexpected{put_there.error()};
    placed_[entry] = staged->stamp;
    return staged->stamp;
}

tl::expected<void, std::string> set_disk::set_executable(std::uint32_t entry, bool executable) {
    const auto file = open_in_place(entry);
    if (!file) return tl::unexpected{file.error()};
    struct stat info {};
    const mode_t bits = S_IXUSR | S_IXGRP | S_IXOTH;
    if (::fstat(file->get(), &info) != 0) return failed(path_of(entry), errno);
    // Whoever may read it may run it.
    const mode_t readers = (info.st_mode & (S_IRUSR | S_IRGRP | S_IROTH)) >> 2U;
    const mode_t mode = executable ? (info.st_mode | S_IXUSR | readers) : (info.st_mode & ~bits);
    if (::fchmod(file->get(), mode & 07777U) != 0) return failed(path_of(entry), errno);
    return {};
}

tl::expected<void, std::string> set_disk::make_contentless() {
    for (std::uint32_t number = 0; number < set_->entry_count(); ++number) {
        const manifest_entry entry = set_->entry(number);
        tl::expected<void, std::string> made;
        if (entry.is_file() && entry.size == 0 && !placed(number)) made = make_empty(number);
        if (entry.kind == entry_kind::folder)
            if (const auto folder = folder_beneath(entry.path); !folder)
                made = tl::unexpected{folder.error()};
        if (!made) return made;
    }
    // Links come last: nothing is made through one.
    for (std::uint32_t number = 0; number < set_->entry_count(); ++number) {
        if (set_->entry(number).kind != entry_kind::link || is_link_right(number)) continue;
        if (const auto made = make_link(set_->entry(number)); !made) return made;
    }
    return {};
}

tl::expected<void, std::string> set_disk::make_empty(std::uint32_t entry) {
    const auto staged = open_staged(entry);
    if (!staged) return tl::unexpected{staged.error()};
    return place(entry).map([](const file_stamp&) {});
}

tl::expected<void, std::string> set_disk::make_link(const manifest_entry& entry) {
    const unique_fd incoming = state_->open_incoming();
    if (!incoming) return failed(entry.path, errno);
    ::unlinkat(incoming.get(), temporary_link, 0);
    const std::string target{entry.target};
    if (::symlinkat(target.c_str(), incoming.get(), temporary_link) != 0) return failed(entry.path, errno);
    return put(temporary_link, entry.path);
}

bool set_disk::is_link_right(std::uint32_t number) const {
    const manifest_entry entry = set_->entry(number);
    const auto [parent, name] = split_path(entry.path);
    const auto root = open_root();
    if (!root) return false;
    unique_fd folder;
    if (!parent.empty()) {
        auto opened = open_beneath((*root)->get(), std::string{parent}, O_PATH | O_DIRECTORY);
        if (!opened) return false;
        folder = std::move(*opened);
    }
    std::array<char, max_path_length + 1> target{};
    const ssize_t length =
        ::readlinkat(folder ? folder.get() : (*root)->get(), name.c_str(), target.data(), target.size());
    return length >= 0 && std::string_view{target.data(), static_cast<std::size_t>(length)} == entry.target;
}

bool set_disk::is_folder_there(std::uint32_t number) const {
    return open_below(path_of(number), O_PATH | O_DIRECTORY).has_value();
}

tl::expected<void, std::string> set_disk::flush() {
    const auto root = open_root();
    if (!root) return tl::unexpected{root.error()};
    if (::syncfs((*root)->get()) != 0) return failed("", errno);
    return {};
}

}  // namespace p2p
