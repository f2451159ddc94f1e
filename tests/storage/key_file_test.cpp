#include "storage/key_file.hpp"

#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

using namespace p2p;
using namespace p2p::test;
using std::filesystem::perms;

namespace {

const std::string key(64, 'c');

std::filesystem::path key_file(const temp_folder& temp, perms mode, const std::string& text = key + "\n") {
    const auto path = temp.path() / "swarm.key";
    std::ofstream(path) << text;
    std::filesystem::permissions(path, mode);
    return path;
}

constexpr perms owners = perms::owner_read | perms::owner_write;

}  // namespace

TEST_CASE("a key file that only its owner can read is read") {
    const temp_folder temp;
    const auto keys = read_key_file(key_file(temp, owners));
    REQUIRE_MESSAGE(keys, keys.error());
    CHECK(keys->front().to_hex() == key);
}

TEST_CASE("a key file that others can read or write is refused") {
    for (const perms more :
         {perms::group_read, perms::others_read, perms::group_write, perms::others_write}) {
        const temp_folder temp;
        const auto path = key_file(temp, owners | more);
        const auto keys = read_key_file(path);
        REQUIRE_FALSE(keys);
        CHECK(keys.error() ==
              path.string() + ": others than its owner may use this file: chmod 600 " + path.string());
    }
}

TEST_CASE("a key file that is not there, no file or no key file is an error that names it") {
    const temp_folder temp;
    const auto path = temp.path() / "swarm.key";
    CHECK(read_key_file(path).error() == path.string() + ": No such file or directory");
    (void)key_file(temp, owners, "hello\n");
    CHECK(read_key_file(path).error() ==
          path.string() + ": line 1 is no key: 64 hexadecimal digits are expected");
    const auto folder = temp.path() / "folder";
    std::filesystem::create_directory(folder);
    std::filesystem::permissions(folder, perms::owner_all);
    CHECK(read_key_file(folder).error() == folder.string() + ": not a regular file");
}
