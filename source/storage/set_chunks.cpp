#include "storage/set_chunks.hpp"

#include "storage/files.hpp"
#include "storage/set_content.hpp"

#include <algorithm>
#include <cerrno>

namespace p2p {

namespace {

/// The result is 0 or an errno.
int write_at(int file, byte_count at, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(at));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        at += static_cast<byte_count>(n);
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return 0;
}

class leaving_chunk final : public outgoing_chunk {
public:
    leaving_chunk(std::shared_ptr<set_disk> disk, chunk_index chunk)
        : disk_(std::move(disk)),
          chunk_(chunk),
          reader_(disk_->set(),
                  [disk = disk_.get()](std::uint32_t entry) { return disk->open_to_read(entry); }) {}

    byte_count size() const override { return disk_->set().chunk(chunk_).size; }

    tl::expected<std::optional<file_range>, std::string> part(byte_count offset, byte_count size,
                                                              std::vector<std::byte>& gathered) override {
        const byte_count from = disk_->set().chunk_begin(chunk_) + offset;
        const auto pieces = pieces_in(disk_->set(), from, from + size);
        if (pieces.size() == 1) return range_of(pieces.front());
        gathered.resize(size);
        if (const auto read = reader_.read(from, gathered); !read) return tl::unexpected{read.error()};
        return std::nullopt;
    }

private:
    tl::expected<std::optional<file_range>, std::string> range_of(const content_piece& piece) {
        const auto file = reader_.file_of(piece);
        if (!file) return tl::unexpected{file.error()};
        const auto now = stamp_of(*file, std::string{disk_->set().entry(piece.entry).path});
        if (!now) return tl::unexpected{now.error()};
        if (const auto hashed = disk_->placed(piece.entry); hashed && *hashed != *now)
            return tl::unexpected{about(disk_->shown(piece.entry), "changed since it was hashed")};
        return file_range{*file, piece.in_file};
    }

    std::shared_ptr<set_disk> disk_;
    chunk_index chunk_;
    content_reader reader_;
};

class arriving_chunk final : public incoming_chunk {
public:
    arriving_chunk(std::shared_ptr<set_disk> disk, const chunk_claim& right,
                   std::shared_ptr<chunk_arrivals> all)
        : disk_(std::move(disk)), right_(right), all_(std::move(all)) {
        const std::scoped_lock lock{all_->mutex};
        first_ = !std::exchange(all_->someone_writes, true);
    }

    ~arriving_chunk() override {
        const std::scoped_lock lock{all_->mutex};
        if (first_) all_->someone_writes = false;
    }

    tl::expected<void, std::string> write(std::span<const std::byte> bytes) override {
        sha256_.update(bytes);
        const byte_count at = std::exchange(written_, written_ + bytes.size());
        if (written_ > right_.size) return {};  // it cannot be right any more
        const std::scoped_lock lock{all_->mutex};
        if (all_->arrived) return {};
        return first_ ? write_staged(at, bytes) : write_aside(at, bytes);
    }

    tl::expected<std::optional<hashed_chunk>, std::string> finish() override {
        if (written_ != right_.size || sha256_.digest() != disk_->set().chunk(right_.chunk).sha256)
            return std::nullopt;
        const std::scoped_lock lock{all_->mutex};
        if (!all_->arrived && !first_)
            if (const auto moved = move_from_aside(); !moved) return tl::unexpected{moved.error()};
        all_->arrived = true;
        return hashed_chunk{right_, {}};
    }

private:
    tl::expected<void, std::string> write_staged(byte_count at, std::span<const std::byte> bytes) {
        const byte_count from = disk_->set().chunk_begin(right_.chunk) + at;
        for (const content_piece& piece : pieces_in(disk_->set(), from, from + bytes.size())) {
            const auto part = bytes.first(piece.size);
            bytes = bytes.subspan(piece.size);
            if (disk_->placed(piece.entry)) continue;  // all of that file was there already
            if (entry_ != piece.entry) {
                auto opened = disk_->open_staged(piece.entry);
                if (!opened) return tl::unexpected{opened.error()};
                file_ = std::move(*opened);
                entry_ = piece.entry;
            }
            if (const int error = write_at(file_.get(), piece.in_file, part))
                return tl::unexpected{failure(disk_->shown(piece.entry), error)};
        }
        return {};
    }

    tl::expected<void, std::string> write_aside(byte_count at, std::span<const std::byte> bytes) {
        if (!aside_) {
            auto opened = disk_->open_scratch();
            if (!opened) return tl::unexpected{opened.error()};
            aside_ = std::move(*opened);
        }
        if (const int error = write_at(aside_.get(), at, bytes))
            return tl::unexpected{failure(disk_->root().native(), error)};
        return {};
    }

    tl::expected<void, std::string> move_from_aside() {
        std::vector<std::byte> buffer(std::size_t{256} * 1024);
        for (byte_count at = 0; at < right_.size;) {
            const auto most = std::min<byte_count>(buffer.size(), right_.size - at);
            const ssize_t got = ::pread(aside_.get(), buffer.data(), most, static_cast<off_t>(at));
            if (got <= 0) return tl::unexpected{failure(disk_->root().native(), got < 0 ? errno : EIO)};
            const auto part = std::span{buffer}.first(static_cast<std::size_t>(got));
            if (const auto written = write_staged(at, part); !written) return written;
            at += part.size();
        }
        return {};
    }

    std::shared_ptr<set_disk> disk_;
    chunk_claim right_;
    std::shared_ptr<chunk_arrivals> all_;
    bool first_ = false;
    sha256_hasher sha256_;
    byte_count written_ = 0;
    std::optional<std::uint32_t> entry_;
    unique_fd file_;
    unique_fd aside_;
};

}  // namespace

std::unique_ptr<incoming_chunk> arriving_in(std::shared_ptr<set_disk> disk, const chunk_claim& right,
                                            std::shared_ptr<chunk_arrivals> all) {
    return std::make_unique<arriving_chunk>(std::move(disk), right, std::move(all));
}

std::unique_ptr<outgoing_chunk> leaving_from(std::shared_ptr<set_disk> disk, chunk_index chunk) {
    return std::make_unique<leaving_chunk>(std::move(disk), chunk);
}

}  // namespace p2p
