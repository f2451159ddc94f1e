#include "net/task_group.hpp"

#include <cassert>
#include <string>
#include <utility>

namespace p2p {

task_group::task_group(asio::any_io_executor executor)
    : executor_(std::move(executor)), empty_(executor_, asio::steady_timer::time_point::max()) {}

task_group::~task_group() {
    assert(tasks_.empty());
}

void task_group::spawn(awaitable<void> work) {
    const auto here = tasks_.emplace(tasks_.end());
    asio::co_spawn(executor_, std::move(work),
                   asio::bind_cancellation_slot(
                       here->stop.slot(), [this, here](std::exception_ptr error) { ended(here, error); }));
    if (cancelled_) cancel();
}

void task_group::ended(std::list<task>::iterator which, const std::exception_ptr& error) {
    tasks_.erase(which);
    if (error && !first_failure_ && !is_cancellation(error)) {
        first_failure_ = error;
        cancel();
    }
    if (tasks_.empty()) empty_.cancel();
}

void task_group::cancel() {
    cancelled_ = true;
    // Emitting may end a task, and so take it off the list, at once.
    for (auto at = tasks_.begin(); at != tasks_.end();) {
        task& next = *at++;
        if (!std::exchange(next.cancelled, true)) next.stop.emit(asio::cancellation_type::terminal);
    }
}

awaitable<void> task_group::join_after(awaitable<void> body) {
    std::exception_ptr failure;
    try {
        co_await std::move(body);
    } catch (...) {
        failure = std::current_exception();
        cancel();
    }
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await join();
    if (failure) std::rethrow_exception(failure);
}

awaitable<void> task_group::cancel_after(awaitable<void> body) {
    const auto then_cancel = [&]() -> awaitable<void> {
        co_await std::move(body);
        cancel();
    };
    co_await join_after(then_cancel());
}

awaitable<void> task_group::join() {
    // A cancellation of whoever waits here is passed on, and the wait goes on: tasks never outlive their
    // group.
    co_await asio::this_coro::throw_if_cancelled(false);
    while (!tasks_.empty()) {
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) cancel();
        std::error_code ignored;
        co_await empty_.async_wait(asio::redirect_error(use_awaitable, ignored));
    }
    co_await asio::this_coro::throw_if_cancelled(true);
    if (first_failure_) std::rethrow_exception(std::exchange(first_failure_, nullptr));
}

bool is_cancellation(const std::exception_ptr& error) {
    if (!error) return false;
    try {
        std::rethrow_exception(error);
    } catch (const std::system_error& failure) {
        return failure.code() == asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

std::string message_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& failure) {
        return failure.what();
    } catch (...) {
        return "unknown failure";
    }
}

}  // namespace p2p
