// The files of a published set beneath its root folder. A file is either in its place, whole and right, or
// staged: in the hidden folder, until every chunk of it is there. Nothing is ever written outside of the
// root, nor through a symbolic link. May be used by several threads at once.
//
// While nobody reads or writes, a set has one descriptor open: the locked folder of its state, or, where it
// has no state, its root.
#pragma once

#include "core/set/manifest.hpp"
#include "storage/set_content.hpp"
#include "storage/set_state.hpp"
#include "storage/unique_fd.hpp"

#include <tl/expected.hpp>

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace p2p {

class set_disk {
public:
    /// Without a state, the set can only be read.
    static tl::expected<std::shared_ptr<set_disk>, std::string> open(const std::filesystem::path& root,
                                                                     std::shared_ptr<const manifest> set,
                                                                     std::optional<set_state> state);

    const manifest& set() const { return *set_; }
    std::shared_ptr<const manifest> shared_set() const { return set_; }
    const std::filesystem::path& root() const { return root_; }
    /// The path of an entry, for messages.
    std::string shown(std::uint32_t entry) const { return (root_ / set_->entry(entry).path).native(); }
    bool has_state() const { return state_.has_value(); }
    set_state& state() { return *state_; }

    /// The root, open for as long as anybody has it: who works on many files does so, and it is opened once
    /// and not for each. Blocks.
    using held_folder = std::shared_ptr<const unique_fd>;
    tl::expected<held_folder, std::string> open_root() const;

    /// The entry's file is in its place, and was right when it had this stamp.
    void set_placed(std::uint32_t entry, const file_stamp& stamp);
    std::optional<file_stamp> placed(std::uint32_t entry) const;

    /// Whether nothing is beneath the root but the hidden folder.
    bool is_bare() const;
    /// The entries that have a staged file.
    std::vector<std::uint32_t> staged() const;

    struct found {
        file_stamp stamp;
        bool executable = false;
    };
    /// What is in the entry's place, or staged for it: nothing where that is no regular file.
    std::optional<found> look(std::uint32_t entry) const;
    std::optional<found> look_at_staged(std::uint32_t entry) const;
    /// Whether a stretch of a staged file was never written (as far as the file system tells).
    bool is_hole(std::uint32_t entry, byte_count from, byte_count size) const;

    /// Opens what is in place (and unchanged since), or staged.
    tl::expected<unique_fd, std::string> open_to_read(std::uint32_t entry) const;
    /// Opens what is in the entry's place, whatever it is.
    tl::expected<unique_fd, std::string> open_in_place(std::uint32_t entry) const;
    /// Opens a staged file, made where there is none, to write to it.
    tl::expected<unique_fd, std::string> open_staged(std::uint32_t entry);
    /// A file beside the staged ones, without a name.
    tl::expected<unique_fd, std::string> open_scratch();

    /// After a run of place() and make_contentless(): folders may be moved before the next one.
    void forget_parent();
    /// Moves a staged file, which is complete, to its place, and records that. Returns its stamp there.
    tl::expected<file_stamp, std::string> place(std::uint32_t entry);
    tl::expected<void, std::string> set_executable(std::uint32_t entry, bool executable);

    /// Makes the entries that have no content: empty files and folders, links; only where they are not there.
    tl::expected<void, std::string> make_contentless();
    bool is_link_right(std::uint32_t entry) const;
    bool is_folder_there(std::uint32_t entry) const;

    /// Returns when the file system has everything on the disk.
    tl::expected<void, std::string> flush();

private:
    set_disk(std::filesystem::path root, std::shared_ptr<const manifest> set, std::optional<set_state> state,
             held_folder always_open);

    tl::unexpected<std::string> failed(std::string_view path, int error) const;
    std::string path_of(std::uint32_t entry) const;
    tl::expected<unique_fd, std::string> open_below(std::string_view path, int flags) const;
    unique_fd open_incoming(const std::string& name, int flags, mode_t mode = 0) const;
    tl::expected<int, std::string> parent_of(std::string_view path);
    tl::expected<unique_fd, std::string> folder_beneath(std::string_view path);
    tl::expected<void, std::string> put(const std::string& staged, std::string_view path);
    tl::expected<void, std::string> make_link(const manifest_entry& entry);
    tl::expected<void, std::string> make_empty(std::uint32_t entry);

    std::filesystem::path root_;
    std::shared_ptr<const manifest> set_;
    std::optional<set_state> state_;
    held_folder always_open_;  // the root, where there is no state that leads to it
    mutable std::mutex root_mutex_;
    mutable std::weak_ptr<const unique_fd> opened_root_;

    std::atomic<std::uint64_t> scratches_{0};
    mutable std::mutex mutex_;
    std::vector<std::optional<file_stamp>> placed_;

    // Only place() and make_contentless() use these, of which one runs at a time.
    std::optional<std::string> parent_path_;
    held_folder parent_;
};

}  // namespace p2p
