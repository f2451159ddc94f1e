// The hidden folder beside the files of published sets, `.p2p`: for each set a folder that is called as its
// id and holds
//
//     manifest        what was published
//     link            where it was published, a link as `get` takes it (may be missing)
//     journal         what of it is there (core/set/journal.hpp)
//     incoming/       files that are not complete yet, each called as the number of its entry
//     names/          for a moment, files to see whether the file system takes two names for one
//
// While a peer uses a set there, its folder is locked. That is the one descriptor that a set costs for as
// long as it is served: everything else is opened for a moment, when it is needed.
#pragma once

#include "core/set/alike_names.hpp"
#include "core/set/journal.hpp"
#include "core/set/link.hpp"
#include "core/set/manifest.hpp"
#include "storage/unique_fd.hpp"

#include <tl/expected.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace p2p {

class set_state {
public:
    struct open_failure {
        std::string message;
        bool in_use = false;  ///< another peer has taken it
    };
    /// Makes the folder where it is not there, and takes it for this process.
    static tl::expected<set_state, open_failure> open(const std::filesystem::path& root,
                                                      const file_set_id& id);

    /// Of a set that has staged files; nothing where it has none, or a peer uses it.
    static std::optional<set_state> open_staged(const std::filesystem::path& root, const file_set_id& id);

    /// Whatever is there, it is replaced.
    tl::expected<void, std::string> write_manifest(const manifest& set) const;
    tl::expected<void, std::string> write_link(const link& published_at) const;

    /// What the journal says, with what follows its last whole record cut off: it is ready for more.
    tl::expected<journal_content, std::string> read_journal(const manifest& set);
    tl::expected<void, std::string> append(std::string_view records) const;
    /// Replaces the journal's records in one step.
    tl::expected<void, std::string> rewrite_journal(std::string_view records);

    /// Two names of one of these groups that this file system takes for one.
    std::optional<std::pair<std::string, std::string>> taken_for_one(
        const std::vector<alike_names>& groups) const;

    /// The folder that the set's files are beneath, also where it was renamed. The error names it: it is
    /// gone, or another one is in its place.
    tl::expected<unique_fd, std::string> open_root() const;
    /// The folder of what is incoming. Where it cannot be opened, errno says why.
    unique_fd open_incoming() const;
    /// Empties and removes the folder of what is incoming: nothing is.
    void drop_incoming();

private:
    /// Which one an open folder is, whatever its name; none where it has been removed.
    struct identity {
        dev_t device = 0;
        ino_t inode = 0;
        friend bool operator==(const identity&, const identity&) = default;
    };
    static std::optional<identity> identity_of(const unique_fd& folder);

    unique_fd open_journal(int flags) const;
    /// Where it was when it was opened: that is the name that people know.
    std::string journal_path() const;

    std::filesystem::path root_;
    std::optional<identity> root_is_;
    unique_fd folder_;  // locked
    file_set_id id_;
};

/// The ids of the sets that a folder has state of, whole or not.
std::vector<file_set_id> sets_in(const std::filesystem::path& root);

/// The manifest of one of them, if it is what its id says.
tl::expected<std::shared_ptr<const manifest>, std::string> read_manifest(const std::filesystem::path& root,
                                                                         const file_set_id& id);

/// Where it was published, and its swarm's secret if it has one. The error names the file: without it, nobody
/// knows whether the set may be served to strangers.
tl::expected<link, std::string> read_link(const std::filesystem::path& root, const file_set_id& id);

/// What the journal of one of them says; empty where it cannot be read. Changes nothing.
journal_content look_at_journal(const std::filesystem::path& root, const manifest& set);

/// An error where the file system takes two names of the set for one: because it ignores case, or how an
/// accent is spelt, or dots at the end.
tl::expected<void, std::string> check_names(const set_state& state, const manifest& set);

/// Forgets other sets beneath this folder that have files in common with this one, which are not what they
/// were (or were to become) any more: earlier versions, usually. Files stay, and so does what a peer uses.
void forget_outdated(const std::filesystem::path& root, const manifest& now);

}  // namespace p2p
