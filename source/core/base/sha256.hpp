// SHA-256, the hash that tells whether a chunk, or a manifest, is what was published.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace p2p {

struct sha256_digest {
    std::array<std::uint8_t, 32> bytes{};  ///< in the order in which `sha256sum` prints them

    friend constexpr auto operator<=>(const sha256_digest&, const sha256_digest&) = default;

    std::string to_hex() const;  ///< 64 lower-case digits
    static std::optional<sha256_digest> from_hex(
        std::string_view digits);  ///< exactly 64 digits, either case
};

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

template <>
struct std::hash<p2p::sha256_digest> {
    std::size_t operator()(const p2p::sha256_digest& digest) const noexcept;
};
