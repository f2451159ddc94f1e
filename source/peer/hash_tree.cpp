#include "peer/hash_tree.hpp"

#include "core/chunks/chunking.hpp"
#include "peer/chunk_work.hpp"
#include "storage/beneath.hpp"
#include "storage/files.hpp"
#include "storage/set_content.hpp"

#include <fcntl.h>

namespace p2p {

namespace {

/// Where the files lie in the content; how it is cut does not matter yet.
manifest lay_out(std::vector<manifest_item> items, const std::string& name, byte_count size) {
    std::vector<published_chunk> chunks;
    for (const std::uint32_t chunk : fixed_cuts(size, max_published_chunk)) chunks.push_back({chunk, {}, {}});
    return value_or_throw(manifest::make(name, std::move(items), chunks));
}

byte_count size_of(const scanned_tree& tree) {
    byte_count size = 0;
    for (const scanned_item& one : tree.items) size += one.item.size;
    return size;
}

/// Opens files as they were when the tree was scanned.
class scanned_files {
public:
    scanned_files(std::filesystem::path root, const manifest& layout,
                  const std::vector<std::optional<file_stamp>>& stamps)
        : root_(std::move(root)),
          folder_(value_or_throw(open_folder(root_))),
          layout_(layout),
          stamps_(stamps) {}

    tl::expected<unique_fd, std::string> open(std::uint32_t entry) const {
        const std::string path{layout_.entry(entry).path};
        auto file = open_beneath(folder_.get(), path, O_RDONLY | O_NONBLOCK);
        if (!file) return file;
        const auto now = stamp_of(file->get(), path);
        if (!now || stamps_[entry] != *now)
            return tl::unexpected{about((root_ / path).native(), "changed while it was hashed")};
        return file;
    }

    content_reader reader() const {
        return {layout_, [this](std::uint32_t entry) { return open(entry); }};
    }

    tl::expected<void, std::string> check_all() const {
        for (std::uint32_t entry = 0; entry < layout_.entry_count(); ++entry) {
            if (layout_.entry(entry).size == 0) continue;
            const auto opened = open(entry);
            if (!opened) return tl::unexpected{opened.error()};
        }
        return {};
    }

private:
    std::filesystem::path root_;
    unique_fd folder_;
    const manifest& layout_;
    const std::vector<std::optional<file_stamp>>& stamps_;
};

tl::expected<std::vector<std::uint32_t>, std::string> cut_content(const scanned_files& files, byte_count size,
                                                                  byte_count average) {
    content_cutter cutter(average);
    content_reader reader = files.reader();
    const auto update = [&cutter](std::span<const std::byte> bytes) -> tl::expected<void, std::string> {
        cutter.update(bytes);
        return {};
    };
    if (const auto read = read_content(reader, 0, size, update); !read) return tl::unexpected{read.error()};
    return cutter.finish();
}

awaitable<void> hash_chunks(asio::thread_pool& pool, const scanned_files& files, manifest_draft& draft,
                            progress& hashed) {
    const chunk_set all = chunk_set::first(draft.chunk_count());
    chunk_work<published_chunk> work{all, {}, {}};
    work.job = [&](chunk_index chunk) -> storage_job<published_chunk> {
        return [&files, begin = draft.begin(chunk), end = draft.end(chunk)] {
            content_reader reader = files.reader();
            return hash_content(reader, begin, end);
        };
    };
    work.done = [&](chunk_index chunk, published_chunk hash) {
        draft.set(chunk, hash);
        hashed.add(hash.size);
    };
    co_await for_each_chunk(pool, work);
}

}  // namespace

awaitable<hashed_tree> hash_tree(asio::thread_pool& pool, activities& shown_in, scanned_tree tree,
                                 share_options options) {
    const byte_count size = size_of(tree);
    const std::string name = options.name.empty() ? tree.name : options.name;
    const byte_count chunk_size = options.chunk_size > 0 ? options.chunk_size : usual_chunk_size(size);
    hashed_tree result;
    std::vector<manifest_item> items;
    items.reserve(tree.items.size());
    for (scanned_item& one : tree.items) {
        const bool file = one.item.kind == entry_kind::file || one.item.kind == entry_kind::executable;
        result.stamps.push_back(file ? std::optional{one.stamp} : std::nullopt);
        items.push_back(std::move(one.item));
    }
    tree.items = {};
    const manifest layout = lay_out(std::move(items), name, size);
    const scanned_files files(tree.root, layout, result.stamps);

    const auto cut = [&] {
        return options.cut == chunking::fixed ? fixed_cuts(size, chunk_size)
                                              : value_or_throw(cut_content(files, size, chunk_size));
    };
    const std::vector<std::uint32_t> sizes = co_await on_pool(pool, cut);
    manifest_draft draft(layout, sizes);
    progress hashed(shown_in, activity::kind::hashing, name, size);
    co_await hash_chunks(pool, files, draft, hashed);
    const auto finish = [&]() -> tl::expected<std::shared_ptr<const manifest>, std::string> {
        if (const auto unchanged = files.check_all(); !unchanged) return tl::unexpected{unchanged.error()};
        auto made = std::move(draft).finish();
        if (!made) return tl::unexpected{made.error()};
        return std::make_shared<const manifest>(std::move(*made));
    };
    auto finished = co_await on_pool(pool, finish);
    result.set = value_or_throw(std::move(finished));
    co_return result;
}

}  // namespace p2p
