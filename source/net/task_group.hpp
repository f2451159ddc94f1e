// Coroutines that belong together: cancelled together, waited for together. Nothing is ever detached.
// The first failure cancels the others and is what join() throws.
#pragma once

#include "net/asio.hpp"

#include <exception>
#include <list>

namespace p2p {

class task_group {
public:
    explicit task_group(asio::any_io_executor executor);
    task_group(const task_group&) = delete;
    task_group& operator=(const task_group&) = delete;
    ~task_group();  ///< the group must be empty: join() first

    /// Starts a task. What its parameters refer to must outlive the group's join().
    void spawn(awaitable<void> work);

    /// Asks every task to stop: what it waits for ends in operation_aborted. It is meant for good: a task
    /// that is spawned later, by one that is on its way out, is asked at once.
    void cancel();

    /// Runs `body`, and returns or throws what it does, but not before every task has ended: a body that
    /// fails, or is cancelled, takes the tasks with it; one that returns leaves them to end by themselves.
    /// This is how a coroutine that may be cancelled owns others: Asio ends a cancelled coroutine at its next
    /// co_await, also at that of a join().
    awaitable<void> join_after(awaitable<void> body);

    /// Runs `body`, and returns or throws what it does, once the tasks have ended, which are cancelled then.
    awaitable<void> cancel_after(awaitable<void> body);

    /// Waits until no task is left, then throws what the first of them failed with, if any did.
    /// operation_aborted is no failure: somebody cancelled the task, or closed what it waited for.
    awaitable<void> join();

    std::size_t size() const { return tasks_.size(); }

private:
    struct task {
        asio::cancellation_signal stop;
        bool cancelled = false;  // once is enough: a task may clean up after that
    };
    void ended(std::list<task>::iterator which, const std::exception_ptr& error);

    asio::any_io_executor executor_;
    std::list<task> tasks_;
    std::exception_ptr first_failure_;
    bool cancelled_ = false;
    asio::steady_timer empty_;
};

/// Whether this failure is what a cancellation looks like.
bool is_cancellation(const std::exception_ptr& error);

/// One line for a person: what() of an exception.
std::string message_of(const std::exception_ptr& error);

}  // namespace p2p
