// What others can bring about as often as they like is told in the log once in a while, with how often it
// happened.
#pragma once

#include "core/base/types.hpp"

#include <cstdint>
#include <optional>
#include <utility>

namespace p2p {

class rare_line {
public:
    static constexpr duration pause = std::chrono::seconds{10};

    /// It happened once more. None: not a word about it; otherwise it is to be told now, and how often it
    /// happened without a word before that.
    std::optional<std::uint64_t> happened(time_point now) {
        if (told_at_ && now < *told_at_ + pause) {
            ++untold_;
            return std::nullopt;
        }
        told_at_ = now;
        return std::exchange(untold_, 0);
    }

private:
    std::optional<time_point> told_at_;
    std::uint64_t untold_ = 0;
};

}  // namespace p2p
