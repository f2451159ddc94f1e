// The fields of one JSON object, each checked as it is read: presence, kind, range.
// The first thing that is wrong is remembered; after it, fields read as empty. For use inside protocol/ only.
#pragma once

#include "protocol/json_values.hpp"
#include "protocol/messages.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace p2p {

class field_reader {
public:
    /// Chunks are 1 .. `count`, until a chunk folder's set() says how many there are. `values`, in which the
    /// object is at `object`, must outlive the reader. What is no object has no fields.
    /// Names have up to `longest_name` bytes.
    field_reader(const json_values& values, std::uint32_t object, std::uint32_t count,
                 std::size_t longest_name)
        : values_(values), object_(object), count_(count), longest_name_(longest_name) {}

    /// What is wrong, or "": `"port" must be a whole number from 1 to 65535`.
    const std::string& problem() const { return problem_; }

    std::uint64_t number(std::string_view key, std::uint64_t lowest, std::uint64_t highest);
    template <class Number>
    Number number(std::string_view key, std::uint64_t lowest = 1) {
        return static_cast<Number>(number(key, lowest, std::numeric_limits<Number>::max()));
    }

    std::uint64_t number_if_any(std::string_view key) { return has(key) ? number<std::uint64_t>(key, 0) : 0; }
    double real(std::string_view key);  ///< any number
    /// There is a whole number of that name, and it is another one, from 1 on.
    bool has_other_number(std::string_view key, std::uint64_t expected) const;

    std::string_view text(std::string_view key);  ///< lives as long as the values
    std::string text_if_any(std::string_view key);
    bool flag_if_any(std::string_view key);
    bool has(std::string_view key) const { return find(key) != nullptr; }
    std::string name(std::string_view key);  ///< of a peer or a file-set
    std::string host(std::string_view key);
    std::string host_if_any(std::string_view key);
    std::string remark(std::string_view key);  ///< text for people: cut, and made safe to show

    file_set_key set();     ///< "id", or "fileset" and "count"
    file_set_key folder();  ///< "fileset" and "count"
    set_summary summary();  ///< "id", "name", "size" and "count"
    file_set_id id(std::string_view key);
    chunk_index chunk(std::string_view key);
    chunk_set chunks(std::string_view key);
    chunk_set chunks_if_any(std::string_view key);
    void count(std::uint32_t chunks) {
        count_ = chunks;
    }  ///< chunks that are read from here on are 1 .. so many
    chunk_hash hash(std::string_view key);
    std::vector<std::uint32_t> counts_if_any(std::string_view key);

    /// An array of at most `most` objects; `read_one` makes an element from the reader of each.
    template <class Element>
    std::vector<Element> list(std::string_view key, std::size_t most, Element (*read_one)(field_reader&)) {
        std::vector<Element> elements;
        const std::uint32_t position = array(key, most);
        const std::uint32_t end = position == 0 ? 0 : values_[position].after;
        for (std::uint32_t at = position + 1; at < end; at = values_[at].after) {
            field_reader fields{values_, at, count_, longest_name_};
            elements.push_back(read_one(fields));
            if (!fields.problem().empty())
                refuse(fmt::format("{}[{}]: {}", key, elements.size() - 1, fields.problem()));
            if (!problem_.empty()) break;
        }
        return elements;
    }

    /// What is wrong with the object, or with one field: `"port" must be ...`.
    void refuse(std::string problem);
    void refuse(std::string_view key, std::string_view wanted);

private:
    const json_value* find(std::string_view key) const;
    const json_value& get(std::string_view key);
    std::uint32_t array(std::string_view key, std::size_t most);  ///< its place, or 0

    const json_values& values_;
    std::uint32_t object_;
    std::uint32_t count_;
    std::size_t longest_name_;
    std::string problem_;
};

}  // namespace p2p
