#include "core/transfer/idle_talk.hpp"

#include <doctest/doctest.h>

using namespace p2p;
using namespace std::chrono_literals;

TEST_CASE("a hundred lines that bring nothing are borne with, more are not") {
    idle_talk talk;
    const time_point start = time_point{} + 1h;
    for (unsigned i = 0; i < idle_talk::at_once; ++i) CHECK_FALSE(talk.is_too_much(1, start));
    CHECK(talk.is_too_much(1, start));
}

TEST_CASE("two lines a second that bring nothing are borne with for ever") {
    idle_talk talk;
    time_point now = time_point{} + 1h;
    for (int i = 0; i < 1000; ++i, now += 500ms) CHECK_FALSE(talk.is_too_much(1, now));
}

TEST_CASE("chunks that are sent once more count as ten lines each") {
    idle_talk talk;
    const time_point start = time_point{} + 1h;
    for (int i = 0; i < 10; ++i) CHECK_FALSE(talk.is_too_much(idle_talk::lines_of_a_chunk, start));
    CHECK(talk.is_too_much(idle_talk::lines_of_a_chunk, start));
}
