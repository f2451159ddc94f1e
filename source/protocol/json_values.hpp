// A line of JSON, read: its values one behind the other in the order in which they stand, without a tree, so
// that reading a message takes two allocations. For use inside protocol/ only.
#pragma once

#include "protocol/messages.hpp"

#include <tl/expected.hpp>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace p2p {

struct json_value {
    /// Whole numbers are those from 0 to 2^64 - 1 that are written as such. Others may be too large for a
    /// double: then they are of this kind, too.
    enum class kind : std::uint8_t { null, flag, whole_number, other_number, text, array, object };
    kind what = kind::null;
    std::uint32_t after = 0;  ///< the place of the next value that is not inside this one
    /// Of a whole number its value, of another one the bits of a double, of a flag 0 or 1, of an array how
    /// many elements.
    std::uint64_t number = 0;
    std::string_view key{};  ///< in the object that it is in
    std::string_view text{};
};

class json_values {
public:
    /// A line that is no JSON object, or has a NUL byte, or is nested too deeply, is a "bad_json".
    static tl::expected<json_values, error_message> of_object(std::string_view line, std::size_t most_levels);

    const json_value& operator[](std::uint32_t position) const { return values_[position]; }

    /// Inside an object; where there are several of that name, the last. 0: there is none.
    std::uint32_t find(std::uint32_t object, std::string_view key) const;

private:
    class builder;
    enum class outcome : std::uint8_t { read, too_large_a_number, no_json };
    outcome read(std::string_view text);

    std::vector<json_value> values_;  // the whole object is the first
    std::unique_ptr<char[]> texts_;   // that keys and texts are views of
};

}  // namespace p2p
