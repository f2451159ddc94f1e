// What a hash function makes of bytes (hash.hpp, sha256.hpp), as a value.
#pragma once

#include "core/base/hex.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace p2p {

template <std::size_t Bytes>
struct digest {
    std::array<std::uint8_t, Bytes> bytes{};  ///< in the order in which programs such as sha256sum print them

    friend constexpr auto operator<=>(const digest&, const digest&) = default;

    /// Two lower-case digits a byte.
    std::string to_hex() const { return p2p::to_hex(bytes); }
    /// Exactly so many digits, in either case.
    static std::optional<digest> from_hex(std::string_view digits) {
        digest read;
        if (!p2p::from_hex(digits, read.bytes)) return std::nullopt;
        return read;
    }
};

}  // namespace p2p

template <std::size_t Bytes>
struct std::hash<p2p::digest<Bytes>> {
    /// Its bytes are as good as random already.
    std::size_t operator()(const p2p::digest<Bytes>& of) const noexcept {
        static_assert(Bytes >= sizeof(std::size_t));
        std::size_t first = 0;
        std::memcpy(&first, of.bytes.data(), sizeof first);
        return first;
    }
};
