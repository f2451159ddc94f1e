// How fast one peer may announce and ask: a token bucket that takes eight bytes for each connection, for a
// tracker has thousands of them. Its unit is a chunk: what a line costs is the caller's to say.
#pragma once

#include "core/base/types.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace p2p {

/// One chunk takes a tracker about a microsecond: nobody can have more than a fiftieth of its processor for
/// long. After a pause everything that a peer may have (set_limits) can be announced at once, and once more.
struct announce_rate {
    std::uint64_t per_second = 20'000;
    std::uint64_t burst = 2'400'000;
};

class announce_meter {
public:
    /// false: more was announced than the rate allows.
    bool take(std::uint64_t chunks, const announce_rate& rate, time_point now) {
        const auto time_for = [&rate](std::uint64_t n) {
            return std::chrono::duration_cast<duration>(
                std::chrono::duration<double>(static_cast<double>(n) / static_cast<double>(rate.per_second)));
        };
        paid_up_to_ = std::max(paid_up_to_, now - time_for(rate.burst)) + time_for(chunks);
        return paid_up_to_ <= now;
    }

    /// Everything is paid for by then.
    time_point paid_up_to() const { return paid_up_to_; }

private:
    time_point paid_up_to_ = time_point::min();  // every chunk so far is paid for at this instant
};

/// What connections that have ended still owe: the next one of the same site begins with it, so that nobody
/// gets rid of it by coming again.
class announce_debts {
public:
    /// With what a new connection from there begins.
    announce_meter take(const std::string& site) {
        const auto owed = owed_.find(site);
        if (owed == owed_.end()) return {};
        const announce_meter meter = owed->second;
        owed_.erase(owed);
        return meter;
    }

    void leave(const std::string& site, const announce_meter& meter, const announce_rate& rate,
               time_point now) {
        if (now >= forget_at_) {
            std::erase_if(owed_, [&](const auto& one) { return is_paid(one.second, rate, now); });
            forget_at_ = now + between_looks;
        }
        if (is_paid(meter, rate, now)) return;
        announce_meter& owed = owed_[site];
        if (owed.paid_up_to() < meter.paid_up_to()) owed = meter;
    }

    std::size_t size() const { return owed_.size(); }

private:
    static constexpr duration between_looks = std::chrono::seconds{10};

    // As if nothing had been announced: the whole burst is there again.
    static bool is_paid(const announce_meter& meter, const announce_rate& rate, time_point now) {
        const std::chrono::duration<double> whole_burst{static_cast<double>(rate.burst) /
                                                        static_cast<double>(rate.per_second)};
        return meter.paid_up_to() <= now - std::chrono::duration_cast<duration>(whole_burst);
    }

    std::unordered_map<std::string, announce_meter> owed_;
    time_point forget_at_{};
};

}  // namespace p2p
