// A tracker, or a peer with one file-set, on a thread of its own: real sockets for tests that speak to it by
// hand, and that may look inside or have something go wrong there.
#pragma once

#include "net/asio.hpp"
#include "net/fault.hpp"
#include "net/task_group.hpp"
#include "peer/peer.hpp"
#include "peer/session.hpp"
#include "tracker/server.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <typeinfo>
#include <utility>

namespace p2p::test {

/// The thread, and what runs on it.
class background {
public:
    ~background() { REQUIRE(!thread_.joinable()); }

    asio::any_io_executor executor() { return io_.get_executor(); }

    void start(awaitable<void> program) {
        asio::co_spawn(io_, std::move(program),
                       asio::bind_cancellation_slot(stop_.slot(), [this](std::exception_ptr failure) {
                           if (!is_cancellation(failure)) failure_ = std::move(failure);
                           ended_ = true;
                       }));
        thread_ = std::thread{[this] {
            while (io_.run_one() > 0) ++turns_;
        }};
    }

    /// Returns what it does, once it was done there.
    template <class Do>
    auto ask(Do what) {
        std::packaged_task<decltype(what())()> task{std::move(what)};
        auto answer = task.get_future();
        asio::post(io_, [&task] { task(); });
        return answer.get();
    }

    /// At once; if it has not ended by then.
    template <class Do>
    void post(Do what) {
        asio::post(io_, std::move(what));
    }
    void cancel() {
        post([this] { stop_.emit(asio::cancellation_type::terminal); });
    }
    /// Waits for the end.
    void join() { thread_.join(); }

    /// So many handlers have run.
    std::uint64_t turns() const { return turns_; }
    bool ended() const { return ended_; }
    const std::exception_ptr& failure() const { return failure_; }

private:
    asio::io_context io_{1};
    asio::cancellation_signal stop_;
    std::atomic<std::uint64_t> turns_ = 0;
    std::atomic<bool> ended_ = false;
    std::exception_ptr failure_;
    std::thread thread_;
};

/// What one peer says of a chunk folder is believed.
inline tracker_options believing_one() {
    tracker_options options;
    options.agreement.quorum = 1;
    return options;
}

class running_tracker {
public:
    explicit running_tracker(tracker_options options = {})
        : server_(on_.executor(), here(std::move(options))) {
        on_.start(server_.run());
    }
    ~running_tracker() {
        on_.cancel();
        on_.join();
    }

    std::uint16_t port() const { return server_.port(); }
    endpoint where() const { return {"127.0.0.1", port()}; }
    bool ended() const { return on_.ended(); }

private:
    static tracker_options here(tracker_options options) {
        options.listen = {"127.0.0.1", 0};
        return options;
    }

    background on_;
    tracker_server server_;
};

class running_peer {
public:
    running_peer(std::unique_ptr<chunk_store> store, session_options options)
        : peer_(on_.executor(), pool_, here()),
          session_(peer_, std::move(store), "default", std::move(options)) {
        on_.start(peer_.run(live()));
    }
    ~running_peer() {
        on_.post([this] { peer_.stop(); });
        on_.join();
    }

    std::uint16_t port() const { return peer_.port(); }
    endpoint where() const { return {"127.0.0.1", port()}; }
    bool ended() const { return on_.ended(); }

    std::uint64_t turns() const { return on_.turns(); }

    /// Looks at the session, or has it do something, on its own thread.
    template <class Do>
    auto ask(Do what) const {
        return on_.ask([this, what] { return what(session_); });
    }

private:
    static peer_options here() {
        peer_options options;
        options.name = "tested";
        options.listen = {"127.0.0.1", 0};
        return options;
    }

    awaitable<void> live() { co_await session_.run(); }

    asio::thread_pool pool_{2};
    mutable background on_;
    peer peer_;
    mutable session session_;
};

/// While it lives, whatever handles a message of this type fails right after that, with something that nobody
/// has foreseen.
class fault_behind {
public:
    explicit fault_behind(const std::type_info& type) {
        type_ = &type;
        injected_fault = [](const std::type_info& behind) {
            if (behind == *type_.load()) throw unforeseen{};
        };
    }
    fault_behind(const fault_behind&) = delete;
    fault_behind& operator=(const fault_behind&) = delete;
    ~fault_behind() { injected_fault = nullptr; }

private:
    struct unforeseen {};  // no std::exception
    static inline std::atomic<const std::type_info*> type_ = nullptr;
};

}  // namespace p2p::test
