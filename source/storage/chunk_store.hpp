// Where a peer keeps the chunks of one file-set. A chunk folder is one kind; a published file-set will be
// another.
//
// Two kinds of calls, so that nothing needs a lock: plain ones are quick and for the io_context's thread;
// what blocks is a job (or a method of incoming_chunk), made there and run on the pool. Errors are one line
// that names the file.
#pragma once

#include "core/chunk_set.hpp"
#include "core/file_set.hpp"
#include "core/file_stamp.hpp"
#include "core/types.hpp"
#include "storage/unique_fd.hpp"

#include <tl/expected.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace p2p {

template <class Result>
using storage_job = std::function<tl::expected<Result, std::string>()>;

/// An open file, and where in it a chunk is.
struct stored_chunk {
    unique_fd file;
    byte_count offset = 0;
    byte_count size = 0;
};

struct hashed_chunk {
    chunk_claim claim;
    file_stamp stamp;
};

/// A chunk on its way in. It counts for nothing before finish() found it right and the store noted it; when
/// it is destroyed before, nothing of it is left. All methods block: for the pool, one at a time.
class incoming_chunk {
public:
    virtual ~incoming_chunk() = default;
    virtual tl::expected<void, std::string> write(std::span<const std::byte> bytes) = 0;
    /// Puts it in its place if its hash is the agreed one; the result is empty if not.
    virtual tl::expected<std::optional<hashed_chunk>, std::string> finish() = 0;
};

class chunk_store {
public:
    virtual ~chunk_store() = default;

    virtual std::uint32_t count() const = 0;
    virtual const chunk_set& present() const = 0;

    /// Hashes a chunk that is present.
    virtual storage_job<hashed_chunk> hash_job(chunk_index chunk) const = 0;
    /// Records what was hashed, arrived or was recovered: it is present, and can be opened, from now on.
    virtual void note(const hashed_chunk& hashed) = 0;

    /// Opens a chunk that is present to serve it. An error where it is not the file any more that was hashed.
    virtual storage_job<stored_chunk> open_job(chunk_index chunk) const = 0;

    /// A place for a missing chunk to arrive at.
    virtual std::unique_ptr<incoming_chunk> receive(const chunk_claim& agreed) = 0;

    /// Missing chunks that an earlier run may have left unrecorded, and whether one is what was agreed (the
    /// result is empty if not).
    virtual const chunk_set& leftovers() const = 0;
    virtual storage_job<std::optional<hashed_chunk>> recover_job(const chunk_claim& agreed) const = 0;

    /// The file of the chunk is gone or is not what it was: it is not present any more (its record is left
    /// alone).
    virtual void lost(chunk_index chunk) = 0;

    /// Writes down what is present.
    virtual storage_job<void> save_job() const = 0;
};

}  // namespace p2p
