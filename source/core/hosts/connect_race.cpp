#include "core/hosts/connect_race.hpp"

#include <algorithm>
#include <array>

namespace p2p {

namespace {

// One of each family in turn, as RFC 8305 has it (section 4): where one family leads nowhere, the other comes
// second, not last.
std::vector<std::size_t> in_turn(const std::vector<connect_race::family>& found) {
    std::array<std::vector<std::size_t>, 2> of_family;  // the preferred one first
    for (std::size_t i = 0; i < found.size(); ++i) of_family[found[i] == found[0] ? 0 : 1].push_back(i);
    std::vector<std::size_t> order;
    for (std::size_t i = 0; order.size() < found.size(); ++i)
        for (const auto& places : of_family)
            if (i < places.size()) order.push_back(places[i]);
    return order;
}

// A machine that has no way to an address knows nothing of the other side; silence may come from there; and
// whatever else is said, is said by the other side, or by what stands between. The numbers are those of errno
// in each category of errors, which do not know each other.
int weight(const std::error_code& why) {
    switch (static_cast<std::errc>(why.value())) {
        case std::errc::network_unreachable:
        case std::errc::host_unreachable:
        case std::errc::address_not_available:
        case std::errc::address_family_not_supported: return 1;
        case std::errc::timed_out: return 2;
        default: return 3;
    }
}

}  // namespace

connect_race::connect_race(const std::vector<family>& found) : order_(in_turn(found)) {
    order_.resize(std::min(order_.size(), most_addresses));
}

std::optional<std::size_t> connect_race::start(time_point now) {
    if (!any_left() || now < try_next_) return std::nullopt;
    try_next_ = now + head_start;
    ++under_way_;
    return order_[tried_++];
}

std::optional<time_point> connect_race::next_deadline() const {
    return any_left() ? std::optional{try_next_} : std::nullopt;
}

void connect_race::failed(std::error_code why) {
    --under_way_;
    try_next_ = time_point::min();
    if (!reason_ || weight(why) >= weight(reason_)) reason_ = why;
}

}  // namespace p2p
