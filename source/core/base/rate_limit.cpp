#include "core/base/rate_limit.hpp"

#include <fmt/format.h>

namespace p2p {

tl::expected<byte_count, std::string> parse_rate_limit(std::string_view text) {
    if (text == "off") return 0;
    return parse_rate(text).map_error([](const std::string& why) { return why + ", or off"; });
}

std::string remark_on_limit(byte_count rate) {
    constexpr byte_count kilobyte = 1000;
    if (rate == 0 || rate >= kilobyte) return {};
    return fmt::format("that is {} a second", show_count(rate, "byte"));
}

}  // namespace p2p
