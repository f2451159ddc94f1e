#include "storage/set_content.hpp"

#include "storage/files.hpp"

#include <algorithm>
#include <cerrno>

namespace p2p {

namespace {

// Small enough to stay in a processor's own cache from the first hash to the second.
constexpr std::size_t read_size = std::size_t{64} * 1024;

tl::expected<void, std::string> done() {
    return {};
}

}  // namespace

std::vector<content_piece> pieces_in(const manifest& set, byte_count from, byte_count to) {
    std::vector<content_piece> pieces;
    const auto [first, last] = set.entries_in(from, to);
    for (std::uint32_t number = first; number < last; ++number) {
        const manifest_entry entry = set.entry(number);
        const byte_count begin = std::max(from, entry.offset);
        const byte_count end = std::min(to, entry.offset + entry.size);
        if (entry.is_file() && begin < end) pieces.push_back({number, begin - entry.offset, end - begin});
    }
    return pieces;
}

tl::expected<void, std::string> content_reader::read(byte_count from, std::span<std::byte> into) {
    for (const content_piece& piece : pieces_in(set_, from, from + into.size())) {
        if (const auto got = read_piece(piece, into.first(piece.size)); !got) return got;
        into = into.subspan(piece.size);
    }
    if (!into.empty()) return tl::unexpected{std::string{"the content ends before"}};
    return {};
}

tl::expected<int, std::string> content_reader::file_of(const content_piece& piece) {
    if (entry_ != piece.entry) {
        entry_.reset();
        auto opened = open_(piece.entry);
        if (!opened) return tl::unexpected{opened.error()};
        file_ = std::move(*opened);
        entry_ = piece.entry;
    }
    return file_.get();
}

tl::expected<void, std::string> content_reader::read_piece(const content_piece& piece,
                                                           std::span<std::byte> into) {
    const auto file = file_of(piece);
    if (!file) return tl::unexpected{file.error()};
    byte_count at = piece.in_file;
    while (!into.empty()) {
        const ssize_t got = ::pread(*file, into.data(), into.size(), static_cast<off_t>(at));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return tl::unexpected{failure(set_.entry(piece.entry).path, errno)};
        if (got == 0) return tl::unexpected{about(set_.entry(piece.entry).path, "is shorter than it was")};
        at += static_cast<byte_count>(got);
        into = into.subspan(static_cast<std::size_t>(got));
    }
    return {};
}

tl::expected<void, std::string> read_content(
    content_reader& from, byte_count begin, byte_count end,
    const std::function<tl::expected<void, std::string>(std::span<const std::byte>)>& take) {
    // One for each thread: to touch new memory for every chunk would cost more than to read it.
    thread_local std::vector<std::byte> buffer(read_size);
    while (begin < end) {
        const auto part = std::span{buffer}.first(std::min<byte_count>(buffer.size(), end - begin));
        if (const auto got = from.read(begin, part); !got) return got;
        if (const auto taken = take(part); !taken) return taken;
        begin += part.size();
    }
    return {};
}

tl::expected<published_chunk, std::string> hash_content(content_reader& from, byte_count begin,
                                                        byte_count end) {
    chunk_hasher hash;
    sha256_hasher sha256;
    const auto update = [&](std::span<const std::byte> bytes) {
        hash.update(bytes);
        sha256.update(bytes);
        return done();
    };
    if (const auto read = read_content(from, begin, end, update); !read) return tl::unexpected{read.error()};
    return published_chunk{static_cast<std::uint32_t>(end - begin), hash.digest(), sha256.digest()};
}

tl::expected<bool, std::string> is_right(content_reader& from, const manifest& set, chunk_index chunk,
                                         check_by how) {
    chunk_hasher hash;
    sha256_hasher sha256;
    const auto update = [&](std::span<const std::byte> bytes) {
        if (how == check_by::xxh3)
            hash.update(bytes);
        else
            sha256.update(bytes);
        return done();
    };
    if (const auto read = read_content(from, set.chunk_begin(chunk), set.chunk_end(chunk), update); !read)
        return tl::unexpected{read.error()};
    const published_chunk right = set.chunk(chunk);
    return how == check_by::xxh3 ? hash.digest() == right.hash : sha256.digest() == right.sha256;
}

}  // namespace p2p
