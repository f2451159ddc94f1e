// XXH3-128, the hash that tells a damaged chunk from a whole one, and that peers agree on.
#pragma once

#include "core/base/digest.hpp"

#include <cstddef>
#include <memory>
#include <span>

namespace p2p {

/// In canonical (big-endian) order, as `xxh128sum` prints it.
using chunk_hash = digest<16>;

/// Hashes bytes as they come.
class chunk_hasher {
public:
    chunk_hasher();
    void update(std::span<const std::byte> bytes);
    chunk_hash digest() const;

private:
    struct state_deleter {
        void operator()(void* state) const;
    };
    std::unique_ptr<void, state_deleter> state_;
};

chunk_hash hash_of(std::span<const std::byte> bytes);

}  // namespace p2p
