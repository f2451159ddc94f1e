// A token bucket that coroutines wait at: one for all uploads of a peer, one for all its downloads.
#pragma once

#include "core/token_bucket.hpp"
#include "net/asio.hpp"
#include "net/event.hpp"

#include <algorithm>
#include <optional>

namespace p2p {

class rate_limiter {
public:
    /// Bytes per second; 0: no limit.
    explicit rate_limiter(byte_count rate) { set_rate(rate); }

    /// From now on. Whoever waits already goes on waiting as it was told.
    void set_rate(byte_count rate) {
        bucket_.reset();
        if (rate > 0) bucket_.emplace(rate, slice_of(rate));
    }

    /// Takes `bytes`; returns when they may go.
    awaitable<void> take(byte_count bytes) {
        if (!bucket_ || bytes == 0) co_return;
        const auto now = std::chrono::steady_clock::now();
        const auto ready = bucket_->take(bytes, now);
        if (ready > now) co_await sleep_until(ready);
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

    static std::size_t slice_of(byte_count rate) {
        return std::clamp<byte_count>(rate / slices_per_second, 1024, largest_slice);
    }

    std::optional<token_bucket> bucket_;
};

}  // namespace p2p
