#include "storage/chunk_folder.hpp"

#include "core/base/units.hpp"
#include "storage/beneath.hpp"
#include "storage/files.hpp"
#include "storage/listing_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <sys/file.h>
#include <vector>

namespace p2p {

namespace {

constexpr std::string_view part_prefix = ".p2p-part-";
constexpr std::size_t hash_buffer = std::size_t{256} * 1024;

tl::expected<unique_fd, std::string> open_to_read(int folder, const std::string& name) {
    return open_beneath(folder, name, O_RDONLY | O_NONBLOCK);
}

tl::expected<hashed_chunk, std::string> hash_file(int folder, const std::string& name, chunk_index chunk) {
    const auto file = open_to_read(folder, name);
    if (!file) return tl::unexpected{file.error()};
    const std::string shown = name_in(folder, name);
    const auto before = stamp_of(file->get(), shown);
    if (!before) return tl::unexpected{before.error()};

    chunk_hasher hasher;
    std::vector<std::byte> buffer(hash_buffer);
    for (;;) {
        const ssize_t n = read_some(file->get(), buffer);
        if (n < 0) return tl::unexpected{failure(shown, errno)};
        if (n == 0) break;
        hasher.update(std::span{buffer}.first(static_cast<std::size_t>(n)));
    }
    const auto after = stamp_of(file->get(), shown);
    if (!after || *after != *before) return tl::unexpected{shown + ": changed while it was read"};
    return hashed_chunk{{chunk, hasher.digest(), before->size}, *before};
}

// The whole of one file, as long as it is the one that was hashed.
class leaving_file final : public outgoing_chunk {
public:
    leaving_file(unique_fd file, std::string name, const file_stamp& hashed)
        : file_(std::move(file)), name_(std::move(name)), hashed_(hashed) {}

    byte_count size() const override { return hashed_.size; }

    tl::expected<std::optional<file_range>, std::string> part(byte_count offset, byte_count,
                                                              std::vector<std::byte>&) override {
        if (const auto same = check(); !same) return tl::unexpected{same.error()};
        return file_range{file_.get(), offset};
    }

    tl::expected<void, std::string> check() const {
        const auto now = stamp_of(file_.get(), name_);
        if (!now) return tl::unexpected{now.error()};
        if (*now != hashed_) return tl::unexpected{about(name_, "changed since it was hashed")};
        return {};
    }

private:
    unique_fd file_;
    std::string name_;
    file_stamp hashed_;
};

// "chunk_7" or, where that name was taken, "chunk_7_": the chunk that stored_name() may have named so.
std::optional<chunk_index> chunk_named(std::string_view name) {
    constexpr std::string_view prefix = "chunk_";
    if (!name.starts_with(prefix)) return std::nullopt;
    name.remove_prefix(prefix.size());
    chunk_index chunk;
    const auto [end, error] = std::from_chars(name.begin(), name.end(), chunk.value);
    if (error != std::errc{}) return std::nullopt;
    return chunk;
}

}  // namespace

// Bytes go to a part file first; the name of the chunk only ever belongs to a whole and right one. The copy
// that has it first keeps it: its stamp is what is known of the file from then on.
class chunk_folder::arriving_file final : public incoming_chunk {
public:
    arriving_file(int folder, std::string part, std::string final_name, const chunk_claim& agreed,
                  std::shared_ptr<copies_under_way> all)
        : folder_(folder),
          part_(std::move(part)),
          final_name_(std::move(final_name)),
          agreed_(agreed),
          all_(std::move(all)) {}

    ~arriving_file() override {
        if (file_) ::unlinkat(folder_, part_.c_str(), 0);
    }

    tl::expected<void, std::string> write(std::span<const std::byte> bytes) override {
        if (!file_) {
            file_.reset(
                ::openat(folder_, part_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666));
            if (!file_) return failed();
        }
        if (const int error = write_all(file_.get(), bytes))
            return tl::unexpected{failure(name_in(folder_, final_name_), error)};
        hasher_.update(bytes);
        return {};
    }

    tl::expected<std::optional<hashed_chunk>, std::string> finish() override {
        if (const auto created = write({}); !created) return tl::unexpected{created.error()};
        if (hasher_.digest() != agreed_.hash) return std::nullopt;
        const std::scoped_lock lock{all_->mutex};
        if (all_->placed) return hashed_chunk{agreed_, *all_->placed};
        const auto stamp = stamp_of(file_.get(), part_);
        if (!stamp) return tl::unexpected{stamp.error()};
        if (::renameat(folder_, part_.c_str(), folder_, final_name_.c_str()) != 0) return failed();
        file_.reset();
        all_->placed = *stamp;
        return hashed_chunk{agreed_, *stamp};
    }

private:
    tl::unexpected<std::string> failed() const {
        const int error = errno;
        return tl::unexpected{failure(name_in(folder_, final_name_), error)};
    }

    int folder_;
    std::string part_;
    std::string final_name_;
    chunk_claim agreed_;
    std::shared_ptr<copies_under_way> all_;
    unique_fd file_;
    chunk_hasher hasher_;
};

tl::expected<std::unique_ptr<chunk_folder>, std::string> chunk_folder::open(
    const std::filesystem::path& path) {
    auto folder = open_folder(path);
    if (!folder) return tl::unexpected{folder.error()};
    if (::flock(folder->get(), LOCK_EX | LOCK_NB) != 0)
        return tl::unexpected{path.native() + ": another peer is using this folder"};
    auto listing = read_listing(path);
    if (!listing) return tl::unexpected{listing.error()};
    std::unique_ptr<chunk_folder> opened{new chunk_folder{std::move(*folder), std::move(*listing)}};
    if (const auto swept = opened->sweep(); !swept) return tl::unexpected{swept.error()};
    return opened;
}

chunk_folder::chunk_folder(unique_fd folder, chunk_listing listing)
    : folder_(std::move(folder)), listing_(std::move(listing)) {
    for (const auto& [chunk, name] : listing_.names) {
        present_.insert(chunk);
        if (name.starts_with("chunk_") && name != fmt::format("chunk_{}", chunk.value))
            rivals_.names[chunk] = name;
    }
}

// Removes what a killed run left half-done, and finds what it finished but had not listed yet.
tl::expected<void, std::string> chunk_folder::sweep() {
    std::error_code error;
    const std::filesystem::path path = fmt::format("/proc/self/fd/{}", folder_.get());
    for (std::filesystem::directory_iterator at{path, error}, end; !error && at != end; at.increment(error)) {
        const std::string name = at->path().filename();
        if (name.starts_with(part_prefix)) ::unlinkat(folder_.get(), name.c_str(), 0);
        const auto chunk = chunk_named(name);
        if (chunk && chunk->value >= 1 && chunk->value <= count() && !present_.contains(*chunk) &&
            name == stored_name(rivals_, *chunk))
            leftovers_.insert(*chunk);
    }
    if (error) return tl::unexpected{failure(name_in(folder_.get(), "."), error.value())};
    return {};
}

std::string chunk_folder::name_of(chunk_index chunk) const {
    return listing_.names.at(chunk);
}

storage_job<hashed_chunk> chunk_folder::hash_job(chunk_index chunk) const {
    return [folder = folder_.get(), name = name_of(chunk), chunk] { return hash_file(folder, name, chunk); };
}

void chunk_folder::note(const hashed_chunk& hashed) {
    const chunk_index chunk = hashed.claim.chunk;
    stamps_[chunk] = hashed.stamp;
    leftovers_.erase(chunk);
    arriving_.erase(chunk);
    // One that was lost has its old name still, but came back under this one.
    if (present_.insert(chunk)) listing_.names.insert_or_assign(chunk, stored_name(rivals_, chunk));
}

storage_job<std::unique_ptr<outgoing_chunk>> chunk_folder::open_job(chunk_index chunk) const {
    return [folder = folder_.get(), name = name_of(chunk),
            hashed = stamps_.at(chunk)]() -> tl::expected<std::unique_ptr<outgoing_chunk>, std::string> {
        auto file = open_to_read(folder, name);
        if (!file) return tl::unexpected{file.error()};
        auto leaving = std::make_unique<leaving_file>(std::move(*file), name_in(folder, name), hashed);
        if (const auto same = leaving->check(); !same) return tl::unexpected{same.error()};
        return leaving;
    };
}

std::unique_ptr<incoming_chunk> chunk_folder::receive(const chunk_claim& agreed) {
    auto all = arriving_[agreed.chunk].lock();
    if (!all) arriving_[agreed.chunk] = all = std::make_shared<copies_under_way>();
    auto part = fmt::format("{}{}.{}", part_prefix, agreed.chunk.value, ++arrivals_);
    return std::make_unique<arriving_file>(folder_.get(), std::move(part), stored_name(rivals_, agreed.chunk),
                                           agreed, std::move(all));
}

storage_job<std::optional<hashed_chunk>> chunk_folder::recover_job(const chunk_claim& agreed) const {
    return [folder = folder_.get(), name = stored_name(rivals_, agreed.chunk),
            agreed]() -> tl::expected<std::optional<hashed_chunk>, std::string> {
        const auto hashed = hash_file(folder, name, agreed.chunk);
        if (!hashed || hashed->claim != agreed) return std::nullopt;
        return *hashed;
    };
}

void chunk_folder::lost(chunk_index chunk) {
    present_.erase(chunk);
    stamps_.erase(chunk);
}

storage_job<void> chunk_folder::save_job() {
    return [folder = folder_.get(), listing = listing_] { return write_listing(folder, listing); };
}

}  // namespace p2p
