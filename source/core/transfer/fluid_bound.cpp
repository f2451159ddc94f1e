#include "core/transfer/fluid_bound.hpp"

#include <algorithm>
#include <limits>

namespace p2p {

namespace {

/// Links taken together: unlimited as soon as one of them is.
class uplinks {
public:
    void add(byte_count rate) {
        sum_ += static_cast<double>(rate);
        unlimited_ = unlimited_ || rate == 0;
    }

    /// Without any link, bytes never arrive.
    double seconds_for(double bytes) const {
        if (unlimited_ || bytes == 0) return 0;
        return sum_ > 0 ? bytes / sum_ : std::numeric_limits<double>::infinity();
    }

private:
    double sum_ = 0;
    bool unlimited_ = false;
};

double download_seconds(const fluid_peer& peer) {
    return peer.down == 0 ? 0 : static_cast<double>(peer.missing) / static_cast<double>(peer.down);
}

}  // namespace

double fluid_bound(std::span<const fluid_peer> peers, byte_count nobody_has) {
    uplinks seeders;
    uplinks everyone;
    double missing = 0;
    double slowest_download = 0;
    for (const fluid_peer& peer : peers) {
        if (peer.missing == 0) seeders.add(peer.up);
        everyone.add(peer.up);
        missing += static_cast<double>(peer.missing);
        slowest_download = std::max(slowest_download, download_seconds(peer));
    }
    return std::max({seeders.seconds_for(static_cast<double>(nobody_has)), slowest_download,
                     everyone.seconds_for(missing)});
}

}  // namespace p2p
