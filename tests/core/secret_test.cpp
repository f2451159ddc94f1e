#include "core/set/secret.hpp"

#include "core/base/hex.hpp"
#include "core/base/sha256.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace p2p;

namespace {

const std::string one(64, '1');
const std::string two = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";

std::string problem_of(std::string_view text) {
    const auto keys = parse_key_file(text);
    return keys ? "" : keys.error();
}

}  // namespace

TEST_CASE("a key file holds a key a line, and the first comes first") {
    const auto keys = parse_key_file("# mine\n\n  " + one + "\r\n" + two);
    REQUIRE(keys);
    REQUIRE(keys->size() == 2);
    CHECK(keys->front().to_hex() == one);
    CHECK(keys->back() == *swarm_key::from_hex(two));
}

TEST_CASE("a key file without a key, with half a key or with too many is refused") {
    CHECK(problem_of("") == "has no key in it (p2ptracker --new-secret makes one)");
    CHECK(problem_of("# nothing\n\n") == "has no key in it (p2ptracker --new-secret makes one)");
    CHECK(problem_of(one + "\n\n" + one.substr(1) + "\n") ==
          "line 3 is no key: 64 hexadecimal digits are expected");
    CHECK(problem_of(std::string{one}.replace(5, 1, "x")) ==
          "line 1 is no key: 64 hexadecimal digits are expected");
    std::string many;
    for (std::size_t i = 0; i <= max_swarm_keys; ++i) many += one + '\n';
    CHECK(problem_of(many) == "has more than 16 keys");
    CHECK(problem_of(std::string(max_key_file_size + 1, '\n')) == "is no key file: more than 8192 bytes");
}

TEST_CASE("what is wrong with a key file is said without showing what is in it") {
    const std::string nearly = two.substr(0, 63);
    CHECK(problem_of(nearly).find(nearly.substr(0, 8)) == std::string::npos);
}

TEST_CASE("a key is called after its hash, so that no two are called the same and none is given away") {
    const auto key = *swarm_key::from_hex(one);
    const std::string expected = sha256_of(std::as_bytes(key.bytes())).to_hex().substr(0, 16);
    CHECK(key.identity() == "p2p-" + expected);
    CHECK(swarm_key::from_hex(two)->identity() != key.identity());
}
