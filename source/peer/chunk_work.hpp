// Work on the chunks of a set with all cores.
#pragma once

#include "core/base/types.hpp"
#include "core/chunks/chunk_set.hpp"
#include "net/on_pool.hpp"
#include "net/task_group.hpp"
#include "peer/options.hpp"
#include "storage/chunk_store.hpp"

#include <functional>

namespace p2p {

/// What a storage call returned; its error is thrown as a session_failure.
template <class Result>
Result value_or_throw(tl::expected<Result, std::string> result) {
    if (!result) throw session_failure(exit_code::storage, result.error());
    return std::move(*result);
}

/// A job for the pool for each of these chunks, and what to do with its result on the io_context's thread.
template <class Result>
struct chunk_work {
    const chunk_set& chunks;
    std::function<storage_job<Result>(chunk_index)> job;
    std::function<void(chunk_index, Result)> done;
};

/// As many workers as this machine has cores, at least 1.
unsigned worker_count();

template <class Result>
awaitable<void> work_off(asio::thread_pool& pool, const chunk_work<Result>& work, chunk_index& next) {
    for (auto chunk = work.chunks.next(next); chunk; chunk = work.chunks.next(next)) {
        next = chunk_index{chunk->value + 1};
        const auto job = work.job(*chunk);
        auto result = co_await on_pool(pool, job);
        work.done(*chunk, value_or_throw(std::move(result)));
    }
}

/// Does all of it. Throws session_failure where a job fails.
template <class Result>
awaitable<void> for_each_chunk(asio::thread_pool& pool, const chunk_work<Result>& work) {
    task_group workers(co_await asio::this_coro::executor);
    chunk_index next{1};
    for (unsigned i = 1; i < worker_count(); ++i) workers.spawn(work_off(pool, work, next));
    co_await workers.join_after(work_off(pool, work, next));
    co_await workers.join();
}

}  // namespace p2p
