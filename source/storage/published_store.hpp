// A published set on disk, as a chunk_store: what is present was compared with the manifest. Chunks arrive in
// staged files; a file moves to its place once all its chunks are there, and what is there is written down
// after that.
//
// Before it is used, what is there already is found out, in this order (peer/prepare.hpp does it with all
// cores): what_to_check(), a check_job() for each chunk that it names, conclude(), and, to fetch, copies of what is
// misplaced or known from elsewhere (copy_job()), then ready().
#pragma once

#include "storage/chunk_store.hpp"
#include "storage/set_chunks.hpp"
#include "storage/set_disk.hpp"

#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

namespace p2p {

/// Where another copy of a chunk's content is: a set beneath another folder, or this one.
struct chunk_source {
    enum class look_in { known_files, places, anywhere };  ///< anywhere: staged files first, then the places

    std::shared_ptr<set_disk> disk;
    chunk_index chunk;
    look_in where = look_in::known_files;
};

class published_store final : public chunk_store {
public:
    explicit published_store(std::shared_ptr<set_disk> disk);

    // --- finding out what is there

    /// All of it: it has just been hashed, and these are the stamps of its files (by entry).
    void all_present(const std::vector<std::optional<file_stamp>>& stamps);

    struct to_check {
        chunk_set by_xxh3;    ///< recorded, but the machine may have crashed since
        chunk_set by_sha256;  ///< whatever is there might be the chunk
    };
    /// Looks at the journal and the files. What is recorded as complete, in files that have not changed, is
    /// present without being read. Blocks.
    tl::expected<to_check, std::string> what_to_check();

    /// Whether the chunk is there: in staged files where there are any, or only in the files' places.
    enum class looked_in { staged_first, place_only };
    storage_job<bool> check_job(chunk_index chunk, check_by how, looked_in where) const;
    void checked(chunk_index chunk, bool right);

    /// After that, the chunks that may be in their files' places though not in what is staged.
    chunk_set maybe_in_place() const;
    void checked_in_place(chunk_index chunk, bool right);

    /// All chunks are checked. `serve_only`: what is right is present where it is. Otherwise a file is left
    /// in its place only if all of it is right; of others, right chunks are returned: they are to be copied
    /// to what is staged. Blocks.
    chunk_set conclude(bool serve_only);

    /// Copies a chunk from elsewhere on this machine; the result is empty where it is not there (any more).
    storage_job<std::optional<hashed_chunk>> copy_job(chunk_index chunk, const chunk_source& from);

    /// Nothing more will come from elsewhere: finds out which missing chunks repeat others. Blocks.
    void ready();

    const chunk_set& missing() const { return missing_; }
    byte_count missing_bytes() const;
    set_disk& disk() { return *disk_; }
    std::shared_ptr<set_disk> shared_disk() { return disk_; }

    // --- as a chunk_store

    std::uint32_t count() const override { return set_->chunk_count(); }
    const chunk_set& present() const override { return present_; }
    std::shared_ptr<const manifest> published() const override { return set_; }
    storage_job<std::unique_ptr<outgoing_chunk>> open_job(chunk_index chunk) const override;
    std::unique_ptr<incoming_chunk> receive(const chunk_claim& right) override;
    void note(const hashed_chunk& hashed) override;
    void lost(chunk_index chunk) override;
    storage_job<void> save_job() override;
    bool saves_only_news() const override { return true; }
    chunk_set repeats() const override { return repeats_ & missing_; }
    chunk_set repeats_of(chunk_index chunk) const override;
    storage_job<std::optional<hashed_chunk>> repeat_job(chunk_index present, chunk_index repeat) override;

    storage_job<hashed_chunk> hash_job(chunk_index chunk) const override;
    const chunk_set& leftovers() const override { return none_; }
    storage_job<std::optional<hashed_chunk>> recover_job(const chunk_claim& agreed) const override;

private:
    struct found_file {
        file_stamp stamp;
        bool recorded = false;  ///< the journal says that it was right with this stamp
        bool there = false;
    };

    /// What is to be saved.
    struct news {
        chunk_set chunks;
        std::vector<std::uint32_t> entries;  ///< complete ones
        bool finish = false;                 ///< nothing is missing
        bool shared_from_here = false;
    };
    static tl::expected<void, std::string> save(set_disk& disk, const news& what);

    void look_for_files(const journal_content& journal);
    bool has_all_contentless() const;
    bool could_be_in(chunk_index chunk, looked_in where, bool recorded) const;
    bool was_complete_here(chunk_index chunk, const journal_content& journal) const;
    chunk_set chunks_of(std::uint32_t entry) const;
    void have(chunk_index chunk);

    std::shared_ptr<const manifest> set_;
    std::shared_ptr<set_disk> disk_;
    chunk_set present_;
    chunk_set missing_;

    // While it is found out what is there.
    chunk_set right_;
    chunk_set right_in_place_;
    std::vector<found_file> in_place_;  // by entry
    std::vector<found_file> staged_;    // by entry
    bool wrong_mode_ = false;           // of some file it is wrong who may run it

    std::vector<std::uint32_t> lacks_;  // by entry: chunks that are missing
    chunk_set unsaved_;
    std::vector<std::uint32_t> complete_entries_;  // to be placed
    bool shared_from_here_ = false;                // the files are the sharer's, not the peer's
    bool finished_ = false;                        // all is in its place, flushed, and written down
    std::unordered_map<chunk_index, std::weak_ptr<chunk_arrivals>> arriving_;
    chunk_set repeats_;
    std::unordered_map<chunk_index, std::vector<chunk_index>> repeated_;
    chunk_set none_;
    std::shared_ptr<std::string> save_failure_ = std::make_shared<std::string>();  // of one job at a time
};

}  // namespace p2p
