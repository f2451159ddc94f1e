#include "corrupt_store.hpp"

#include <cerrno>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace p2p::simulation {

namespace {

// The bytes of an honest chunk, but one bit in the middle of each part.
class corrupt_chunk final : public outgoing_chunk {
public:
    explicit corrupt_chunk(std::unique_ptr<outgoing_chunk> honest) : honest_(std::move(honest)) {}

    byte_count size() const override { return honest_->size(); }

    tl::expected<std::optional<file_range>, std::string> part(byte_count offset, byte_count size,
                                                              std::vector<std::byte>& gathered) override {
        const auto found = honest_->part(offset, size, gathered);
        if (!found) return found;
        if (*found) {
            gathered.resize(size);
            const auto at = static_cast<off_t>((*found)->offset);
            if (::pread((*found)->file, gathered.data(), size, at) != static_cast<ssize_t>(size))
                return tl::unexpected{std::generic_category().message(errno)};
        }
        if (size > 0) gathered[size / 2] ^= std::byte{1};
        return std::nullopt;
    }

private:
    std::unique_ptr<outgoing_chunk> honest_;
};

class corrupt_store final : public chunk_store {
public:
    explicit corrupt_store(std::unique_ptr<chunk_store> honest) : honest_(std::move(honest)) {}

    storage_job<std::unique_ptr<outgoing_chunk>> open_job(chunk_index chunk) const override {
        return [open = honest_->open_job(
                    chunk)]() -> tl::expected<std::unique_ptr<outgoing_chunk>, std::string> {
            auto opened = open();
            if (!opened) return opened;
            return std::make_unique<corrupt_chunk>(std::move(*opened));
        };
    }

    std::shared_ptr<const manifest> published() const override { return honest_->published(); }
    std::uint32_t count() const override { return honest_->count(); }
    const chunk_set& present() const override { return honest_->present(); }
    storage_job<hashed_chunk> hash_job(chunk_index chunk) const override { return honest_->hash_job(chunk); }
    void note(const hashed_chunk& hashed) override { honest_->note(hashed); }
    std::unique_ptr<incoming_chunk> receive(const chunk_claim& agreed) override {
        return honest_->receive(agreed);
    }
    const chunk_set& leftovers() const override { return honest_->leftovers(); }
    storage_job<std::optional<hashed_chunk>> recover_job(const chunk_claim& agreed) const override {
        return honest_->recover_job(agreed);
    }
    void lost(chunk_index chunk) override { honest_->lost(chunk); }
    storage_job<void> save_job() override { return honest_->save_job(); }

private:
    std::unique_ptr<chunk_store> honest_;
};

}  // namespace

std::unique_ptr<chunk_store> make_corrupt(std::unique_ptr<chunk_store> honest) {
    return std::make_unique<corrupt_store>(std::move(honest));
}

}  // namespace p2p::simulation
