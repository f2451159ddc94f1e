// The line that `share` prints and `get` takes: where a published file-set can be had, and which it is.
//
//     p2p://10.0.0.7:5100,backup.example:5100/ID/NAME
//     p2p://KEY@10.0.0.7:5100/ID/NAME
//
// One or more trackers (port 5100 where none is given), the id as 64 hexadecimal digits, and the name,
// percent-encoded (all but letters, digits and "-._~"), which may be left out. The key (64 digits), where
// there is one, is the secret of the swarm: whoever sees such a link can take part.
#pragma once

#include "core/base/units.hpp"
#include "core/set/file_set.hpp"
#include "core/set/secret.hpp"

#include <tl/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace p2p {

inline constexpr std::uint16_t usual_tracker_port = 5100;
inline constexpr std::size_t max_link_trackers = 16;

struct link {
    std::vector<endpoint> trackers;
    file_set_id id;
    std::string name;  ///< may be empty; a right set name otherwise
    std::optional<swarm_key> key{};

    friend bool operator==(const link&, const link&) = default;
    std::string to_string() const;
};

/// The text, which may be any, with stars for the keys of links in it: what has as many hexadecimal digits as
/// a key before an "@", and what follows "p2p://" and begins like one.
std::string hide_keys(std::string text);

/// The error is one line that says what is wrong, and shows what a link looks like where it is none at all.
/// It never shows a key.
tl::expected<link, std::string> parse_link(std::string_view text);

}  // namespace p2p
