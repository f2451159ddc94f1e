#include "net/rate_limiter.hpp"

#include "net/task_group.hpp"
#include "support/coroutines.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace p2p;
using namespace p2p::test;

namespace {

// At 10 bytes a second, far longer than tests have patience.
constexpr byte_count far_too_much = 10'000;

struct takers {
    explicit takers(byte_count rate) : limit(rate) {}

    awaitable<void> take(byte_count bytes) {
        co_await limit.take(bytes);
        went.push_back(bytes);
    }
    awaitable<void> wait_at_it() {
        group.spawn(take(far_too_much));
        group.spawn(take(far_too_much + 1));
        co_await let_others_run();
        CHECK(went.empty());
    }

    asio::io_context io;
    rate_limiter limit;
    task_group group{io.get_executor()};
    std::vector<byte_count> went;
};

}  // namespace

TEST_CASE("who waits for a limit that is taken away goes at once") {
    takers all(10);
    run(all.io, all.wait_at_it());
    all.limit.set_rate(0);
    run(all.io, all.group.join());
    CHECK(all.went.size() == 2);
}

TEST_CASE("who waits for a limit goes by the new one, in the same order") {
    takers all(10);
    run(all.io, all.wait_at_it());
    all.limit.set_rate(1'000'000);
    run(all.io, all.group.join());
    CHECK(all.went == std::vector<byte_count>{far_too_much, far_too_much + 1});
}

TEST_CASE("who was let go when a limit was taken away does not wait for the next one") {
    takers all(10);
    run(all.io, all.wait_at_it());
    all.limit.set_rate(0);
    all.limit.set_rate(10);
    run(all.io, all.group.join());
    CHECK(all.went.size() == 2);
}

TEST_CASE("who waits for a limit can be cancelled") {
    takers all(10);
    run(all.io, all.wait_at_it());
    all.group.cancel();
    run(all.io, all.group.join());
    CHECK(all.went.empty());
}
