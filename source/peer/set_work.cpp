#include "peer/set_work.hpp"

#include "core/chunking.hpp"
#include "core/units.hpp"
#include "net/on_pool.hpp"
#include "net/task_group.hpp"
#include "peer/options.hpp"
#include "storage/beneath.hpp"
#include "storage/files.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <fcntl.h>
#include <functional>
#include <thread>
#include <unordered_map>

namespace p2p {

namespace {

constexpr duration say_every = std::chrono::seconds{2};

/// How far long work is, now and then.
class progress {
public:
    progress(std::string what, byte_count total) : what_(std::move(what)), total_(total) {}

    void add(byte_count bytes) {
        done_ += bytes;
        const auto now = std::chrono::steady_clock::now();
        if (now < next_) return;
        next_ = now + say_every;
        spdlog::info("{}: {} of {}", what_, show_size(done_), show_size(total_));
    }

private:
    std::string what_;
    byte_count total_;
    byte_count done_ = 0;
    time_point next_ = std::chrono::steady_clock::now() + say_every;
};

template <class Result>
Result value_or_throw(tl::expected<Result, std::string> result) {
    if (!result) throw session_failure(exit_code::storage, result.error());
    if constexpr (!std::is_void_v<Result>) return std::move(*result);
}

/// A job for the pool, and what to do with its result on the io_context's thread.
template <class Result>
struct chunk_work {
    const chunk_set& chunks;
    std::function<storage_job<Result>(chunk_index)> job;
    std::function<void(chunk_index, Result)> done;
};

template <class Result>
awaitable<void> work_off(asio::thread_pool& pool, const chunk_work<Result>& work, chunk_index& next) {
    for (auto chunk = work.chunks.next(next); chunk; chunk = work.chunks.next(next)) {
        next = chunk_index{chunk->value + 1};
        const auto job = work.job(*chunk);
        auto result = co_await on_pool(pool, job);
        work.done(*chunk, value_or_throw(std::move(result)));
    }
}

/// The work on each chunk, on all cores.
template <class Result>
awaitable<void> for_each_chunk(asio::thread_pool& pool, chunk_work<Result> work) {
    task_group workers(co_await asio::this_coro::executor);
    chunk_index next{1};
    for (unsigned i = 1; i < std::max(1U, std::thread::hardware_concurrency()); ++i)
        workers.spawn(work_off(pool, work, next));
    co_await workers.around(work_off(pool, work, next));
    co_await workers.join();
}

// --- hashing

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
        const std::string shown = (root_ / path).native();
        const auto now = stamp_of(file->get(), shown);
        if (!now) return tl::unexpected{now.error()};
        if (stamps_[entry] != *now) return tl::unexpected{about(shown, "changed while it was hashed")};
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

awaitable<hashed_tree> hash_tree(asio::thread_pool& pool, scanned_tree tree, share_options options) {
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
    progress hashed("hashed " + printable(name), size);
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

// --- what is there

namespace {

awaitable<void> check(asio::thread_pool& pool, published_store& store, const chunk_set& chunks, check_by how,
                      progress& done) {
    chunk_work<bool> work{chunks, {}, {}};
    work.job = [&store, how](chunk_index chunk) {
        return store.check_job(chunk, how, published_store::looked_in::staged_first);
    };
    work.done = [&store, &done](chunk_index chunk, bool right) {
        store.checked(chunk, right);
        done.add(store.published()->chunk(chunk).size);
    };
    co_await for_each_chunk(pool, work);
}

awaitable<void> check_in_place(asio::thread_pool& pool, published_store& store) {
    const chunk_set chunks = store.maybe_in_place();
    chunk_work<bool> work{chunks, {}, {}};
    work.job = [&store](chunk_index chunk) {
        return store.check_job(chunk, check_by::sha256, published_store::looked_in::place_only);
    };
    work.done = [&store](chunk_index chunk, bool right) { store.checked_in_place(chunk, right); };
    co_await for_each_chunk(pool, work);
}

/// Copies chunks from where they also are, and counts the bytes.
awaitable<void> copy(asio::thread_pool& pool, published_store& store,
                     const std::unordered_map<chunk_index, chunk_source>& sources, prepared& so_far) {
    chunk_set chunks;
    for (const auto& [chunk, source] : sources) chunks.insert(chunk);
    chunk_work<std::optional<hashed_chunk>> work{chunks, {}, {}};
    work.job = [&](chunk_index chunk) { return store.copy_job(chunk, sources.at(chunk)); };
    work.done = [&](chunk_index, std::optional<hashed_chunk> copied) {
        if (!copied) return;
        store.note(*copied);
        so_far.copied += copied->claim.size;
    };
    co_await for_each_chunk(pool, work);
}

/// The missing chunks of the store by their content, to look others' up.
class wanted_content {
public:
    explicit wanted_content(const published_store& store) : set_(*store.published()) {
        const chunk_set& missing = store.missing();
        by_content_.reserve(missing.size());
        for (const chunk_index chunk : missing)
            by_content_.emplace_back(prefix_of(set_.chunk(chunk).sha256), chunk);
        std::ranges::sort(by_content_);
    }

    std::unordered_map<chunk_index, chunk_source> found_in(const std::shared_ptr<set_disk>& disk,
                                                           const chunk_set& chunks,
                                                           chunk_source::look_in where) const {
        std::unordered_map<chunk_index, chunk_source> sources;
        for (const chunk_index theirs : chunks) {
            const published_chunk there = disk->set().chunk(theirs);
            const auto same = std::ranges::equal_range(by_content_, prefix_of(there.sha256), {},
                                                       [](const auto& entry) { return entry.first; });
            for (const auto& [prefix, ours] : same)
                if (set_.chunk(ours) == there) sources[ours] = {disk, theirs, where};
        }
        return sources;
    }

private:
    static std::uint64_t prefix_of(const sha256_digest& digest) {
        std::uint64_t prefix = 0;
        for (unsigned i = 0; i < sizeof prefix; ++i) prefix = prefix << 8U | digest.bytes[i];
        return prefix;
    }

    const manifest& set_;
    std::vector<std::pair<std::uint64_t, chunk_index>> by_content_;
};

/// Another set, to be copied from; where no peer uses it, also what is staged of it. Nothing if it cannot be
/// read.
std::shared_ptr<set_disk> open_other(const std::filesystem::path& folder, const file_set_id& id) {
    const auto other = read_manifest(folder, id);
    if (!other) return nullptr;
    auto state = set_state::open_staged(folder, id);
    return set_disk::open(folder, *other, std::move(state)).value_or(nullptr);
}

// Other sets beneath a folder: earlier versions of this one, most likely.
awaitable<void> copy_from_sets(asio::thread_pool& pool, published_store& store,
                               const std::filesystem::path& folder, prepared& so_far) {
    const auto find_sets = [&folder] { return sets_in(folder); };
    const std::vector<file_set_id> ids = co_await on_pool(pool, find_sets);
    for (const file_set_id& id : ids) {
        if (id == store.published()->id() && folder == store.disk().root()) continue;
        const auto open = [&] { return open_other(folder, id); };
        const std::shared_ptr<set_disk> other = co_await on_pool(pool, open);
        if (!other) continue;
        const chunk_set all = chunk_set::first(other->set().chunk_count());
        const auto sources = wanted_content{store}.found_in(other, all, chunk_source::look_in::anywhere);
        co_await copy(pool, store, sources, so_far);
    }
}

awaitable<void> copy_from_itself(asio::thread_pool& pool, published_store& store, prepared& so_far) {
    if (store.present().empty()) co_return;
    const auto sources = wanted_content{store}.found_in(store.shared_disk(), store.present(),
                                                        chunk_source::look_in::known_files);
    co_await copy(pool, store, sources, so_far);
}

}  // namespace

awaitable<prepared> prepare(asio::thread_pool& pool, published_store& store, bool serve_only,
                            std::vector<std::filesystem::path> reuse) {
    const manifest& set = *store.published();
    const auto survey = [&store] { return store.survey(); };
    auto surveyed = co_await on_pool(pool, survey);
    const published_store::to_check what = value_or_throw(std::move(surveyed));
    byte_count to_read = 0;
    for (const chunk_set* chunks : {&what.by_xxh3, &what.by_sha256})
        for (const chunk_index chunk : *chunks) to_read += set.chunk(chunk).size;
    progress checked("checked what is there of " + printable(set.name()), to_read);
    co_await check(pool, store, what.by_xxh3, check_by::xxh3, checked);
    co_await check(pool, store, what.by_sha256, check_by::sha256, checked);

    if (!serve_only) co_await check_in_place(pool, store);

    const auto conclude = [&store, serve_only] { return store.conclude(serve_only); };
    const chunk_set misplaced = co_await on_pool(pool, conclude);
    prepared result;
    if (serve_only) co_return result;

    // Bytes that are in a file which is not whole count as found, though they are copied.
    prepared moved;
    std::unordered_map<chunk_index, chunk_source> sources;
    for (const chunk_index chunk : misplaced)
        sources[chunk] = {store.shared_disk(), chunk, chunk_source::look_in::places};
    co_await copy(pool, store, sources, moved);
    result.found = set.size() - store.missing_bytes();

    if (!store.missing().empty()) {
        reuse.insert(reuse.begin(), store.disk().root());
        for (const std::filesystem::path& folder : reuse)
            co_await copy_from_sets(pool, store, folder, result);
        co_await copy_from_itself(pool, store, result);
    }
    const auto finish = [&store] { store.ready(); };
    co_await on_pool(pool, finish);
    co_return result;
}

awaitable<chunk_set> find_wrong(asio::thread_pool& pool, std::shared_ptr<set_disk> disk) {
    const manifest& set = disk->set();
    progress checked("verified " + printable(set.name()), set.size());
    chunk_set wrong;
    const chunk_set all = chunk_set::first(set.chunk_count());
    chunk_work<bool> work{all, {}, {}};
    work.job = [&](chunk_index chunk) -> storage_job<bool> {
        return [&set, &disk, chunk]() -> tl::expected<bool, std::string> {
            content_reader reader(set, [&disk](std::uint32_t entry) { return disk->open_in_place(entry); });
            return is_right(reader, set, chunk, check_by::sha256).value_or(false);
        };
    };
    work.done = [&](chunk_index chunk, bool right) {
        if (!right) wrong.insert(chunk);
        checked.add(set.chunk(chunk).size);
    };
    co_await for_each_chunk(pool, work);
    co_return wrong;
}

}  // namespace p2p
