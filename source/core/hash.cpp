#include "core/hash.hpp"

#include <xxhash.h>

#include <algorithm>
#include <new>

namespace p2p {

namespace {

XXH3_state_t* as_state(void* state) {
    return static_cast<XXH3_state_t*>(state);
}

chunk_hash canonical(XXH128_hash_t hash) {
    XXH128_canonical_t big_endian;
    XXH128_canonicalFromHash(&big_endian, hash);
    chunk_hash result;
    std::copy(std::begin(big_endian.digest), std::end(big_endian.digest), result.bytes.begin());
    return result;
}

std::optional<unsigned> value_of(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return std::nullopt;
}

}  // namespace

std::string chunk_hash::to_hex() const {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    hex.reserve(2 * bytes.size());
    for (const std::uint8_t byte : bytes) {
        hex += digits[byte >> 4U];
        hex += digits[byte & 0xFU];
    }
    return hex;
}

std::optional<chunk_hash> chunk_hash::from_hex(std::string_view digits) {
    chunk_hash hash;
    if (digits.size() != 2 * hash.bytes.size()) return std::nullopt;
    for (std::size_t i = 0; i < hash.bytes.size(); ++i) {
        const auto high = value_of(digits[2 * i]);
        const auto low = value_of(digits[2 * i + 1]);
        if (!high || !low) return std::nullopt;
        hash.bytes[i] = static_cast<std::uint8_t>(*high << 4U | *low);
    }
    return hash;
}

chunk_hasher::chunk_hasher() : state_{XXH3_createState()} {
    if (!state_) throw std::bad_alloc{};
    XXH3_128bits_reset(as_state(state_.get()));
}

void chunk_hasher::update(std::span<const std::byte> bytes) {
    XXH3_128bits_update(as_state(state_.get()), bytes.data(), bytes.size());
}

chunk_hash chunk_hasher::digest() const {
    return canonical(XXH3_128bits_digest(as_state(state_.get())));
}

void chunk_hasher::state_deleter::operator()(void* state) const {
    XXH3_freeState(as_state(state));
}

chunk_hash hash_of(std::span<const std::byte> bytes) {
    return canonical(XXH3_128bits(bytes.data(), bytes.size()));
}

}  // namespace p2p
