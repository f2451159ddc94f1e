#include "storage/scan.hpp"

#include "core/base/units.hpp"
#include "storage/beneath.hpp"
#include "storage/files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <memory>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <utility>

namespace p2p {

namespace {

// No link's target is longer on Linux.
constexpr std::size_t longest_target = 4096;
constexpr std::size_t quoted_length = 60;

using error_line = tl::unexpected<std::string>;

struct folder_closer {
    void operator()(DIR* folder) const { ::closedir(folder); }
};
using open_listing = std::unique_ptr<DIR, folder_closer>;

/// What is left out by patterns.
class exclusion {
public:
    explicit exclusion(const std::vector<std::string>& patterns) {
        for (const std::string& pattern : patterns) add(pattern);
    }

    /// Whether to leave out what has this name and path. The folders that it is in were asked for before.
    bool matches(const std::string& name, const std::string& path) const {
        return matches_any(of_names_, name) || matches_any(of_paths_, path);
    }

private:
    // "build/" and "/build" are what people type for a folder and for what is right beneath the root: a
    // pattern that silently matched nothing would publish what they meant to keep.
    void add(std::string_view pattern) {
        while (pattern.ends_with('/')) pattern.remove_suffix(1);
        const bool of_path = pattern.find('/') != std::string_view::npos;
        if (pattern.starts_with('/')) pattern.remove_prefix(1);
        (of_path ? of_paths_ : of_names_).emplace_back(pattern);
    }

    static bool matches_any(const std::vector<std::string>& patterns, const std::string& text) {
        return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
            return ::fnmatch(pattern.c_str(), text.c_str(), FNM_PATHNAME) == 0;
        });
    }

    std::vector<std::string> of_names_;
    std::vector<std::string> of_paths_;
};

entry_kind kind_of_file(const struct stat& info) {
    return (info.st_mode & S_IXUSR) != 0 ? entry_kind::executable : entry_kind::file;
}

std::string beneath(const std::string& folder, const std::string& name) {
    return folder.empty() ? name : folder + '/' + name;
}

/// Why a manifest takes no link with this target; "" where it does.
std::string why_no_link(const std::string& path, const std::string& target) {
    const std::string why = why_no_target(path, target);
    return why.empty() ? why : fmt::format("its target \"{}\" {}", printable(target, quoted_length), why);
}

/// Walks folder by folder. What is still to be read is kept as paths: however deep a tree is, two folders are
/// open at a time.
class tree_scanner {
public:
    tree_scanner(std::filesystem::path root, unique_fd root_fd, const std::vector<std::string>& excludes)
        : root_fd_{std::move(root_fd)}, exclusion_{excludes} {
        tree_.root = std::move(root);
    }

    tl::expected<scanned_tree, std::string> scan_folder() {
        tree_.name = tree_.root.filename().native();
        folders_.emplace_back();
        while (!folders_.empty()) {
            const std::string folder = std::move(folders_.back());
            folders_.pop_back();
            if (const auto read = read_folder(folder); !read) return error_line{read.error()};
        }
        return finish();
    }

    tl::expected<scanned_tree, std::string> scan_file(const std::string& name) {
        tree_.name = name;
        if (const auto added = add(root_fd_.get(), name, name); !added) return error_line{added.error()};
        return finish();
    }

private:
    std::string shown(const std::string& path) const {
        return path.empty() ? tree_.root.native() : (tree_.root / path).native();
    }

    error_line failed(const std::string& path) const {
        const int error = errno;
        return error_line{failure(shown(path), error)};
    }

    tl::expected<open_listing, std::string> open(const std::string& folder) const {
        auto fd = folder.empty() ? open_folder(tree_.root)
                                 : open_beneath(root_fd_.get(), folder, O_RDONLY | O_DIRECTORY);
        if (!fd) return error_line{fd.error()};
        open_listing listing{::fdopendir(fd->get())};
        if (!listing) return failed(folder);
        fd->release();  // the listing closes it
        return listing;
    }

    tl::expected<void, std::string> read_folder(const std::string& folder) {
        const auto listing = open(folder);
        if (!listing) return error_line{listing.error()};
        bool is_empty = true;
        for (errno = 0; const dirent* entry = ::readdir(listing->get()); errno = 0) {
            const std::string name = entry->d_name;
            if (name == "." || name == "..") continue;
            const auto added = add(::dirfd(listing->get()), name, beneath(folder, name));
            if (!added) return error_line{added.error()};
            if (*added) is_empty = false;
        }
        if (errno != 0) return failed(folder);
        if (is_empty && !folder.empty()) tree_.items.push_back({{entry_kind::folder, folder, 0, {}}, {}});
        return {};
    }

    /// False for what is left out.
    tl::expected<bool, std::string> add(int folder_fd, const std::string& name, const std::string& path) {
        if (exclusion_.matches(name, path)) return false;
        struct stat info {};
        if (::fstatat(folder_fd, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return failed(path);
        if (S_ISDIR(info.st_mode)) return add_folder(name, path);
        if (S_ISLNK(info.st_mode)) return add_link(folder_fd, name, path);
        if (S_ISREG(info.st_mode)) return add_file(folder_fd, name, path, info);
        tree_.left_out.push_back(path);
        return false;
    }

    bool add_folder(const std::string& name, const std::string& path) {
        if (name == state_folder_name) return false;
        // Beneath a wrong path all paths are wrong: one complaint is enough.
        if (is_taken(path, why_no_path(path))) folders_.push_back(path);
        return true;
    }

    tl::expected<bool, std::string> add_link(int folder_fd, const std::string& name,
                                             const std::string& path) {
        std::array<char, longest_target> target{};
        const ssize_t length = ::readlinkat(folder_fd, name.c_str(), target.data(), target.size());
        if (length < 0) return failed(path);
        std::string to{target.data(), static_cast<std::size_t>(length)};
        if (is_taken(path, why_no_path(path)) && is_taken(path, why_no_link(path, to)))
            tree_.items.push_back({{entry_kind::link, path, 0, std::move(to)}, {}});
        return true;
    }

    tl::expected<bool, std::string> add_file(int folder_fd, const std::string& name, const std::string& path,
                                             const struct stat& info) {
        // Better now than after hours of hashing.
        if (::faccessat(folder_fd, name.c_str(), R_OK, AT_EACCESS) != 0) return failed(path);
        const file_stamp stamp = stamp_from(info);
        if (is_taken(path, why_no_path(path)))
            tree_.items.push_back({{kind_of_file(info), path, stamp.size, {}}, stamp});
        return true;
    }

    /// Whether a manifest takes it, given why it does not. Notes a refusal: how many there are, and the first
    /// in the order of paths.
    bool is_taken(const std::string& path, const std::string& why_not) {
        if (why_not.empty()) return true;
        if (refused_++ > 0 && !path_less(path, first_refused_)) return false;
        first_refused_ = path;
        why_refused_ = why_not;
        return false;
    }

    std::string refusal() const {
        const std::string more = refused_ == 1
                                     ? "--exclude leaves it out"
                                     : fmt::format("and {} more: --exclude leaves them out", refused_ - 1);
        return about(shown(first_refused_), fmt::format("{} ({})", why_refused_, more));
    }

    tl::expected<scanned_tree, std::string> finish() {
        if (refused_ > 0) return error_line{refusal()};
        if (tree_.items.empty()) return error_line{about(shown(""), "nothing in it is left to share")};
        std::sort(tree_.items.begin(), tree_.items.end(), [](const scanned_item& a, const scanned_item& b) {
            return path_less(a.item.path, b.item.path);
        });
        std::sort(tree_.left_out.begin(), tree_.left_out.end(), path_less);
        return std::move(tree_);
    }

    unique_fd root_fd_;
    exclusion exclusion_;
    scanned_tree tree_;
    std::vector<std::string> folders_;  // still to be read; "" is the root
    std::size_t refused_ = 0;
    std::string first_refused_;
    std::string why_refused_;
};

}  // namespace

tl::expected<scanned_tree, std::string> scan_tree(const std::filesystem::path& path,
                                                  const std::vector<std::string>& excludes) {
    std::error_code error;
    const auto shared = std::filesystem::canonical(path, error);
    const auto status = error ? std::filesystem::file_status{} : std::filesystem::status(shared, error);
    if (error) return error_line{failure(path.native(), error.value())};
    const bool is_folder = std::filesystem::is_directory(status);
    if (!is_folder && !std::filesystem::is_regular_file(status))
        return error_line{about(path.native(), "neither a file nor a folder")};
    if (!shared.has_relative_path()) return error_line{about(path.native(), "the root folder has no name")};
    auto root = is_folder ? shared : shared.parent_path();
    auto root_fd = open_folder(root);
    if (!root_fd) return error_line{root_fd.error()};
    tree_scanner scanner{std::move(root), std::move(*root_fd), excludes};
    return is_folder ? scanner.scan_folder() : scanner.scan_file(shared.filename().native());
}

}  // namespace p2p
