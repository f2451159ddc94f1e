#include "core/base/hash.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>

using namespace p2p;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span{text});
}

constexpr std::string_view hex_of_empty = "99aa06d3014798d86001c324468d497f";

}  // namespace

TEST_CASE("hashes are those that xxh128sum prints") {
    const std::pair<std::string, std::string> known[] = {
        {"", std::string{hex_of_empty}},
        {"a", "a96faf705af16834e6c632b61e964e1f"},
        {"abc", "06b05ab6733a618578af5f94892f3950"},
        {"ClickHouse", "14c27b7bef95d36fecf5520ca2daf030"},
        {std::string(1'000'000, 'a'), "a545df8e384a9579b1fd6fae5285c4eb"},
    };
    for (const auto& [text, hex] : known) {
        CAPTURE(text.size());
        CHECK(hash_of(bytes_of(text)).to_hex() == hex);
    }
}

TEST_CASE("bytes that come in pieces hash as they do at once") {
    const std::string text(10'000, 'p');
    for (const std::size_t piece : {1U, 63U, 64U, 65U, 1000U, 10'000U}) {
        CAPTURE(piece);
        chunk_hasher hasher;
        for (std::size_t at = 0; at < text.size(); at += piece)
            hasher.update(bytes_of(text).subspan(at).first(std::min(piece, text.size() - at)));
        CHECK(hasher.digest() == hash_of(bytes_of(text)));
    }
}

TEST_CASE("a hasher that was given nothing knows the hash of nothing") {
    CHECK(chunk_hasher{}.digest().to_hex() == hex_of_empty);
    chunk_hasher hasher;
    hasher.update({});
    CHECK(hasher.digest().to_hex() == hex_of_empty);
}

TEST_CASE("a digest does not end the hashing") {
    chunk_hasher hasher;
    hasher.update(bytes_of("ab"));
    CHECK(hasher.digest() == hash_of(bytes_of("ab")));
    hasher.update(bytes_of("c"));
    CHECK(hasher.digest() == hash_of(bytes_of("abc")));
}

TEST_CASE("a hash is read from its digits in either case") {
    const auto hash = hash_of({});
    CHECK(chunk_hash::from_hex(hex_of_empty) == hash);
    CHECK(chunk_hash::from_hex("99AA06D3014798D86001C324468D497F") == hash);
}

TEST_CASE("digits that are no hash are refused") {
    for (const std::string_view digits :
         {"", "9", "99aa06d3014798d86001c324468d497", "99aa06d3014798d86001c324468d497f0",
          "99aa06d3014798d86001c324468d497g", "g9aa06d3014798d86001c324468d497f",
          " 99aa06d3014798d86001c324468d497", "0x99aa06d3014798d86001c324468d49",
          "99aa06d3014798d86001c324468d497/", "99aa06d3014798d86001c324468d497:",
          "99aa06d3014798d86001c324468d497@", "99aa06d3014798d86001c324468d497`"}) {
        CAPTURE(digits);
        CHECK_FALSE(chunk_hash::from_hex(digits));
    }
}
