// A chunk folder on disk: local_chunks.txt, and a file for each chunk that is present.
#pragma once

#include "core/chunks/local_chunks.hpp"
#include "storage/chunk_store.hpp"
#include "storage/unique_fd.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace p2p {

class chunk_folder final : public chunk_store {
public:
    /// Reads local_chunks.txt and takes the folder for this process: a second one is refused. Removes parts
    /// of chunks that an earlier run left. Blocks.
    static tl::expected<std::unique_ptr<chunk_folder>, std::string> open(const std::filesystem::path& folder);

    std::uint32_t count() const override { return listing_.count; }
    const chunk_set& present() const override { return present_; }
    storage_job<hashed_chunk> hash_job(chunk_index chunk) const override;
    void note(const hashed_chunk& hashed) override;
    storage_job<std::unique_ptr<outgoing_chunk>> open_job(chunk_index chunk) const override;
    std::unique_ptr<incoming_chunk> receive(const chunk_claim& agreed) override;
    const chunk_set& leftovers() const override { return leftovers_; }
    storage_job<std::optional<hashed_chunk>> recover_job(const chunk_claim& agreed) const override;
    void lost(chunk_index chunk) override;
    storage_job<void> save_job() override;

private:
    // The copies of a chunk that are on their way at once.
    struct copies_under_way {
        std::mutex mutex;
        std::optional<file_stamp> placed;
    };
    class arriving_file;

    chunk_folder(unique_fd folder, chunk_listing listing);
    tl::expected<void, std::string> sweep();
    std::string name_of(chunk_index chunk) const;

    unique_fd folder_;  // locked while it is open
    chunk_listing listing_;
    chunk_listing rivals_;  // those of its names that a stored chunk's name could clash with: usually none
    chunk_set present_;
    chunk_set leftovers_;
    std::unordered_map<chunk_index, file_stamp> stamps_;
    std::unordered_map<chunk_index, std::weak_ptr<copies_under_way>> arriving_;
    std::uint64_t arrivals_ = 0;
};

}  // namespace p2p
