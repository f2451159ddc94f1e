#include "core/transfer/tracker_order.hpp"

namespace p2p {

void tracker_order::begin(time_point now) {
    in_use_ = welcome_.empty() ? 0 : 1;
    wait_from(now);
}

void tracker_order::answered(std::size_t which) {
    if (which >= in_use_) return;
    welcome_[which] = true;
    in_use_ = which + 1;
    try_next_.reset();
}

void tracker_order::failed(std::size_t which, time_point now) {
    if (!is_last(which) || welcome_[which] || !try_next_) return;
    try_next_ = now;
    expire(now);
}

void tracker_order::lost(std::size_t which, time_point now) {
    if (is_last(which)) wait_from(now);
}

void tracker_order::expire(time_point now) {
    if (!try_next_ || now < *try_next_) return;
    ++in_use_;
    wait_from(now);
}

void tracker_order::wait_from(time_point now) {
    try_next_.reset();
    if (in_use_ < welcome_.size()) try_next_ = now + patience_;
}

}  // namespace p2p
