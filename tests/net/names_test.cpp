#include "net/names.hpp"

#include "net/event.hpp"
#include "net/task_group.hpp"
#include "support/coroutines.hpp"

#include <doctest/doctest.h>

#include <net/if.h>

using namespace p2p;
using namespace p2p::test;
using namespace std::chrono_literals;

namespace {

std::string first_address_of(const std::string& host) {
    const auto found = find_addresses_now({host, 5100});
    CHECK(found.front().port() == 5100);
    return found.front().address().to_string();
}

awaitable<void> count_addresses(endpoint of, named_by whom, std::size_t& count) {
    const auto found = co_await find_addresses(std::move(of), whom);
    count += found.size();
}

}  // namespace

TEST_CASE("a number is its own address") {
    CHECK(first_address_of("10.0.0.7") == "10.0.0.7");
    CHECK(first_address_of("::1") == "::1");
}

TEST_CASE("an address of one network interface only says which that is") {
    const auto found = find_addresses_now({"fe80::1%lo", 5100});
    CHECK(found.front().address().to_v6().scope_id() == ::if_nametoindex("lo"));
    CHECK_THROWS_AS(find_addresses_now({"fe80::1%none", 5100}), std::system_error);
}

TEST_CASE("the names that this machine knows by itself have addresses") {
    CHECK(find_addresses_now({"localhost", 5100}).front().address().is_loopback());
}

TEST_CASE("a name is found for all who want it, whoever gave it, again and again") {
    asio::io_context io;
    std::size_t alone = 0;
    run(io, count_addresses({"localhost", 1}, named_by::user, alone));
    for (const named_by whom : {named_by::user, named_by::others}) {
        std::size_t together = 0;
        task_group all(io.get_executor());
        constexpr std::size_t many = 50;
        for (std::size_t i = 0; i < many; ++i) all.spawn(count_addresses({"localhost", 1}, whom, together));
        run(io, all.join());
        CHECK(together == many * alone);
    }
}

TEST_CASE("whoever waits for a name can be stopped, and the answer that comes later harms nobody") {
    for (int i = 0; i < 20; ++i) {
        asio::io_context io;
        std::size_t count = 0;
        task_group all(io.get_executor());
        all.spawn(count_addresses({"localhost", 1}, named_by::user, count));
        all.spawn(count_addresses({"localhost", 1}, named_by::others, count));
        all.cancel();
        run(io, all.join());
    }
}
