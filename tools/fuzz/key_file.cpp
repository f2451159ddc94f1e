// Key files: what is accepted has keys, not too many, and reads as the same when they are written anew. What
// is refused is not shown.
#include "core/set/secret.hpp"
#include "fuzz.hpp"

#include <cctype>
#include <string>

namespace {

using namespace p2p;
using fuzz::require;

void require_no_digits_of_keys(std::string_view error) {
    constexpr std::size_t too_many = 8;
    std::size_t digits = 0;
    for (const char c : error) {
        digits = std::isxdigit(static_cast<unsigned char>(c)) != 0 ? digits + 1 : 0;
        require(digits < too_many, "an error shows nothing of a key");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    const auto keys = parse_key_file(text);
    if (!keys) {
        fuzz::require_readable(keys.error());
        require_no_digits_of_keys(keys.error());
        return 0;
    }
    require(!keys->empty() && keys->size() <= max_swarm_keys, "there are keys, but not too many");
    std::string written;
    for (const swarm_key& key : *keys) written += key.to_hex() + '\n';
    const auto again = parse_key_file(written);
    require(again && *again == *keys, "what is written is what was read");
    return 0;
}
