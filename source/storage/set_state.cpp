#include "storage/set_state.hpp"

#include "core/base/units.hpp"
#include "core/set/alike_names.hpp"
#include "storage/beneath.hpp"
#include "storage/files.hpp"
#include "storage/same_names.hpp"
#include "storage/set_content.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace p2p {

namespace {

constexpr const char* manifest_name = "manifest";
constexpr const char* link_name = "link";
constexpr const char* journal_name = "journal";
constexpr const char* incoming_name = "incoming";
constexpr const char* names_name = "names";  // tried out there

// A journal of a million files is about 60 MB; one that is larger than this has gone wrong.
constexpr byte_count max_journal_size = byte_count{1} << 30U;
constexpr byte_count max_link_size = 64 * 1024;

std::filesystem::path folder_of(const std::filesystem::path& root, const file_set_id& id) {
    return root / state_folder_name / id.to_hex();
}

/// Opens a folder in an open one; a link in its place is not followed.
unique_fd open_in(int in, const std::string& name) {
    return unique_fd{::openat(in, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
}

tl::expected<unique_fd, std::string> make_and_open(int in, const std::string& name) {
    if (::mkdirat(in, name.c_str(), 0777) != 0 && errno != EEXIST)
        return tl::unexpected{failure(name_in(in, name), errno)};
    unique_fd made = open_in(in, name);
    if (!made) return tl::unexpected{failure(name_in(in, name), errno)};
    return made;
}

/// A folder in which there are only files.
void remove_folder_in(int in, const std::string& name) {
    const unique_fd folder = open_in(in, name);
    for (const std::string& one : names_beneath(folder.get())) ::unlinkat(folder.get(), one.c_str(), 0);
    ::unlinkat(in, name.c_str(), AT_REMOVEDIR);
}

}  // namespace

tl::expected<set_state, set_state::open_failure> set_state::open(const std::filesystem::path& root,
                                                                 const file_set_id& id) {
    const auto failed = [](std::string message) { return tl::unexpected{open_failure{std::move(message)}}; };
    auto at = open_folder(root);
    if (!at) return failed(at.error());
    auto hidden = make_and_open(at->get(), std::string{state_folder_name});
    if (!hidden) return failed(hidden.error());
    auto folder = make_and_open(hidden->get(), id.to_hex());
    if (!folder) return failed(folder.error());
    if (::flock(folder->get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return failed(failure(name_in(folder->get(), "."), errno));
        return tl::unexpected{
            open_failure{about(root.native(), "another peer is using this file-set here"), true}};
    }
    if (const auto incoming = make_and_open(folder->get(), incoming_name); !incoming)
        return failed(incoming.error());

    set_state state;
    state.root_ = root;
    state.root_is_ = identity_of(*at);
    state.id_ = id;
    state.folder_ = std::move(*folder);
    if (!state.root_is_) return failed(failure(root.native(), errno));
    if (!state.open_journal(O_RDWR | O_CREAT)) return failed(failure(state.journal_path(), errno));
    return state;
}

std::optional<set_state::identity> set_state::identity_of(const unique_fd& folder) {
    struct stat info {};
    if (::fstat(folder.get(), &info) != 0) return std::nullopt;
    if (info.st_nlink > 0) return identity{info.st_dev, info.st_ino};
    errno = ENOENT;
    return std::nullopt;
}

// A folder that was renamed is not at its path any more, but still where its state is; and who removes the
// state does not move the folder.
tl::expected<unique_fd, std::string> set_state::open_root() const {
    auto root = open_folder(root_);
    if (root && identity_of(*root) == root_is_) return root;
    unique_fd renamed{::openat(folder_.get(), "../..", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (renamed && identity_of(renamed) == root_is_) return renamed;
    if (!root) return root;
    return tl::unexpected{about(root_.native(), "is another folder than the one that was opened")};
}

unique_fd set_state::open_incoming() const {
    return open_in(folder_.get(), incoming_name);
}

unique_fd set_state::open_journal(int flags) const {
    return unique_fd{::openat(folder_.get(), journal_name, flags | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0666)};
}

std::string set_state::journal_path() const {
    return (folder_of(root_, id_) / journal_name).native();
}

std::optional<set_state> set_state::open_staged(const std::filesystem::path& root, const file_set_id& id) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(folder_of(root, id) / incoming_name, ignored)) return std::nullopt;
    auto opened = open(root, id);
    if (!opened) return std::nullopt;
    return std::move(*opened);
}

tl::expected<void, std::string> set_state::write_manifest(const manifest& set) const {
    return write_file_atomically(folder_.get(), manifest_name, set.text());
}

tl::expected<void, std::string> set_state::write_link(const link& published_at) const {
    constexpr mode_t for_all = 0666;
    constexpr mode_t for_its_owner = 0600;
    return write_file_atomically(folder_.get(), link_name, published_at.to_string() + '\n',
                                 published_at.key ? for_its_owner : for_all);
}

tl::expected<journal_content, std::string> set_state::read_journal(const manifest& set) {
    const auto text = read_small_file_in(folder_.get(), journal_name, max_journal_size);
    if (!text) return tl::unexpected{text.error()};
    auto content = p2p::read_journal(*text, id_, set.chunk_count(), set.entry_count());
    const unique_fd journal = open_journal(O_RDWR);
    if (!journal || ::ftruncate(journal.get(), static_cast<off_t>(content.whole)) != 0)
        return tl::unexpected{failure(journal_path(), errno)};
    if (content.whole == 0)
        if (const auto begun = append(journal_header(id_)); !begun) return tl::unexpected{begun.error()};
    return content;
}

tl::expected<void, std::string> set_state::append(std::string_view records) const {
    const unique_fd journal = open_journal(O_RDWR);
    const int error = journal ? write_all(journal.get(), std::as_bytes(std::span{records})) : errno;
    if (error != 0) return tl::unexpected{failure(journal_path(), error)};
    return {};
}

tl::expected<void, std::string> set_state::rewrite_journal(std::string_view records) {
    return write_file_atomically(folder_.get(), journal_name, journal_header(id_) + std::string{records});
}

// Where names cannot be tried out, nothing can be written either, and whoever writes says why.
std::optional<std::pair<std::string, std::string>> set_state::taken_for_one(
    const std::vector<alike_names>& groups) const {
    std::optional<std::pair<std::string, std::string>> found;
    remove_folder_in(folder_.get(), names_name);  // left by a peer that was killed
    const auto room = make_and_open(folder_.get(), names_name);
    for (const alike_names& group : groups) {
        if (!room || found) break;
        found = same_names(room->get(), group.names);
    }
    remove_folder_in(folder_.get(), names_name);
    return found;
}

void set_state::drop_incoming() {
    remove_folder_in(folder_.get(), incoming_name);
}

std::vector<file_set_id> sets_in(const std::filesystem::path& root) {
    std::vector<file_set_id> ids;
    std::error_code error;
    for (std::filesystem::directory_iterator at{root / state_folder_name, error}, end; !error && at != end;
         at.increment(error))
        if (const auto id = sha256_digest::from_hex(at->path().filename().native());
            id && id->to_hex() == at->path().filename().native() && at->is_directory(error))
            ids.push_back(*id);
    std::ranges::sort(ids);
    return ids;
}

tl::expected<std::shared_ptr<const manifest>, std::string> read_manifest(const std::filesystem::path& root,
                                                                         const file_set_id& id) {
    const auto path = folder_of(root, id) / manifest_name;
    auto text = read_small_file(path, max_manifest_size);
    if (!text) return tl::unexpected{text.error()};
    auto parsed = manifest::parse_if(id, std::move(*text));
    if (!parsed) return tl::unexpected{about(path.native(), parsed.error())};
    if (!*parsed)
        return tl::unexpected{about(path.native(), "is damaged: it is not what its folder's name says")};
    return std::make_shared<const manifest>(std::move(**parsed));
}

tl::expected<link, std::string> read_link(const std::filesystem::path& root, const file_set_id& id) {
    const auto path = folder_of(root, id) / link_name;
    auto text = read_small_file(path, max_link_size);
    if (!text) return tl::unexpected{text.error()};
    while (text->ends_with('\n')) text->pop_back();
    auto parsed = parse_link(*text);
    if (!parsed || parsed->id != id)
        return tl::unexpected{about(path.native(), "is damaged: share or get the set again")};
    return parsed;
}

journal_content look_at_journal(const std::filesystem::path& root, const manifest& set) {
    const auto text = read_small_file(folder_of(root, set.id()) / journal_name, max_journal_size);
    return read_journal(text.value_or(""), set.id(), set.chunk_count(), set.entry_count());
}

tl::expected<void, std::string> check_names(const set_state& state, const manifest& set) {
    const std::vector<alike_names> alike = alike_names_in(set);
    if (alike.empty()) return {};
    const auto same = state.taken_for_one(alike);
    if (!same) return {};
    return tl::unexpected{
        fmt::format("{} and {} are two names in {}, but this file system takes them for one",
                    printable(same->first), printable(same->second), printable(set.name()))};
}

namespace {

void forget_set(const std::filesystem::path& root, const file_set_id& id) {
    const auto folder = folder_of(root, id);
    const auto opened = open_folder(folder);
    if (!opened || ::flock(opened->get(), LOCK_EX | LOCK_NB) != 0) return;
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
}

bool has_changed(const std::filesystem::path& root, std::string_view path, const file_stamp& recorded) {
    struct stat now {};
    return ::lstat((root / path).c_str(), &now) != 0 || stamp_from(now) != recorded;
}

/// Whether a file does not have the bytes any more that the set has there. Chunks that it shares with other
/// files count as well.
bool has_other_content(const std::filesystem::path& root, const manifest& set, const manifest_entry& entry) {
    if (entry.size == 0) return true;
    const auto open = [&](std::uint32_t number) -> tl::expected<unique_fd, std::string> {
        const auto folder = open_folder(root);
        if (!folder) return tl::unexpected{folder.error()};
        return open_beneath(folder->get(), std::string{set.entry(number).path}, O_RDONLY | O_NONBLOCK);
    };
    content_reader reader(set, open);
    const auto [first, last] = set.chunks_in(entry.offset, entry.offset + entry.size);
    for (chunk_index chunk = first; chunk <= last; ++chunk.value)
        if (!is_right(reader, set, chunk, check_by::sha256).value_or(false)) return true;
    return false;
}

/// Whether a file that both sets have is not what the older one has there, though that was recorded as
/// complete or still hoped to be.
bool is_outdated(const std::filesystem::path& root, const manifest& older, const manifest& newer) {
    const journal_content journal = look_at_journal(root, older);
    const auto may_have_changed = [&](std::uint32_t number, std::string_view path) {
        const auto& recorded = journal.placed[number];
        return recorded ? has_changed(root, path, *recorded) : !journal.complete;
    };
    std::uint32_t n = 0;
    for (std::uint32_t o = 0; o < older.entry_count(); ++o) {
        const manifest_entry entry = older.entry(o);
        while (n < newer.entry_count() && path_less(newer.entry(n).path, entry.path)) ++n;
        if (n == newer.entry_count()) return false;
        if (newer.entry(n).path == entry.path && entry.is_file() && may_have_changed(o, entry.path) &&
            has_other_content(root, older, entry))
            return true;
    }
    return false;
}

}  // namespace

void forget_outdated(const std::filesystem::path& root, const manifest& now) {
    for (const file_set_id& id : sets_in(root)) {
        if (id == now.id()) continue;
        const auto other = read_manifest(root, id);
        if (other && is_outdated(root, **other, now)) forget_set(root, id);
    }
}

}  // namespace p2p
