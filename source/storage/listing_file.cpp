#include "storage/listing_file.hpp"

#include "storage/files.hpp"

#include <fmt/format.h>

namespace p2p {

namespace {

std::string located(const std::filesystem::path& file, const listing_error& error) {
    if (error.line == 0) return about(file.native(), error.message);
    return about(fmt::format("{}:{}", file.native(), error.line), error.message);
}

}  // namespace

tl::expected<chunk_listing, std::string> read_listing(const std::filesystem::path& folder) {
    const auto file = folder / listing_name;
    const auto text = read_small_file(file, max_listing_size);
    if (!text) return tl::unexpected{text.error()};
    return parse_local_chunks(*text).map_error(
        [&](const listing_error& error) { return located(file, error); });
}

tl::expected<void, std::string> write_listing(int folder_fd, const chunk_listing& listing) {
    return write_file_atomically(folder_fd, listing_name, format_local_chunks(listing));
}

}  // namespace p2p
