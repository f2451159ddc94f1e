// The text of local_chunks.txt: what is accepted names only files inside the folder, and reads as the same
// when it is written anew.
#include "core/chunks/local_chunks.hpp"

#include "fuzz.hpp"

namespace {

using namespace p2p;
using fuzz::require;

void check_listing(const chunk_listing& listing) {
    require(listing.count > 0 && listing.count <= max_chunk_count, "the count is in range");
    for (const auto& [chunk, name] : listing.names) {
        require(chunk.value > 0 && chunk.value <= listing.count, "an index is 1 .. count");
        require(why_unsafe(name).empty(), "a name is safe");
    }
}

/// The name for a chunk that is not there yet.
void check_stored_name(const chunk_listing& listing) {
    chunk_index chunk{1};
    while (listing.names.contains(chunk)) ++chunk.value;
    const std::string name = stored_name(listing, chunk);
    require(why_unsafe(name).empty(), "a fetched chunk has a safe name");
    for (const auto& listed : listing.names)
        require(listed.second != name && !listed.second.starts_with(name + '/'), "nobody else has this name");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto listing = parse_local_chunks(fuzz::text_of(data, size));
    if (!listing) {
        fuzz::require_readable(listing.error().message);
        return 0;
    }
    check_listing(*listing);
    check_stored_name(*listing);
    const auto again = parse_local_chunks(format_local_chunks(*listing));
    require(again && *again == *listing, "what is written is what was read");
    return 0;
}
