#include "core/base/sha256.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

using namespace p2p;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span{text});
}

constexpr std::string_view hex_of_empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

}  // namespace

TEST_CASE("digests are those that sha256sum prints") {
    const std::pair<std::string, std::string> known[] = {
        {"", std::string{hex_of_empty}},
        {"a", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {std::string(1'000'000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    };
    for (const auto& [text, hex] : known) {
        CAPTURE(text.size());
        CHECK(sha256_of(bytes_of(text)).to_hex() == hex);
    }
}

TEST_CASE("bytes that come in pieces have the digest that they have at once") {
    const std::string text(10'000, 'p');
    for (const std::size_t piece : {1U, 63U, 64U, 65U, 1000U, 10'000U}) {
        CAPTURE(piece);
        sha256_hasher hasher;
        for (std::size_t at = 0; at < text.size(); at += piece)
            hasher.update(bytes_of(text).subspan(at).first(std::min(piece, text.size() - at)));
        CHECK(hasher.digest() == sha256_of(bytes_of(text)));
    }
}

TEST_CASE("after a digest the hasher begins anew") {
    sha256_hasher hasher;
    CHECK(hasher.digest().to_hex() == hex_of_empty);
    hasher.update({});
    hasher.update(bytes_of("ab"));
    CHECK(hasher.digest() == sha256_of(bytes_of("ab")));
    hasher.update(bytes_of("c"));
    CHECK(hasher.digest() == sha256_of(bytes_of("c")));
    CHECK(hasher.digest().to_hex() == hex_of_empty);
}

TEST_CASE("threads hash side by side") {
    std::vector<std::string> found(4);
    std::vector<std::thread> threads;
    for (std::string& hex : found)
        threads.emplace_back([&hex] {
            for (int round = 0; round < 100; ++round) hex = sha256_of({}).to_hex();
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(found == std::vector<std::string>(4, std::string{hex_of_empty}));
}

TEST_CASE("a digest is read from its digits in either case") {
    const auto digest = sha256_of({});
    CHECK(sha256_digest::from_hex(hex_of_empty) == digest);
    CHECK(sha256_digest::from_hex("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855") ==
          digest);
}

TEST_CASE("digits that are no digest are refused") {
    const std::string digits{hex_of_empty};
    for (const std::string& wrong : {std::string{}, digits.substr(1), digits + "0", "g" + digits.substr(1),
                                     digits.substr(0, 63) + " ", "0x" + digits.substr(2), digits + "\n"}) {
        CAPTURE(wrong);
        CHECK_FALSE(sha256_digest::from_hex(wrong));
    }
}

TEST_CASE("equal digests have equal hashes, others most likely do not") {
    const std::hash<sha256_digest> hash;
    CHECK(hash(sha256_of(bytes_of("a"))) == hash(sha256_of(bytes_of("a"))));
    CHECK(hash(sha256_of(bytes_of("a"))) != hash(sha256_of(bytes_of("b"))));
}
