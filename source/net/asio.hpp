// The one header that includes Asio. Its own definitions are compiled once, in asio.cpp.
#pragma once

// Asio 1.22 looks at the standard library's macros to choose how it allocates. Without a standard header
// before it, it chooses differently, and translation units would free what others allocated in another way.
// clang-format off
#include <cstddef>
// clang-format on

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/buffer.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>

#include <system_error>

namespace p2p {

using asio::awaitable;
using asio::use_awaitable;
using tcp = asio::ip::tcp;

}  // namespace p2p
