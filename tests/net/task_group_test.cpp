#include "net/task_group.hpp"

#include "net/event.hpp"
#include "net/on_pool.hpp"
#include "net/rate_limiter.hpp"
#include "support/coroutines.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace p2p;
using namespace p2p::test;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;

/// What the coroutines of a test have to do with each other.
struct scene {
    asio::io_context io;
    event go{io.get_executor()};
    event never{io.get_executor()};
    event never_either{io.get_executor()};  // one waiter at a time
    std::string log;                        // "a ended, b cancelled"

    void add(const std::string& entry) { log += (log.empty() ? "" : ", ") + entry; }
};

/// Waits, and logs how that ended.
awaitable<void> task(scene& s, std::string name, event& until) {
    try {
        co_await until.wait();
        s.add(name + " ended");
    } catch (const std::system_error&) {
        s.add(name + " cancelled");
        throw;
    }
}

awaitable<void> fail(std::string why) {
    co_await let_others_run();
    throw std::runtime_error(why);
}

awaitable<void> set_soon(event& which) {
    co_await let_others_run();
    which.set();
}

/// A task that a cancellation does not end before its job is over.
awaitable<void> stubborn_task(scene& s, asio::thread_pool& pool, std::future<void>& until) {
    const auto job = [&until] { until.wait(); };
    co_await on_pool(pool, job);
    s.add("job ended");
}

/// Takes its time after it was cancelled.
awaitable<void> say_goodbye(scene& s) {
    try {
        co_await s.never.wait();
    } catch (const std::system_error&) {
        s.add("cancelled");
    }
    co_await asio::this_coro::reset_cancellation_state();
    co_await task(s, "goodbye", s.go);
}

awaitable<void> return_at_once() {
    co_return;
}

/// Joins, and logs how that ended; `what` as the log is to call it.
awaitable<void> log_join(scene& s, task_group& group, std::string what) {
    try {
        co_await group.join();
        s.add(what + " joined");
    } catch (const std::exception& failure) {
        s.add(what + " threw " + failure.what());
        throw;
    }
}

/// A coroutine that owns a group: a task in it, and a body around which it lives.
awaitable<void> own_a_group(scene& s, std::string name, awaitable<void> inner, awaitable<void> body) {
    task_group group(co_await asio::this_coro::executor);
    group.spawn(std::move(inner));
    std::string how = " returned";
    try {
        co_await group.join_after(std::move(body));
    } catch (const std::exception& failure) {
        how = is_cancellation(std::current_exception()) ? " was cancelled"
                                                        : std::string(" threw ") + failure.what();
    }
    s.add(name + how + (group.size() == 0 ? "" : " too early"));
}

void run_to_the_end(scene& s, task_group& group) {
    run(s.io, group.join());
}

}  // namespace

// --- task_group

TEST_CASE("a group without tasks has nothing to wait for") {
    scene s;
    task_group group(s.io.get_executor());
    run(s.io, group.join());
}

TEST_CASE("a group waits for all its tasks") {
    scene s;
    task_group group(s.io.get_executor());
    group.spawn(task(s, "a", s.go));
    group.spawn(set_soon(s.go));
    CHECK(group.size() == 2);
    run(s.io, group.join());
    CHECK(s.log == "a ended");
    CHECK(group.size() == 0);
}

TEST_CASE("the first failure cancels the other tasks and is what join throws") {
    scene s;
    task_group group(s.io.get_executor());
    group.spawn(task(s, "a", s.never));
    group.spawn(fail("the cause"));
    CHECK_THROWS_WITH(run_to_the_end(s, group), "the cause");
    CHECK(s.log == "a cancelled");
}

TEST_CASE("of several failures the first one is thrown") {
    scene s;
    task_group group(s.io.get_executor());
    group.spawn(fail("first"));
    group.spawn(fail("second"));
    CHECK_THROWS_WITH(run_to_the_end(s, group), "first");
}

TEST_CASE("a failure before anybody joins is not forgotten") {
    scene s;
    task_group group(s.io.get_executor());
    group.spawn(fail("early"));
    s.io.run();
    CHECK_THROWS_WITH(run_to_the_end(s, group), "early");
}

TEST_CASE("a failure is thrown once") {
    scene s;
    task_group group(s.io.get_executor());
    group.spawn(fail("once"));
    CHECK_THROWS(run_to_the_end(s, group));
    CHECK_NOTHROW(run_to_the_end(s, group));
}

TEST_CASE("a task that was cancelled is no failure") {
    scene s;
    task_group group(s.io.get_executor());
    group.spawn(task(s, "a", s.never));
    group.spawn(task(s, "b", s.never_either));
    s.io.poll();
    group.cancel();
    CHECK_NOTHROW(run_to_the_end(s, group));
    CHECK(s.log == "a cancelled, b cancelled");
}

TEST_CASE("a task that is cancelled before it began does not begin") {
    scene s;
    task_group group(s.io.get_executor());
    group.spawn(task(s, "a", s.go));
    group.cancel();
    s.go.set();
    run(s.io, group.join());
    CHECK(s.log.empty());
}

TEST_CASE("a task is told once to stop and may clean up after that") {
    scene s;
    task_group group(s.io.get_executor());
    group.spawn(say_goodbye(s));
    s.io.poll();
    group.cancel();
    s.io.poll();
    group.cancel();
    s.go.set();
    run(s.io, group.join());
    CHECK(s.log == "cancelled, goodbye ended");
}

TEST_CASE("a task that is spawned after a cancellation is cancelled as well") {
    scene s;
    task_group group(s.io.get_executor());
    group.cancel();
    group.spawn(task(s, "a", s.never));
    run(s.io, group.join());
    CHECK(group.size() == 0);
}

TEST_CASE("a join that is cancelled passes that on and still waits for the tasks") {
    scene s;
    task_group inner(s.io.get_executor());
    task_group outer(s.io.get_executor());
    inner.spawn(task(s, "a", s.never));
    outer.spawn(log_join(s, inner, "inner"));
    s.io.poll();
    outer.cancel();
    run(s.io, outer.join());
    CHECK(s.log == "a cancelled, inner joined");
}

TEST_CASE("a cancellation goes through groups in groups") {
    scene s;
    task_group inner(s.io.get_executor());
    task_group middle(s.io.get_executor());
    task_group outer(s.io.get_executor());
    inner.spawn(task(s, "a", s.never));
    middle.spawn(log_join(s, inner, "inner"));
    outer.spawn(log_join(s, middle, "middle"));
    s.io.poll();
    outer.cancel();
    run(s.io, outer.join());
    CHECK(s.log == "a cancelled, inner joined, middle joined");
}

TEST_CASE("a failure goes through groups in groups") {
    scene s;
    task_group inner(s.io.get_executor());
    task_group outer(s.io.get_executor());
    inner.spawn(fail("the cause"));
    outer.spawn(task(s, "b", s.never_either));
    outer.spawn(log_join(s, inner, "inner"));
    CHECK_THROWS_WITH(run_to_the_end(s, outer), "the cause");
    CHECK(s.log == "inner threw the cause, b cancelled");
}

TEST_CASE("when the body around which a group lives returns, the tasks end by themselves") {
    scene s;
    task_group outer(s.io.get_executor());
    outer.spawn(own_a_group(s, "owner", task(s, "a", s.go), return_at_once()));
    outer.spawn(set_soon(s.go));
    run(s.io, outer.join());
    CHECK(s.log == "a ended, owner returned");
}

TEST_CASE("when the body around which a group lives fails, the tasks are cancelled first") {
    scene s;
    run(s.io, own_a_group(s, "owner", task(s, "a", s.never), fail("the cause")));
    CHECK(s.log == "a cancelled, owner threw the cause");
}

TEST_CASE("when the body around which a group lives is cancelled, the tasks are as well") {
    scene s;
    task_group outer(s.io.get_executor());
    outer.spawn(own_a_group(s, "owner", task(s, "a", s.never), task(s, "body", s.never_either)));
    s.io.poll();
    outer.cancel();
    run(s.io, outer.join());
    CHECK(s.log == "body cancelled, a cancelled, owner was cancelled");
}

TEST_CASE("a cancellation after the body returned reaches the tasks that are left") {
    scene s;
    task_group outer(s.io.get_executor());
    outer.spawn(own_a_group(s, "owner", task(s, "a", s.never), return_at_once()));
    s.io.poll();
    outer.cancel();
    run(s.io, outer.join());
    CHECK(s.log.starts_with("a cancelled, owner "));
}

TEST_CASE("a task that fails does not end the body but is thrown after it") {
    scene s;
    task_group outer(s.io.get_executor());
    outer.spawn(own_a_group(s, "owner", fail("the cause"), task(s, "body", s.go)));
    s.io.poll();
    s.go.set();
    run(s.io, outer.join());
    CHECK(s.log == "body ended, owner threw the cause");
}

TEST_CASE("a group outlives a cancellation until its most stubborn task is over") {
    scene s;
    asio::thread_pool pool(1);
    std::promise<void> release;
    std::future<void> released = release.get_future();
    task_group outer(s.io.get_executor());
    outer.spawn(own_a_group(s, "owner", stubborn_task(s, pool, released), task(s, "body", s.never_either)));
    s.io.poll();
    outer.cancel();
    s.io.restart();
    s.io.poll();
    CHECK(s.log == "body cancelled");
    release.set_value();
    run(s.io, outer.join());
    CHECK(s.log == "body cancelled, job ended, owner was cancelled");
}

TEST_CASE("an operation_aborted is a cancellation and nothing else is") {
    CHECK(is_cancellation(std::make_exception_ptr(std::system_error(asio::error::operation_aborted))));
    CHECK_FALSE(is_cancellation(std::make_exception_ptr(std::system_error(asio::error::timed_out))));
    CHECK_FALSE(is_cancellation(std::make_exception_ptr(7)));
    CHECK_FALSE(is_cancellation(nullptr));
}

TEST_CASE("a failure is described in one line") {
    CHECK(message_of(std::make_exception_ptr(std::runtime_error("why"))) == "why");
    CHECK(message_of(std::make_exception_ptr(7)) == "unknown failure");
}

// --- event

TEST_CASE("an event that was set before anybody waited is not lost") {
    scene s;
    s.go.set();
    run(s.io, task(s, "a", s.go));
    CHECK(s.log == "a ended");
}

TEST_CASE("an event that was set twice before anybody waited is set once") {
    scene s;
    s.go.set();
    s.go.set();
    run(s.io, task(s, "first", s.go));
    task_group group(s.io.get_executor());
    group.spawn(task(s, "second", s.go));
    s.io.restart();
    s.io.poll();
    CHECK(s.log == "first ended");
    group.cancel();
    run(s.io, group.join());
}

TEST_CASE("an event wakes whoever waits for it") {
    scene s;
    task_group group(s.io.get_executor());
    group.spawn(task(s, "a", s.go));
    group.spawn(set_soon(s.go));
    run(s.io, group.join());
    CHECK(s.log == "a ended");
}

TEST_CASE("a wait for an event ends at its deadline") {
    scene s;
    const auto start = clock_type::now();
    run(s.io, s.never.wait_until(start + 20ms));
    CHECK(clock_type::now() >= start + 20ms);
}

TEST_CASE("a wait whose deadline has passed ends at once") {
    scene s;
    run(s.io, s.never.wait_until(clock_type::now() - 1s));
}

TEST_CASE("a sleep lasts as long as it should") {
    scene s;
    const auto start = clock_type::now();
    run(s.io, sleep_for(20ms));
    CHECK(clock_type::now() >= start + 20ms);
}

// --- on_pool

namespace {

awaitable<void> check_result(asio::thread_pool& pool) {
    const auto job = [] { return 42; };
    CHECK(co_await on_pool(pool, job) == 42);
}

awaitable<void> check_move_only_result(asio::thread_pool& pool) {
    const auto job = [] { return std::make_unique<int>(7); };
    const std::unique_ptr<int> result = co_await on_pool(pool, job);
    CHECK(*result == 7);
}

awaitable<void> check_threads(asio::thread_pool& pool) {
    const auto here = std::this_thread::get_id();
    const auto job = [] { return std::this_thread::get_id(); };
    const auto there = co_await on_pool(pool, job);
    CHECK(there != here);
    CHECK(std::this_thread::get_id() == here);
}

awaitable<void> do_nothing_on(asio::thread_pool& pool, bool& done) {
    const auto job = [&done] { done = true; };
    co_await on_pool(pool, job);
}

awaitable<void> throw_on(asio::thread_pool& pool) {
    const auto job = []() -> int { throw std::runtime_error("on the pool"); };
    co_await on_pool(pool, job);
}

}  // namespace

TEST_CASE("work on the pool returns its result") {
    scene s;
    asio::thread_pool pool(1);
    run(s.io, check_result(pool));
    run(s.io, check_move_only_result(pool));
}

TEST_CASE("work on the pool runs on another thread and comes back") {
    scene s;
    asio::thread_pool pool(1);
    run(s.io, check_threads(pool));
}

TEST_CASE("work on the pool may return nothing") {
    scene s;
    asio::thread_pool pool(1);
    bool done = false;
    run(s.io, do_nothing_on(pool, done));
    CHECK(done);
}

TEST_CASE("what work on the pool throws is thrown to its caller") {
    scene s;
    asio::thread_pool pool(1);
    CHECK_THROWS_WITH(run(s.io, throw_on(pool)), "on the pool");
}

// --- rate_limiter: lower bounds only, for a busy machine may always take longer

namespace {

awaitable<void> take_and_log(scene& s, rate_limiter& limit, std::string name, byte_count bytes) {
    co_await limit.take(bytes);
    s.add(name);
}

}  // namespace

TEST_CASE("without a limit nobody waits") {
    scene s;
    rate_limiter limit(0);
    CHECK_FALSE(limit.limited());
    const byte_count a_lot = byte_count{1} << 60U;
    limit.charge(a_lot);
    run(s.io, limit.take(a_lot));
}

TEST_CASE("taking bytes takes its time") {
    scene s;
    rate_limiter limit(100'000);
    CHECK(limit.limited());
    const auto start = clock_type::now();
    run(s.io, limit.take(5'000 + limit.slice()));
    CHECK(clock_type::now() >= start + 49ms);
}

TEST_CASE("who takes bytes after others waits for theirs as well") {
    scene s;
    rate_limiter limit(100'000);
    task_group group(s.io.get_executor());
    const auto start = clock_type::now();
    for (const auto* name : {"a", "b", "c"}) group.spawn(take_and_log(s, limit, name, 2'000));
    run(s.io, group.join());
    CHECK(s.log == "a, b, c");
    CHECK(clock_type::now() >= start + 45ms);
}

TEST_CASE("bytes that were charged make the next taker wait") {
    scene s;
    rate_limiter limit(100'000);
    limit.charge(5'000 + limit.slice());
    const auto start = clock_type::now();
    run(s.io, limit.take(1));
    CHECK(clock_type::now() >= start + 40ms);
}

TEST_CASE("taking nothing does not wait for others") {
    scene s;
    rate_limiter limit(1'000);
    limit.charge(1'000'000'000);
    run(s.io, limit.take(0));
}

TEST_CASE("a slice is a small part of a second's bytes") {
    CHECK(rate_limiter(2'000'000).slice() == 10'000);
    CHECK(rate_limiter(1).slice() == 1024);
    CHECK(rate_limiter(10'000'000'000).slice() == 256 * 1024);
}

TEST_CASE("without a limit nothing is cut into slices") {
    CHECK(rate_limiter(0).slice() >= 1024 * 1024 * 1024);
}
