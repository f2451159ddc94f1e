// XXH3-128, the hash that tells a damaged chunk from a whole one, and that peers agree on.
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

struct chunk_hash {
    std::array<std::uint8_t, 16> bytes{};  ///< canonical (big-endian) order, as `xxh128sum` prints it

    friend constexpr auto operator<=>(const chunk_hash&, const chunk_hash&) = default;

    std::string to_hex() const;                                          ///< 32 lower-case digits
    static std::optional<chunk_hash> from_hex(std::string_view digits);  ///< exactly 32 digits, either case
};

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
