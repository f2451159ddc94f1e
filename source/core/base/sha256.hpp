// SHA-256, the hash that tells whether a chunk, or a manifest, is what was published.
#pragma once

#include "core/base/digest.hpp"

#include <cstddef>
#include <memory>
#include <span>

namespace p2p {

using sha256_digest = digest<32>;

/// Hashes bytes as they come. Throws std::bad_alloc where OpenSSL has no memory.
class sha256_hasher {
public:
    sha256_hasher();
    void update(std::span<const std::byte> bytes);
    /// The hasher begins anew after that.
    sha256_digest digest();

private:
    struct context_deleter {
        void operator()(void* context) const;
    };
    std::unique_ptr<void, context_deleter> context_;
};

sha256_digest sha256_of(std::span<const std::byte> bytes);

}  // namespace p2p
