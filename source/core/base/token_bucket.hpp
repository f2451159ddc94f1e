// A rate limit as a debt: a taker says how much it takes, and is told how long to wait before it goes on.
// First come, first served, by construction.
#pragma once

#include "core/base/types.hpp"

namespace p2p {

class token_bucket {
public:
    /// `rate` in bytes per second, more than 0 (or std::invalid_argument); `burst`: bytes that may go at once
    /// after a pause.
    token_bucket(byte_count rate, byte_count burst);

    /// Takes `bytes` and returns when the taker may go on (never before `now`). A taker may take more than
    /// the burst.
    time_point take(byte_count bytes, time_point now);

    /// The place in the queue of whoever took last: it goes when all is paid for that was taken up to there.
    byte_count last_place() const { return taken_; }
    /// When the one at that place may go on, by the rate of now (never before `now`).
    time_point ready(byte_count place, time_point now) const;

    /// From now on: what is not paid for yet is paid for at the new rate. Both as in the constructor.
    void set_rate(byte_count rate, byte_count burst, time_point now);
    byte_count rate() const { return rate_; }

private:
    byte_count rate_;
    byte_count taken_ = 0;                       // in all; it may begin again at 0: only differences count
    duration burst_{};                           // the burst, as the time that it takes to refill
    time_point paid_up_to_ = time_point::min();  // every byte taken so far is paid for at this instant
};

}  // namespace p2p
