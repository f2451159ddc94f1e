#include "core/transfer/peer_book.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace p2p;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t self = 100;
constexpr std::uint64_t smaller = 50;
constexpr std::uint64_t larger = 200;
constexpr time_point start{};

endpoint at(const std::string& host) {
    return {host, 9000};
}

peer_book book_with_room_for(std::size_t connections) {
    return {{.most_connections = connections, .retry_after = 5s}, self};
}

peer_book usual_book() {
    return book_with_room_for(60);
}

/// "" where it may stay, "replaces 1" where it does so in place of another connection, or why it may not.
std::string verdict(const admission& given) {
    if (!given.refused.empty()) return given.refused;
    return given.replaces ? "replaces " + std::to_string(given.replaces->value) : "";
}

std::string opened(peer_book& book, std::uint64_t connection, std::uint64_t instance,
                   time_point now = start) {
    return verdict(book.admit({connection}, instance, at("peer"), true, now));
}

std::string accepted(peer_book& book, std::uint64_t connection, std::uint64_t instance,
                     time_point now = start) {
    return verdict(book.admit({connection}, instance, at("peer"), false, now));
}

}  // namespace

// --- whom to connect to

TEST_CASE("an address that is new is tried") {
    peer_book book = usual_book();
    CHECK(book.try_now(at("a"), start));
    CHECK(book.try_now(at("b"), start));
}

TEST_CASE("an address that is being tried is not tried again") {
    peer_book book = usual_book();
    book.try_now(at("a"), start);
    CHECK_FALSE(book.try_now(at("a"), start + 1h));
}

TEST_CASE("another port of the same host is another address") {
    peer_book book = usual_book();
    book.try_now({"a", 1}, start);
    CHECK(book.try_now({"a", 2}, start));
}

TEST_CASE("after an attempt an address is left alone for a while") {
    peer_book book = usual_book();
    book.try_now(at("a"), start);
    book.tried(at("a"), start + 1s);
    CHECK_FALSE(book.try_now(at("a"), start + 5999ms));
    CHECK(book.try_now(at("a"), start + 6s));
}

TEST_CASE(
    "an address that fails again and again is left alone for longer and longer, until it is connected to") {
    peer_book book = usual_book();
    time_point now = start;
    const auto wait_after = [&](std::chrono::seconds expected) {
        REQUIRE(book.try_now(at("peer"), now));
        book.tried(at("peer"), now);
        CHECK_FALSE(book.try_now(at("peer"), now + expected - 1s));
        now += expected;
    };
    for (const auto expected : {5s, 10s, 20s, 40s, 80s, 160s, 300s, 300s}) wait_after(expected);
    REQUIRE(book.try_now(at("peer"), now));
    opened(book, 1, larger, now);
    book.peer_left({1});
    book.tried(at("peer"), now);
    CHECK(book.try_now(at("peer"), now + 5s));
}

TEST_CASE("whoever was connected to before can be tried without being named") {
    peer_book book = usual_book();
    book.try_now(at("stranger"), start);
    book.tried(at("stranger"), start);
    CHECK_FALSE(book.try_acquaintance(start + 1h));
    book.try_now(at("peer"), start);
    opened(book, 1, larger);
    CHECK_FALSE(book.try_acquaintance(start + 1h));
    book.peer_left({1});
    book.tried(at("peer"), start);
    CHECK_FALSE(book.try_acquaintance(start + 4s));
    CHECK(book.try_acquaintance(start + 5s) == at("peer"));
    CHECK_FALSE(book.try_acquaintance(start + 1h));
}

TEST_CASE("who sent wrong chunks may come back after a while, and after more of them later") {
    peer_book book = usual_book();
    book.ban(larger, start);
    CHECK(opened(book, 1, larger, start + 9s) == "it sent wrong chunks");
    CHECK(opened(book, 1, larger, start + 10s) == "");
    book.peer_left({1});
    book.ban(larger, start + 10s);
    CHECK(opened(book, 2, larger, start + 29s) == "it sent wrong chunks");
    CHECK(opened(book, 2, larger, start + 30s) == "");
}

TEST_CASE("other addresses need not wait for one that failed") {
    peer_book book = usual_book();
    book.try_now(at("a"), start);
    book.tried(at("a"), start);
    CHECK(book.try_now(at("b"), start));
}

TEST_CASE("no more addresses are tried than connections may be opened") {
    peer_book book = book_with_room_for(2);
    book.try_now(at("a"), start);
    book.try_now(at("b"), start);
    CHECK_FALSE(book.try_now(at("c"), start));
    book.tried(at("a"), start);
    CHECK(book.try_now(at("c"), start));
}

TEST_CASE("whoever needs nothing connects to a few, at most") {
    peer_book book = usual_book();
    for (const std::string host : {"a", "b", "c", "d", "e", "f", "g", "h"})
        CHECK(book.try_to_serve(at(host), start));
    CHECK_FALSE(book.try_to_serve(at("i"), start));
    book.tried(at("a"), start);
    CHECK(book.try_to_serve(at("i"), start));
    CHECK_FALSE(book.try_to_serve(at("a"), start + 1h));
}

TEST_CASE("a peer knows whether anybody has connected to it") {
    peer_book book = usual_book();
    opened(book, 1, larger);
    CHECK_FALSE(book.was_reached());
    accepted(book, 2, larger + 1);
    CHECK(book.was_reached());
}

TEST_CASE("an address that is connected is not tried") {
    peer_book book = usual_book();
    book.admit({1}, larger, at("a"), false, start);
    CHECK_FALSE(book.try_now(at("a"), start));
    book.peer_left({1});
    CHECK(book.try_now(at("a"), start));
}

// --- which connection stays

TEST_CASE("a connection to a new peer may stay") {
    peer_book book = usual_book();
    CHECK(opened(book, 1, larger).empty());
    CHECK(accepted(book, 2, smaller).empty());
}

TEST_CASE("a connection to this peer itself may not stay") {
    peer_book book = usual_book();
    CHECK(opened(book, 1, self) == "this peer itself");
    CHECK(accepted(book, 2, self) == "this peer itself");
}

TEST_CASE("a peer that was banned may not connect") {
    peer_book book = usual_book();
    book.ban(larger, start);
    CHECK(accepted(book, 1, larger) == "it sent wrong chunks");
    CHECK(accepted(book, 2, smaller).empty());
}

TEST_CASE("of two connections that the same side opened the later stays") {
    peer_book book = usual_book();
    accepted(book, 1, larger);
    CHECK(accepted(book, 2, larger) == "replaces 1");
    opened(book, 3, smaller);
    CHECK(opened(book, 4, smaller) == "replaces 3");
}

TEST_CASE("where this peer has the smaller number its own connection stays") {
    peer_book book = usual_book();
    opened(book, 1, larger);
    CHECK(accepted(book, 2, larger) == "connected already");
}

TEST_CASE("where this peer has the smaller number its own connection replaces the other one") {
    peer_book book = usual_book();
    accepted(book, 1, larger);
    CHECK(opened(book, 2, larger) == "replaces 1");
}

TEST_CASE("where the other has the smaller number its connection stays") {
    peer_book book = usual_book();
    accepted(book, 1, smaller);
    CHECK(opened(book, 2, smaller) == "connected already");
}

TEST_CASE("where the other has the smaller number its connection replaces this one's") {
    peer_book book = usual_book();
    opened(book, 1, smaller);
    CHECK(accepted(book, 2, smaller) == "replaces 1");
}

TEST_CASE("two peers that connect to each other at once keep the same connection") {
    for (const bool own_first_here : {true, false}) {
        for (const bool own_first_there : {true, false}) {
            CAPTURE(own_first_here);
            CAPTURE(own_first_there);
            peer_book here{{}, smaller};
            peer_book there{{}, larger};
            // Connection 1 is opened here, connection 2 there.
            const auto stays = [](peer_book& book, std::uint64_t other, bool own_first, std::uint64_t own) {
                const std::uint64_t theirs = 3 - own;
                std::uint64_t kept = own_first ? own : theirs;
                book.admit({kept}, other, at("peer"), own_first, start);
                const std::uint64_t second = 3 - kept;
                if (book.admit({second}, other, at("peer"), !own_first, start).refused.empty()) kept = second;
                return kept;
            };
            CHECK(stays(here, larger, own_first_here, 1) == 1);
            CHECK(stays(there, smaller, own_first_there, 2) == 1);
        }
    }
}

TEST_CASE("after a connection left another one to the same peer is new") {
    peer_book book = usual_book();
    opened(book, 1, larger);
    book.peer_left({1});
    CHECK(accepted(book, 2, larger).empty());
}

TEST_CASE("the end of a connection that was replaced does not end its successor") {
    peer_book book = usual_book();
    accepted(book, 1, larger);
    accepted(book, 2, larger);
    book.peer_left({1});
    CHECK(accepted(book, 3, larger) == "replaces 2");
}

TEST_CASE("others may open as many connections as this peer may, and no more") {
    peer_book book = book_with_room_for(2);
    accepted(book, 1, 1001);
    accepted(book, 2, 1002);
    CHECK(accepted(book, 3, 1003) == "too many connections");
    book.peer_left({1});
    CHECK(accepted(book, 4, 1004).empty());
}

TEST_CASE("connections that this peer opened take no room from those that others open") {
    peer_book book = book_with_room_for(1);
    opened(book, 1, 1001);
    CHECK(accepted(book, 2, 1002).empty());
}

TEST_CASE("a peer that connects anew gets its place though there is no other") {
    peer_book book = book_with_room_for(1);
    accepted(book, 1, larger);
    CHECK(accepted(book, 2, larger) == "replaces 1");
}

// --- places

TEST_CASE("where all places are taken, a site that has none takes one of the site that has most") {
    peer_book book{{.most_connections = 3}, larger - 1};
    for (std::uint64_t i = 1; i <= 3; ++i)
        REQUIRE(book.admit({i}, larger + i, {"10.0.0.1", 1}, false, start).refused.empty());
    const admission more_of_it = book.admit({4}, larger + 4, {"10.0.0.1", 1}, false, start);
    CHECK(more_of_it.refused == "too many connections");
    const admission another = book.admit({5}, larger + 5, {"10.0.0.2", 1}, false, start);
    CHECK(another.refused == "");
    REQUIRE(another.replaces);
    CHECK(another.replaces->value <= 3);
    CHECK(book.admit({6}, larger + 6, {"10.0.0.2", 1}, false, start).refused == "too many connections");
}

// --- hosts that break the rules

TEST_CASE("a host that broke the rules a few times is talked to") {
    peer_book book = usual_book();
    book.offended("peer", 19, start);
    CHECK(accepted(book, 1, larger) == "");
    CHECK(book.try_now(at("peer2"), start));
}

TEST_CASE("a host that broke the rules too often is not talked to, whatever instance it has now") {
    peer_book book = usual_book();
    book.offended("peer", 15, start);
    book.offended("peer", 5, start + 1s);
    CHECK(accepted(book, 1, larger, start + 2s) == "its host broke the rules too often");
    CHECK(opened(book, 2, larger + 1, start + 2s) == "its host broke the rules too often");
    CHECK_FALSE(book.try_now(at("peer"), start + 2s));
    CHECK(book.try_now(at("another"), start + 2s));
}

TEST_CASE("a host is forgiven when a minute has passed without an offence") {
    peer_book book = usual_book();
    book.offended("peer", 20, start);
    CHECK(accepted(book, 1, larger, start + 59s) != "");
    CHECK(accepted(book, 1, larger, start + 60s) == "");
    book.offended("peer", 1, start + 61s);
    CHECK(accepted(book, 2, larger + 1, start + 62s) == "");
}
