#include "net/event.hpp"

#include "net/task_group.hpp"
#include "support/coroutines.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using namespace p2p;
using namespace p2p::test;

namespace {

/// Waits for both tasks, whatever becomes of them.
awaitable<void> together(task_group& group, awaitable<void> one, awaitable<void> other) {
    group.spawn(std::move(one));
    group.spawn(std::move(other));
    co_await group.join();
}

}  // namespace

TEST_CASE("the second coroutine that waits for an event fails at once, and says why") {
    asio::io_context io;
    event news{io.get_executor()};
    task_group group{io.get_executor()};
    CHECK_THROWS_WITH_AS(run(io, together(group, news.wait(), news.wait())),
                         "two coroutines wait for one event", std::logic_error);
}

TEST_CASE("an event can be waited for again by somebody else once it was waited for") {
    asio::io_context io;
    event news{io.get_executor()};
    const auto wait_twice = [&]() -> awaitable<void> {
        news.set();
        co_await news.wait();
        co_await news.wait_until(std::chrono::steady_clock::now());
    };
    run(io, wait_twice());
    news.set();
    run(io, news.wait());
}

TEST_CASE("a gate lets everybody pass who waits at it, and who comes after it was opened") {
    asio::io_context io;
    gate door{io.get_executor()};
    int passed = 0;
    const auto pass = [&]() -> awaitable<void> {
        co_await door.pass();
        ++passed;
    };
    const auto open = [&]() -> awaitable<void> {
        co_await let_others_run();
        CHECK(passed == 0);
        door.open();
    };
    task_group group{io.get_executor()};
    group.spawn(pass());
    group.spawn(pass());
    run(io, together(group, pass(), open()));
    run(io, pass());
    CHECK(passed == 4);
}
