#include "core/set/secret.hpp"

#include "core/base/hex.hpp"
#include "core/base/sha256.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace p2p {

namespace {

constexpr std::size_t identity_digits = 16;

std::string_view trimmed(std::string_view line) {
    constexpr std::string_view blanks = " \t\r";
    const std::size_t first = line.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return line.substr(first, line.find_last_not_of(blanks) - first + 1);
}

}  // namespace

std::optional<swarm_key> swarm_key::from_hex(std::string_view digits) {
    std::array<std::uint8_t, size> bytes{};
    if (!p2p::from_hex(digits, bytes)) return std::nullopt;
    return swarm_key{bytes};
}

std::string swarm_key::to_hex() const {
    return p2p::to_hex(bytes_);
}

std::string swarm_key::identity() const {
    return "p2p-" + sha256_of(std::as_bytes(std::span{bytes_})).to_hex().substr(0, identity_digits);
}

tl::expected<std::vector<swarm_key>, std::string> parse_key_file(std::string_view text) {
    if (text.size() > max_key_file_size)
        return tl::unexpected{fmt::format("is no key file: more than {} bytes", max_key_file_size)};
    std::vector<swarm_key> keys;
    std::size_t number = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string_view line = trimmed(text.substr(at, end - at));
        at = end + 1;
        ++number;
        if (line.empty() || line.front() == '#') continue;
        const auto key = swarm_key::from_hex(line);
        if (!key)
            return tl::unexpected{
                fmt::format("line {} is no key: 64 hexadecimal digits are expected", number)};
        if (keys.size() == max_swarm_keys)
            return tl::unexpected{fmt::format("has more than {} keys", max_swarm_keys)};
        keys.push_back(*key);
    }
    if (keys.empty())
        return tl::unexpected{std::string{"has no key in it (p2ptracker --new-secret makes one)"}};
    return keys;
}

}  // namespace p2p
