#include "core/hosts/connection_counter.hpp"

#include <doctest/doctest.h>

#include <optional>

using namespace p2p;

TEST_CASE("connections are limited in all and for each host, and tickets are free again when they end") {
    connection_counter all{{.in_all = 3, .per_host = 2}};
    auto first = std::optional{all.enter("a").value()};
    const auto second = all.enter("a");
    CHECK(second.has_value());
    CHECK(all.enter("a").error() == "2 connections from a are open already: close some");
    const auto third = all.enter("b");
    CHECK(third.has_value());
    CHECK(all.enter("c").error() == "3 connections are open already: try again later");
    first.reset();
    CHECK(all.open() == 2);
    CHECK(all.enter("c").has_value());
    CHECK(all.enter("a").has_value());
}

TEST_CASE("a ticket that has moved counts once") {
    connection_counter all{{.in_all = 1, .per_host = 1}};
    {
        auto ticket = all.enter("a");
        const auto moved = std::move(ticket);
        CHECK(all.open() == 1);
    }
    CHECK(all.open() == 0);
}
