#include "peer/chunk_work.hpp"

#include <algorithm>
#include <thread>

namespace p2p {

unsigned worker_count() {
    return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace p2p
