// What people type for a limit of a rate, and what they are told where it may not be what they meant.
#pragma once

#include "core/base/units.hpp"

namespace p2p {

/// As parse_rate() reads it, and "off" is 0: no limit.
tl::expected<byte_count, std::string> parse_rate_limit(std::string_view text);

/// "that is 10 bytes a second", where next to nothing would get through; empty for all others.
std::string remark_on_limit(byte_count rate);

}  // namespace p2p
