// Links: what is accepted reads as the same when it is written anew.
#include "core/set/link.hpp"

#include "core/set/manifest.hpp"
#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace p2p;
    const auto read = parse_link(fuzz::text_of(data, size));
    if (!read) {
        fuzz::require_readable(read.error());
        return 0;
    }
    fuzz::require(!read->trackers.empty() && read->trackers.size() <= max_link_trackers,
                  "a link names some trackers, but not too many");
    fuzz::require(read->name.empty() || why_no_set_name(read->name).empty(), "the name is a right one");
    const auto again = parse_link(read->to_string());
    fuzz::require(again && *again == *read, "what is written is what was read");
    return 0;
}
