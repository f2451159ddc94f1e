// Where a peer keeps the chunks of one file-set: a chunk folder (chunk_folder.hpp) or the files of a
// published set (published_store.hpp).
//
// Two kinds of calls, so that nothing needs a lock: plain ones are quick and for the io_context's thread;
// what blocks is a job (or a method of incoming_chunk and outgoing_chunk), made there and run on the pool.
// Errors are one line that names the file.
#pragma once

#include "core/base/types.hpp"
#include "core/chunks/chunk_set.hpp"
#include "core/set/file_set.hpp"
#include "core/set/file_stamp.hpp"

#include <tl/expected.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace p2p {

class manifest;

template <class Result>
using storage_job = std::function<tl::expected<Result, std::string>()>;

struct hashed_chunk {
    chunk_claim claim;
    file_stamp stamp;  ///< of the chunk's file, where it has one of its own
};

/// A chunk on its way in. It counts for nothing before finish() found it right and the store noted it; when
/// it is destroyed before, nothing of it is left. All methods block: for the pool, one at a time.
class incoming_chunk {
public:
    virtual ~incoming_chunk() = default;
    virtual tl::expected<void, std::string> write(std::span<const std::byte> bytes) = 0;
    /// Puts it in its place if its hash is the right one; the result is empty if not.
    virtual tl::expected<std::optional<hashed_chunk>, std::string> finish() = 0;
};

/// Where bytes are in an open file.
struct file_range {
    int file = -1;
    byte_count offset = 0;
};

/// A chunk on its way out.
class outgoing_chunk {
public:
    virtual ~outgoing_chunk() = default;
    virtual byte_count size() const = 0;
    /// Where these bytes of the chunk are, if they are in one file; else it gathers them. An error where the
    /// file is not what was hashed any more. The range's file is open until the next call. Blocks: for the
    /// pool.
    virtual tl::expected<std::optional<file_range>, std::string> part(byte_count offset, byte_count size,
                                                                      std::vector<std::byte>& gathered) = 0;
};

class chunk_store {
public:
    virtual ~chunk_store() = default;

    virtual std::uint32_t count() const = 0;
    virtual const chunk_set& present() const = 0;

    /// What was published. Without it, this is a chunk folder.
    virtual std::shared_ptr<const manifest> published() const { return nullptr; }

    /// Opens a chunk that is present to serve it. An error where it is not what was hashed any more.
    virtual storage_job<std::unique_ptr<outgoing_chunk>> open_job(chunk_index chunk) const = 0;

    /// A place for a missing chunk to arrive at.
    virtual std::unique_ptr<incoming_chunk> receive(const chunk_claim& right) = 0;

    /// Records what was hashed, arrived or was recovered: it is present, and can be opened, from now on.
    virtual void note(const hashed_chunk& hashed) = 0;

    /// The file of the chunk is gone or is not what it was: it is not present any more (its record is left
    /// alone).
    virtual void lost(chunk_index chunk) = 0;

    /// Writes down what is present.
    virtual storage_job<void> save_job() = 0;
    /// Whether saving costs as much as what is new, and not as much as all that is there.
    virtual bool saves_only_news() const { return false; }

    // Of a chunk folder.

    /// Hashes a chunk that is present.
    virtual storage_job<hashed_chunk> hash_job(chunk_index chunk) const = 0;

    /// Missing chunks that an earlier run may have left unrecorded, and whether one is what was agreed (the
    /// result is empty if not).
    virtual const chunk_set& leftovers() const = 0;
    virtual storage_job<std::optional<hashed_chunk>> recover_job(const chunk_claim& agreed) const = 0;

    // Of a published set.

    /// Missing chunks that need not be fetched: another missing chunk has the same content.
    virtual chunk_set repeats() const { return {}; }
    /// Those of them that have the content of this one.
    virtual chunk_set repeats_of(chunk_index) const { return {}; }
    /// Copies a chunk that is present to where one with the same content belongs (the result is empty where
    /// it is not what it was).
    virtual storage_job<std::optional<hashed_chunk>> repeat_job(chunk_index, chunk_index) {
        return [] { return std::nullopt; };
    }
};

}  // namespace p2p
