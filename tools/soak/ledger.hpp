// What has happened so far, counted by all who take part.
#pragma once

#include "core/base/types.hpp"

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

namespace p2p::soak {

struct ledger {
    std::atomic<unsigned> copies = 0;  ///< complete, and the same as the original, byte for byte
    std::atomic<byte_count> bytes = 0;
    std::atomic<unsigned> wrong_chunks = 0;  ///< that peers found out
    std::atomic<unsigned> killed = 0;        ///< peers, by SIGKILL; all of them were started again
    std::atomic<unsigned> stopped = 0;       ///< peers, by SIGTERM
    std::atomic<unsigned> said_again = 0;    ///< commands that gave up: the network was in their way
    std::atomic<unsigned> restarts = 0;      ///< of the tracker

    void failed(const std::string& what) {
        const std::lock_guard lock{mutex_};
        failures_.push_back(what);
    }
    std::vector<std::string> failures() const {
        const std::lock_guard lock{mutex_};
        return failures_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> failures_;
};

}  // namespace p2p::soak
