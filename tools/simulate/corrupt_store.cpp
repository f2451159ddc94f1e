#include "corrupt_store.hpp"

#include <cerrno>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace p2p::simulation {

namespace {

tl::expected<stored_chunk, std::string> flip_a_bit(const stored_chunk& honest) {
    std::vector<char> bytes(honest.size);
    const auto failed = [] { return tl::unexpected{std::generic_category().message(errno)}; };
    if (::pread(honest.file.get(), bytes.data(), bytes.size(), static_cast<off_t>(honest.offset)) !=
        static_cast<ssize_t>(bytes.size()))
        return failed();
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    unique_fd file{::memfd_create("corrupt", MFD_CLOEXEC)};
    if (!file || ::pwrite(file.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        return failed();
    return stored_chunk{std::move(file), 0, honest.size};
}

class corrupt_store final : public chunk_store {
public:
    explicit corrupt_store(std::unique_ptr<chunk_store> honest) : honest_(std::move(honest)) {}

    storage_job<stored_chunk> open_job(chunk_index chunk) const override {
        return [open = honest_->open_job(chunk)]() -> tl::expected<stored_chunk, std::string> {
            const auto opened = open();
            if (!opened) return tl::unexpected{opened.error()};
            return flip_a_bit(*opened);
        };
    }

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
    storage_job<void> save_job() const override { return honest_->save_job(); }

private:
    std::unique_ptr<chunk_store> honest_;
};

}  // namespace

std::unique_ptr<chunk_store> make_corrupt(std::unique_ptr<chunk_store> honest) {
    return std::make_unique<corrupt_store>(std::move(honest));
}

}  // namespace p2p::simulation
