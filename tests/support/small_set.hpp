// A published set that is small enough to be written down in a test, and a peer that has it or fetches it,
// without network and without threads: what peer/prepare.hpp and a session do with the store.
#pragma once

#include "core/base/hash.hpp"
#include "core/base/sha256.hpp"
#include "core/set/manifest.hpp"
#include "storage/published_store.hpp"
#include "storage/set_state.hpp"
#include "support/served.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace p2p::test {

inline std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span{text});
}

inline chunk_set chunks(const std::string& ranges) {
    return chunk_set::parse(ranges, max_chunk_count).value();
}

/// `content` is that of a file, or the target of a link.
struct set_item {
    std::string path;
    std::string content;
    entry_kind kind = entry_kind::file;

    bool is_file() const { return kind == entry_kind::file || kind == entry_kind::executable; }
};

inline set_item file(std::string path, std::string content) {
    return {std::move(path), std::move(content)};
}
inline set_item program(std::string path, std::string content) {
    return {std::move(path), std::move(content), entry_kind::executable};
}
inline set_item link_to(std::string path, std::string target) {
    return {std::move(path), std::move(target), entry_kind::link};
}
inline set_item folder(std::string path) {
    return {std::move(path), {}, entry_kind::folder};
}

/// What is in a folder, by path: "file: CONTENT", "program: CONTENT", "link: TARGET"; "folder" where nothing
/// is in it. Without what a peer keeps there.
inline std::map<std::string, std::string> tree_in(const std::filesystem::path& root) {
    namespace fs = std::filesystem;
    std::map<std::string, std::string> tree;
    for (auto at = fs::recursive_directory_iterator{root}; at != fs::recursive_directory_iterator{}; ++at) {
        const std::string path = at->path().lexically_relative(root);
        if (path == state_folder_name) {
            at.disable_recursion_pending();
            continue;
        }
        const auto status = at->symlink_status();
        if (fs::is_symlink(status)) {
            tree[path] = "link: " + fs::read_symlink(at->path()).native();
        } else if (fs::is_directory(status)) {
            if (fs::is_empty(at->path())) tree[path] = "folder";
        } else {
            const bool runs = (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
            tree[path] = (runs ? "program: " : "file: ") + read_text(at->path());
        }
    }
    return tree;
}

/// The items with their manifest, cut into chunks of one size (the last may be smaller).
class small_set {
public:
    small_set(std::vector<set_item> items, std::uint32_t chunk_size, std::string_view name = "set")
        : items_(std::move(items)) {
        std::ranges::sort(items_, path_less, &set_item::path);
        std::vector<manifest_item> described;
        for (const set_item& item : items_) {
            const bool is_link = item.kind == entry_kind::link;
            described.push_back({item.kind, item.path, item.content.size(), is_link ? item.content : ""});
            if (item.is_file()) content_ += item.content;
        }
        std::vector<published_chunk> cut;
        for (std::size_t at = 0; at < content_.size(); at += chunk_size) {
            const auto part = bytes_of(std::string_view{content_}.substr(at, chunk_size));
            cut.push_back({static_cast<std::uint32_t>(part.size()), hash_of(part), sha256_of(part)});
        }
        auto made = manifest::make(name, std::move(described), cut);
        REQUIRE_MESSAGE(made, made.error());
        set_ = std::make_shared<const manifest>(std::move(*made));
    }

    const std::shared_ptr<const manifest>& shared() const { return set_; }
    const manifest& set() const { return *set_; }
    const file_set_id& id() const { return set_->id(); }
    const std::string& content() const { return content_; }
    std::string chunk(std::uint32_t number) const {
        return content_.substr(set_->chunk_begin({number}), set_->chunk({number}).size);
    }
    chunk_claim claim(std::uint32_t number) const {
        const published_chunk what = set_->chunk({number});
        return {{number}, what.hash, what.size};
    }
    std::uint32_t entry(std::string_view path) const {
        const auto at = std::ranges::find(items_, path, &set_item::path);
        REQUIRE(at != items_.end());
        return static_cast<std::uint32_t>(at - items_.begin());
    }

    /// What tree_in() says of a folder that has all of it, and nothing else.
    std::map<std::string, std::string> tree() const {
        std::map<std::string, std::string> tree;
        for (const set_item& item : items_) tree[item.path] = word_of(item.kind) + item.content;
        return tree;
    }

    void write_to(const std::filesystem::path& root) const {
        namespace fs = std::filesystem;
        fs::create_directories(root);
        for (const set_item& item : items_) {
            const fs::path path = root / item.path;
            fs::create_directories(path.parent_path());
            if (item.is_file()) write_text(path, item.content);
            if (item.kind == entry_kind::executable)
                fs::permissions(path, fs::perms::owner_exec, fs::perm_options::add);
            if (item.kind == entry_kind::folder) fs::create_directories(path);
            if (item.kind == entry_kind::link) fs::create_symlink(item.content, path);
        }
    }

private:
    static std::string word_of(entry_kind kind) {
        if (kind == entry_kind::file) return "file: ";
        if (kind == entry_kind::executable) return "program: ";
        return kind == entry_kind::link ? "link: " : "folder";
    }

    std::vector<set_item> items_;
    std::string content_;
    std::shared_ptr<const manifest> set_;
};

/// A store over a folder. What a killed peer leaves is what is there after close(), or its end.
class set_peer {
public:
    set_peer(const small_set& what, std::filesystem::path root, bool with_state = true)
        : what_(what), root_(std::move(root)) {
        std::filesystem::create_directories(root_);
        open(with_state);
    }

    void open(bool with_state = true) {
        close();
        std::optional<set_state> state;
        if (with_state) {
            auto opened = set_state::open(root_, what_.id());
            REQUIRE_MESSAGE(opened, opened.error().message);
            const auto kept = opened->write_manifest(what_.set());
            REQUIRE_MESSAGE(kept, kept.error());
            state = std::move(*opened);
        }
        auto disk = set_disk::open(root_, what_.shared(), std::move(state));
        REQUIRE_MESSAGE(disk, disk.error());
        store_ = std::make_unique<published_store>(*disk);
    }
    void close() { store_.reset(); }

    struct found {
        published_store::to_check checked;
        chunk_set misplaced;
    };
    /// Finds out what is there; what is misplaced is copied, unless it is only to be served.
    found find_out(bool serve_only = false) {
        found result;
        auto to_check = store_->what_to_check();
        REQUIRE_MESSAGE(to_check, to_check.error());
        result.checked = *to_check;
        check(result.checked.by_xxh3, check_by::xxh3);
        check(result.checked.by_sha256, check_by::sha256);
        if (!serve_only)
            for (const chunk_index chunk : store_->maybe_in_place())
                store_->checked_in_place(
                    chunk, is_there(chunk, check_by::sha256, published_store::looked_in::place_only));
        result.misplaced = store_->conclude(serve_only);
        if (serve_only) return result;
        for (const chunk_index chunk : result.misplaced)
            copy(chunk, {store_->shared_disk(), chunk, chunk_source::look_in::places});
        store_->ready();
        return result;
    }
    /// Opens it again, and finds out what is there.
    found restart(bool serve_only = false) {
        open();
        return find_out(serve_only);
    }

    /// Whether it was there.
    bool copy(chunk_index chunk, const chunk_source& from) { return noted(store_->copy_job(chunk, from)()); }
    bool copy_repeat(std::uint32_t from, std::uint32_t to) {
        return noted(store_->repeat_job({from}, {to})());
    }

    std::unique_ptr<incoming_chunk> receive(std::uint32_t chunk) {
        return store_->receive(what_.claim(chunk));
    }
    /// Whether these bytes, in parts of that size, are what it should be.
    bool arrive(std::uint32_t chunk, std::string_view bytes, std::size_t part_size = 5) {
        const auto arriving = receive(chunk);
        for (std::size_t at = 0; at < bytes.size(); at += part_size) {
            const auto written = arriving->write(bytes_of(bytes.substr(at, part_size)));
            REQUIRE_MESSAGE(written, written.error());
        }
        return noted(arriving->finish());
    }
    bool arrive(std::uint32_t chunk) { return arrive(chunk, what_.chunk(chunk)); }
    /// Whether the arrival was right; if so, it counts.
    bool noted(const tl::expected<std::optional<hashed_chunk>, std::string>& finished) {
        REQUIRE_MESSAGE(finished, finished.error());
        if (*finished) store_->note(**finished);
        return finished->has_value();
    }
    void fetch_missing() {
        for (const chunk_index chunk : chunk_set{store_->missing()}) CHECK(arrive(chunk.value));
    }
    /// The error, or "".
    std::string try_to_save() {
        const auto saved = store_->save_job()();
        return saved ? "" : saved.error();
    }
    void save() { REQUIRE(try_to_save() == ""); }

    /// What is served as this chunk, or the error.
    std::string served(std::uint32_t chunk, byte_count part_size = 3) const {
        return test::served(*store_, chunk, part_size);
    }

    published_store& store() { return *store_; }
    set_disk& disk() { return store_->disk(); }
    const std::filesystem::path& root() const { return root_; }
    std::filesystem::path operator/(std::string_view path) const { return root_ / path; }
    std::map<std::string, std::string> tree() const { return tree_in(root_); }
    /// What a peer keeps about the set.
    std::filesystem::path state(std::string_view name) const {
        return root_ / state_folder_name / what_.id().to_hex() / name;
    }

    bool is_there(chunk_index chunk, check_by how, published_store::looked_in where) const {
        const auto right = store_->check_job(chunk, how, where)();
        REQUIRE_MESSAGE(right, right.error());
        return *right;
    }

private:
    void check(const chunk_set& chunks, check_by how) {
        for (const chunk_index chunk : chunks)
            store_->checked(chunk, is_there(chunk, how, published_store::looked_in::staged_first));
    }

    const small_set& what_;
    std::filesystem::path root_;
    std::unique_ptr<published_store> store_;
};

/// The folder has all of it then, recorded as complete.
inline void fetch_all(const small_set& what, const std::filesystem::path& root) {
    set_peer peer{what, root};
    peer.find_out();
    peer.fetch_missing();
    peer.save();
    const auto all = peer.tree();
    const auto wanted = what.tree();
    REQUIRE(std::ranges::includes(all, wanted));
}

/// Writes over the end of a file: same inode, same size, and another time of modification.
inline void spoil_end(const std::filesystem::path& file) {
    std::string text = read_text(file);
    text.back() = static_cast<char>(text.back() ^ 1);
    const auto before = std::filesystem::last_write_time(file);
    write_text(file, text);
    std::filesystem::last_write_time(file, before + std::chrono::seconds{2});
}

/// Another time of modification, and nothing else.
inline void touch(const std::filesystem::path& file) {
    std::filesystem::last_write_time(file, std::filesystem::last_write_time(file) + std::chrono::seconds{2});
}

}  // namespace p2p::test
