// A token bucket that coroutines wait at: one for all uploads of a peer, one for all its downloads.
#pragma once

#include "core/base/token_bucket.hpp"
#include "net/asio.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace p2p {

class rate_limiter {
public:
    /// Bytes per second; 0: no limit.
    explicit rate_limiter(byte_count rate) { set_rate(rate); }

    /// From now on, and for whoever waits already, too.
    void set_rate(byte_count rate) {
        if (rate == 0)
            bucket_.reset();
        else if (bucket_)
            bucket_->set_rate(rate, slice_of(rate), std::chrono::steady_clock::now());
        else
            bucket_.emplace(rate, slice_of(rate));
        for (waiter* const one : waiting_) {
            one->may_go = one->may_go || rate == 0;
            one->timer.cancel();
        }
    }

    /// Takes `bytes`; returns when they may go.
    awaitable<void> take(byte_count bytes) {
        if (!bucket_ || bytes == 0) co_return;
        const auto now = std::chrono::steady_clock::now();
        const auto ready = bucket_->take(bytes, now);
        if (ready > now) co_await wait(bucket_->last_place());
    }

    /// Takes without waiting: whoever comes next waits the longer. For lines, which are short.
    void charge(byte_count bytes) {
        if (bucket_) bucket_->take(bytes, std::chrono::steady_clock::now());
    }

    bool limited() const { return bucket_.has_value(); }

    /// Bytes that should be taken at a time, so that several connections share the rate smoothly.
    std::size_t slice() const { return bucket_ ? slice_of(bucket_->rate()) : unlimited_slice; }

private:
    static constexpr std::size_t unlimited_slice = std::size_t{1} << 30U;  // more than is ever taken at once
    static constexpr std::size_t largest_slice = std::size_t{256} * 1024;
    static constexpr byte_count slices_per_second = 200;

    struct waiter {
        waiter(rate_limiter& at, const asio::any_io_executor& executor) : owner(at), timer(executor) {
            owner.waiting_.push_back(this);
        }
        ~waiter() { std::erase(owner.waiting_, this); }
        waiter(const waiter&) = delete;
        waiter& operator=(const waiter&) = delete;

        rate_limiter& owner;
        asio::steady_timer timer;  // cancelled where there is a new rate
        bool may_go = false;
    };

    awaitable<void> wait(byte_count place) {
        const asio::any_io_executor executor = co_await asio::this_coro::executor;
        waiter me(*this, executor);
        for (;;) {
            const auto now = std::chrono::steady_clock::now();
            const auto ready = me.may_go ? now : bucket_->ready(place, now);
            if (ready <= now) co_return;
            me.timer.expires_at(ready);
            std::error_code ignored;  // where this coroutine is cancelled, its next wait throws
            co_await me.timer.async_wait(asio::redirect_error(use_awaitable, ignored));
        }
    }

    static std::size_t slice_of(byte_count rate) {
        return std::clamp<byte_count>(rate / slices_per_second, 1024, largest_slice);
    }

    std::optional<token_bucket> bucket_;
    std::vector<waiter*> waiting_;
};

}  // namespace p2p
