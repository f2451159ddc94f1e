#include "peer/prepare.hpp"

#include "peer/chunk_work.hpp"

#include <algorithm>
#include <vector>

namespace p2p {

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

/// Chunks of ours that are also somewhere else: there as `theirs`. Sorted by ours.
struct copies {
    struct one {
        chunk_index ours;
        chunk_index theirs;
        friend auto operator<=>(const one&, const one&) = default;
    };
    std::shared_ptr<set_disk> disk;
    chunk_source::look_in where;
    std::vector<one> chunks;

    chunk_source source_of(chunk_index ours) const {
        return {disk, std::ranges::lower_bound(chunks, ours, {}, &one::ours)->theirs, where};
    }
};

/// Copies chunks from where they also are, and counts the bytes.
awaitable<void> copy(asio::thread_pool& pool, published_store& store, const copies& from, prepared& so_far) {
    chunk_set chunks;
    for (const copies::one& one : from.chunks) chunks.insert(one.ours);
    chunk_work<std::optional<hashed_chunk>> work{chunks, {}, {}};
    work.job = [&](chunk_index chunk) { return store.copy_job(chunk, from.source_of(chunk)); };
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

    copies found_in(const std::shared_ptr<set_disk>& disk, const chunk_set& chunks,
                    chunk_source::look_in where) const {
        copies found{disk, where, {}};
        for (const chunk_index theirs : chunks) {
            const published_chunk there = disk->set().chunk(theirs);
            const auto same = std::ranges::equal_range(by_content_, prefix_of(there.sha256), {},
                                                       [](const auto& entry) { return entry.first; });
            for (const auto& [prefix, ours] : same)
                if (set_.chunk(ours) == there) found.chunks.push_back({ours, theirs});
        }
        std::ranges::sort(found.chunks);
        return found;
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
        const copies found = wanted_content{store}.found_in(other, all, chunk_source::look_in::anywhere);
        co_await copy(pool, store, found, so_far);
    }
}

awaitable<void> copy_from_itself(asio::thread_pool& pool, published_store& store, prepared& so_far) {
    if (store.present().empty()) co_return;
    const copies found = wanted_content{store}.found_in(store.shared_disk(), store.present(),
                                                        chunk_source::look_in::known_files);
    co_await copy(pool, store, found, so_far);
}

}  // namespace

awaitable<prepared> prepare(asio::thread_pool& pool, activities& shown_in, published_store& store,
                            bool serve_only, std::vector<std::filesystem::path> reuse) {
    const manifest& set = *store.published();
    const auto find_out = [&store] { return store.what_to_check(); };
    auto to_check = co_await on_pool(pool, find_out);
    const published_store::to_check what = value_or_throw(std::move(to_check));
    byte_count to_read = 0;
    for (const chunk_set* chunks : {&what.by_xxh3, &what.by_sha256})
        for (const chunk_index chunk : *chunks) to_read += set.chunk(chunk).size;
    progress checked(shown_in, activity::kind::checking, std::string{set.name()}, to_read);
    co_await check(pool, store, what.by_xxh3, check_by::xxh3, checked);
    co_await check(pool, store, what.by_sha256, check_by::sha256, checked);

    if (!serve_only) co_await check_in_place(pool, store);

    const auto conclude = [&store, serve_only] { return store.conclude(serve_only); };
    const chunk_set misplaced = co_await on_pool(pool, conclude);
    prepared result;
    if (serve_only) co_return result;

    // Bytes that are in a file which is not whole count as found, though they are copied.
    prepared moved;
    copies in_place{store.shared_disk(), chunk_source::look_in::places, {}};
    for (const chunk_index chunk : misplaced) in_place.chunks.push_back({chunk, chunk});
    co_await copy(pool, store, in_place, moved);
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

awaitable<chunk_set> find_wrong(asio::thread_pool& pool, activities& shown_in,
                                std::shared_ptr<set_disk> disk) {
    const manifest& set = disk->set();
    progress checked(shown_in, activity::kind::verifying, std::string{set.name()}, set.size());
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
