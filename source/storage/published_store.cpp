#include "storage/published_store.hpp"

#include "storage/files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>

namespace p2p {

published_store::published_store(std::shared_ptr<set_disk> disk)
    : set_(disk->shared_set()),
      disk_(std::move(disk)),
      missing_(chunk_set::first(set_->chunk_count())),
      lacks_(set_->entry_count()) {
    for (std::uint32_t number = 0; number < set_->entry_count(); ++number) {
        const manifest_entry entry = set_->entry(number);
        if (!entry.is_file() || entry.size == 0) continue;
        const auto [first, last] = set_->chunks_in(entry.offset, entry.offset + entry.size);
        lacks_[number] = last.value - first.value + 1;
    }
}

// --- finding out what is there

void published_store::all_present(const std::vector<std::optional<file_stamp>>& stamps) {
    for (std::uint32_t entry = 0; entry < stamps.size(); ++entry)
        if (stamps[entry]) disk_->set_placed(entry, *stamps[entry]);
    const chunk_set all = chunk_set::first(count());
    for (const chunk_index chunk : all) have(chunk);
    shared_from_here_ = true;
}

tl::expected<published_store::to_check, std::string> published_store::what_to_check() {
    journal_content journal;
    const auto held_open = disk_->open_root();
    if (!held_open) return tl::unexpected{held_open.error()};
    if (!disk_->has_state()) {
        journal = look_at_journal(disk_->root(), *set_);
    } else {
        auto read = disk_->state().read_journal(*set_);
        if (!read) return tl::unexpected{read.error()};
        journal = std::move(*read);
    }
    look_for_files(journal);
    to_check check;
    for (chunk_index chunk{1}; chunk.value <= count(); ++chunk.value) {
        const bool recorded = journal.verified.contains(chunk);
        if (was_complete_here(chunk, journal))
            right_.insert(chunk);
        else if (could_be_in(chunk, looked_in::staged_first, recorded))
            (recorded ? check.by_xxh3 : check.by_sha256).insert(chunk);
    }
    finished_ = journal.complete && right_.size() == count() && has_all_contentless() && !wrong_mode_;
    return check;
}

void published_store::look_for_files(const journal_content& journal) {
    in_place_.assign(set_->entry_count(), {});
    staged_.assign(set_->entry_count(), {});
    if (!disk_->is_bare())
        for (std::uint32_t number = 0; number < set_->entry_count(); ++number) {
            const manifest_entry entry = set_->entry(number);
            if (!entry.is_file()) continue;
            const auto there = disk_->look(number);
            if (!there) continue;
            in_place_[number] = {there->stamp, journal.placed[number] == there->stamp, true};
            if (there->executable != (entry.kind == entry_kind::executable)) wrong_mode_ = true;
        }
    for (const std::uint32_t number : disk_->staged())
        if (const auto there = disk_->look_at_staged(number)) staged_[number] = {there->stamp, false, true};
}

bool published_store::has_all_contentless() const {
    for (std::uint32_t number = 0; number < set_->entry_count(); ++number) {
        const manifest_entry entry = set_->entry(number);
        if (entry.is_file() && entry.size == 0 && !in_place_[number].recorded) return false;
        if (entry.kind == entry_kind::folder && !disk_->is_folder_there(number)) return false;
        if (entry.kind == entry_kind::link && !disk_->is_link_right(number)) return false;
    }
    return true;
}

// Whether each of the chunk's files is there, and long enough. Where none of it was recorded, parts of staged
// files that were never written need not be read.
bool published_store::could_be_in(chunk_index chunk, looked_in where, bool recorded) const {
    const auto pieces = pieces_in(*set_, set_->chunk_begin(chunk), set_->chunk_end(chunk));
    return std::ranges::all_of(pieces, [&](const content_piece& piece) {
        const bool staged = where == looked_in::staged_first && staged_[piece.entry].there;
        const found_file& file = staged ? staged_[piece.entry] : in_place_[piece.entry];
        return file.there && file.stamp.size >= piece.in_file + piece.size &&
               (!staged || recorded || !disk_->is_hole(piece.entry, piece.in_file, piece.size));
    });
}

bool published_store::was_complete_here(chunk_index chunk, const journal_content& journal) const {
    if (!journal.complete || !journal.verified.contains(chunk)) return false;
    const auto pieces = pieces_in(*set_, set_->chunk_begin(chunk), set_->chunk_end(chunk));
    return std::ranges::all_of(pieces, [this](const content_piece& piece) {
        return in_place_[piece.entry].recorded && !staged_[piece.entry].there;
    });
}

storage_job<bool> published_store::check_job(chunk_index chunk, check_by how, looked_in where) const {
    return [disk = disk_, chunk, how, where]() -> tl::expected<bool, std::string> {
        const auto open = [&](std::uint32_t entry) -> tl::expected<unique_fd, std::string> {
            if (where == looked_in::staged_first && disk->look_at_staged(entry))
                return disk->open_to_read(entry);
            return disk->open_in_place(entry);
        };
        content_reader reader(disk->set(), open);
        // A file that cannot be read does not have the chunk.
        return is_right(reader, disk->set(), chunk, how).value_or(false);
    };
}

void published_store::checked(chunk_index chunk, bool right) {
    if (right) right_.insert(chunk);
}

// A run that was killed while it copied what was misplaced left files staged that have less than those in
// place.
chunk_set published_store::maybe_in_place() const {
    chunk_set chunks;
    for (const chunk_index chunk : missing_ - right_) {
        const auto pieces = pieces_in(*set_, set_->chunk_begin(chunk), set_->chunk_end(chunk));
        const bool was_shadowed = std::ranges::any_of(
            pieces, [this](const content_piece& piece) { return staged_[piece.entry].there; });
        if (was_shadowed && could_be_in(chunk, looked_in::place_only, false)) chunks.insert(chunk);
    }
    return chunks;
}

void published_store::checked_in_place(chunk_index chunk, bool right) {
    if (right) right_in_place_.insert(chunk);
}

chunk_set published_store::chunks_of(std::uint32_t number) const {
    const manifest_entry entry = set_->entry(number);
    chunk_set chunks;
    if (entry.size == 0) return chunks;
    const auto [first, last] = set_->chunks_in(entry.offset, entry.offset + entry.size);
    chunks.insert_range(first, last);
    return chunks;
}

chunk_set published_store::conclude(bool serve_only) {
    chunk_set misplaced;
    for (std::uint32_t number = 0; number < set_->entry_count(); ++number) {
        const manifest_entry entry = set_->entry(number);
        if (!entry.is_file() || !in_place_[number].there || staged_[number].there) continue;
        const chunk_set chunks = chunks_of(number);
        const bool whole = in_place_[number].stamp.size == entry.size && chunks.is_subset_of(right_);
        if (!whole && (!serve_only || (chunks & right_).empty())) {
            misplaced |= chunks & right_;
            continue;
        }
        disk_->set_placed(number, in_place_[number].stamp);
        // Where the system does not let this peer say who may run a file, it stays as it is.
        if (!serve_only && wrong_mode_)
            (void)disk_->set_executable(number, entry.kind == entry_kind::executable);
    }
    const chunk_set in_place = right_ - misplaced;
    for (const chunk_index chunk : in_place) have(chunk);
    misplaced |= right_in_place_;
    if (finished_) {
        complete_entries_.clear();
        unsaved_.clear();
    }
    right_ = right_in_place_ = {};
    in_place_ = staged_ = {};
    return misplaced;
}

namespace {

tl::expected<unique_fd, std::string> open_source(const chunk_source& from, std::uint32_t entry) {
    using enum chunk_source::look_in;
    const bool staged = from.where == anywhere && from.disk->look_at_staged(entry);
    return staged || from.where == known_files ? from.disk->open_to_read(entry)
                                               : from.disk->open_in_place(entry);
}

}  // namespace

storage_job<std::optional<hashed_chunk>> published_store::copy_job(chunk_index chunk,
                                                                   const chunk_source& from) {
    const published_chunk right = set_->chunk(chunk);
    std::shared_ptr<incoming_chunk> to = receive({chunk, right.hash, right.size});
    return [to, from, size = right.size]() -> tl::expected<std::optional<hashed_chunk>, std::string> {
        const manifest& set = from.disk->set();
        content_reader reader(set, [&from](std::uint32_t entry) { return open_source(from, entry); });
        std::optional<std::string> write_error;
        const auto write = [&](std::span<const std::byte> bytes) {
            const auto written = to->write(bytes);
            if (!written) write_error = written.error();
            return written;
        };
        const byte_count begin = set.chunk_begin(from.chunk);
        const auto read = read_content(reader, begin, begin + size, write);
        if (write_error) return tl::unexpected{*write_error};
        if (!read) return std::nullopt;
        return to->finish();
    };
}

// Chunks with the same content stand next to each other when they are sorted by it. The first bytes of the
// hash tell nearly all of them apart, at 16 bytes a chunk.
void published_store::ready() {
    std::vector<std::pair<std::uint64_t, chunk_index>> all;
    all.reserve(missing_.size());
    for (const chunk_index chunk : missing_) {
        std::uint64_t prefix = 0;
        std::memcpy(&prefix, set_->chunk(chunk).sha256.bytes.data(), sizeof prefix);
        all.emplace_back(prefix, chunk);
    }
    std::ranges::sort(all);
    for (std::size_t i = 1, first = 0; i < all.size(); ++i) {
        if (set_->chunk(all[i].second) != set_->chunk(all[first].second)) {
            first = i;
            continue;
        }
        repeats_.insert(all[i].second);
        repeated_[all[first].second].push_back(all[i].second);
    }
}

byte_count published_store::missing_bytes() const {
    byte_count bytes = 0;
    for (const chunk_index chunk : missing_) bytes += set_->chunk(chunk).size;
    return bytes;
}

// --- as a chunk_store

storage_job<std::unique_ptr<outgoing_chunk>> published_store::open_job(chunk_index chunk) const {
    return [disk = disk_, chunk]() -> tl::expected<std::unique_ptr<outgoing_chunk>, std::string> {
        return leaving_from(disk, chunk);
    };
}

std::unique_ptr<incoming_chunk> published_store::receive(const chunk_claim& right) {
    auto all = arriving_[right.chunk].lock();
    if (!all) {
        arriving_[right.chunk] = all = std::make_shared<chunk_arrivals>();
        all->arrived = present_.contains(right.chunk);
    }
    return arriving_in(disk_, right, std::move(all));
}

void published_store::note(const hashed_chunk& hashed) {
    const chunk_index chunk = hashed.claim.chunk;
    arriving_.erase(chunk);
    have(chunk);
}

void published_store::have(chunk_index chunk) {
    if (!present_.insert(chunk)) return;
    missing_.erase(chunk);
    unsaved_.insert(chunk);
    for (const content_piece& piece : pieces_in(*set_, set_->chunk_begin(chunk), set_->chunk_end(chunk)))
        if (lacks_[piece.entry] > 0 && --lacks_[piece.entry] == 0) complete_entries_.push_back(piece.entry);
}

void published_store::lost(chunk_index chunk) {
    present_.erase(chunk);
}

// Files to their places first, then what is there to the journal. After a failure, nothing more is written
// down: what was to be saved then is lost.
storage_job<void> published_store::save_job() {
    if (!disk_->has_state() || finished_) return [] { return tl::expected<void, std::string>{}; };
    finished_ = missing_.empty();
    news what{std::exchange(unsaved_, {}), std::exchange(complete_entries_, {}), finished_,
              shared_from_here_};
    return
        [disk = disk_, what = std::move(what), failure = save_failure_]() -> tl::expected<void, std::string> {
            if (!failure->empty()) return tl::unexpected{*failure};
            auto saved = save(*disk, what);
            if (!saved) *failure = saved.error();
            return saved;
        };
}

tl::expected<void, std::string> published_store::save(set_disk& disk, const news& what) {
    struct end_of_run {
        set_disk& disk;
        ~end_of_run() { disk.forget_parent(); }
    } const at_the_end{disk};
    std::string records;
    for (const std::uint32_t entry : what.entries) {
        if (!disk.placed(entry)) {
            const auto stamp = disk.place(entry);
            if (!stamp) return tl::unexpected{stamp.error()};
        }
        records += journal_file(entry, *disk.placed(entry));
    }
    records += journal_chunks(what.chunks);
    if (!what.finish) return disk.state().append(records);

    // Of what is shared from here, nothing is the peer's to make or to flush.
    if (!what.shared_from_here)
        if (const auto made = disk.make_contentless(); !made) return made;
    for (std::uint32_t number = 0; number < disk.set().entry_count(); ++number) {
        const manifest_entry entry = disk.set().entry(number);
        if (entry.is_file() && entry.size == 0) records += journal_file(number, *disk.placed(number));
    }
    if (!what.shared_from_here)
        if (const auto flushed = disk.flush(); !flushed) return flushed;
    records += journal_complete();
    if (const auto written = disk.state().append(records); !written) return written;
    disk.state().drop_incoming();
    return {};
}

chunk_set published_store::repeats_of(chunk_index chunk) const {
    chunk_set repeats;
    if (const auto at = repeated_.find(chunk); at != repeated_.end())
        for (const chunk_index repeat : at->second) repeats.insert(repeat);
    return repeats & missing_;
}

storage_job<std::optional<hashed_chunk>> published_store::repeat_job(chunk_index present,
                                                                     chunk_index repeat) {
    return copy_job(repeat, {disk_, present});
}

// What a chunk folder needs, and a published set does not: its hashes are known.
storage_job<hashed_chunk> published_store::hash_job(chunk_index chunk) const {
    const published_chunk right = set_->chunk(chunk);
    return [claim = chunk_claim{chunk, right.hash, right.size}] { return hashed_chunk{claim, {}}; };
}

storage_job<std::optional<hashed_chunk>> published_store::recover_job(const chunk_claim&) const {
    return [] { return std::nullopt; };
}

}  // namespace p2p
