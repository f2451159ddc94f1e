// What comes with a web request: addresses, keys of file-sets, host names. What is taken apart and put
// together again is the same.
#include "core/base/ascii.hpp"
#include "core/base/percent_encoding.hpp"
#include "core/hosts/web_access.hpp"
#include "core/hosts/web_target.hpp"
#include "fuzz.hpp"
#include "protocol/pages.hpp"

#include <algorithm>

namespace {

std::string written(const p2p::web_target& target) {
    std::string text = "/";
    for (const std::string& part : target.path) text += p2p::percent_encoded(part) + "/";
    text += "?";
    for (const auto& [name, value] : target.query)
        text += p2p::percent_encoded(name) + "=" + p2p::percent_encoded(value) + "&";
    return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace p2p;
    const std::string_view text = fuzz::text_of(data, size);
    const std::string host = host_in(text);
    fuzz::require(ascii_lower(text).find(host) != std::string::npos, "the host is a part of the text");
    (void)access_for({.method = "GET", .host = text, .origin = text}, {.names = {"a"}, .tokens = {"b"}});
    if (const auto key = pages::parse_key(text)) {
        const auto again = pages::parse_key(pages::key_of(*key));
        fuzz::require(again == key, "a key is written as it was read");
    }
    const auto target = parse_web_target(text);
    if (!target) return 0;
    const bool has_empty =
        std::ranges::any_of(target->path, [](const std::string& part) { return part.empty(); });
    fuzz::require(!has_empty, "no part of a path is empty");
    fuzz::require(parse_web_target(written(*target)) == target, "an address is written as it was read");
    return 0;
}
