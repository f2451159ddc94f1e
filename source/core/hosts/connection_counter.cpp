#include "core/hosts/connection_counter.hpp"

#include "core/base/units.hpp"

#include <fmt/format.h>

namespace p2p {

tl::expected<connection_counter::ticket, std::string> connection_counter::enter(const std::string& host) {
    if (open_ >= limits_.in_all)
        return tl::unexpected{
            fmt::format("{} are open already: try again later", show_count(open_, "connection"))};
    const auto known = from_.find(host);
    if (known != from_.end() && known->second >= limits_.per_host)
        return tl::unexpected{fmt::format("{} from {} are open already: close some",
                                          show_count(known->second, "connection"), host)};
    auto& mine = known != from_.end() ? *known : *from_.emplace(host, 0).first;
    ++mine.second;
    ++open_;
    return ticket{*this, mine};
}

void connection_counter::ended(const counts::value_type* host) {
    --open_;
    const auto known = from_.find(host->first);
    if (--known->second == 0) from_.erase(known);
}

}  // namespace p2p
