#include "core/base/hash.hpp"

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

}  // namespace

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
