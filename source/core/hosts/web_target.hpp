// What a web request asks for: "/api/v1/peers?limit=10", taken apart. Has no HTTP in it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace p2p {

struct web_target {
    std::vector<std::string> path;                  ///< decoded, between the slashes: {"api", "v1", "peers"}
    std::multimap<std::string, std::string> query;  ///< decoded

    /// The number that is called so, at most `most`; `otherwise` where there is none.
    std::uint64_t number(const std::string& name, std::uint64_t otherwise, std::uint64_t most) const;
    /// Nothing is called so, or one whole number is.
    bool is_number_if_any(const std::string& name) const;
    /// All values that are called so, in their order.
    std::vector<std::string> all(const std::string& name) const;

    friend bool operator==(const web_target&, const web_target&) = default;
};

/// None: it does not begin with a slash, has a blank or a control character, or is not encoded as it should
/// be.
std::optional<web_target> parse_web_target(std::string_view text);

}  // namespace p2p
