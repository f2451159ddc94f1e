#include "storage/listing_file.hpp"

#include "storage/files.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

using namespace p2p;
using namespace p2p::test;

TEST_CASE("a listing is written to a folder and read back the same") {
    const temp_folder temp;
    const chunk_listing listing{3, {{{1}, "a"}, {{3}, "sub/b"}}};
    REQUIRE(write_listing(open_folder(temp.path())->get(), listing));
    CHECK(read_listing(temp.path()) == listing);
}

TEST_CASE("an error in a listing names file and line") {
    const temp_folder temp;
    const auto file = temp / "local_chunks.txt";
    write_text(file, "1,a\n9,b\n5,LASTCHUNK\n");
    CHECK(read_listing(temp.path()).error() == file.native() + ":2: index 9 is over the count of 5");
    write_text(file, "1,a\n");
    CHECK(read_listing(temp.path()).error() ==
          file.native() + ": the last line, COUNT,LASTCHUNK, is missing");
}

TEST_CASE("a folder without a listing is an error that names the file") {
    const temp_folder temp;
    CHECK(read_listing(temp.path()).error() ==
          (temp / "local_chunks.txt").native() + ": No such file or directory");
}
