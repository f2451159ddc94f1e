#include "peer/chunk_work.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <thread>

namespace p2p {

namespace {

constexpr duration say_every = std::chrono::seconds{2};

}  // namespace

void progress::add(byte_count bytes) {
    done_ += bytes;
    const auto now = std::chrono::steady_clock::now();
    if (next_ == time_point{}) next_ = now + say_every;
    if (now < next_) return;
    next_ = now + say_every;
    spdlog::info("{}: {} of {}", what_, show_size(done_), show_size(total_));
}

unsigned worker_count() {
    return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace p2p
