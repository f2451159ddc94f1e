// The fields of one JSON object, each checked as it is read: presence, kind, range.
// The first thing that is wrong is remembered; after it, fields read as empty. For use inside protocol/ only.
#pragma once

#include "protocol/messages.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace p2p {

class field_reader {
public:
    /// Chunks are 1 .. `count`, until a chunk folder's set() says how many there are. `object` must outlive
    /// the reader.
    field_reader(const nlohmann::json& object, std::uint32_t count) : object_(object), count_(count) {}

    /// What is wrong, or "": `"port" must be a whole number from 1 to 65535`.
    const std::string& problem() const { return problem_; }

    std::uint64_t number(std::string_view key, std::uint64_t lowest, std::uint64_t highest);
    template <class Number>
    Number number(std::string_view key, std::uint64_t lowest = 1) {
        return static_cast<Number>(number(key, lowest, std::numeric_limits<Number>::max()));
    }

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
    chunk_hash hash(std::string_view key);
    std::vector<std::uint32_t> counts_if_any(std::string_view key);

    /// An array of at most `most` objects; `read_one` makes an element from the reader of each.
    template <class Element>
    std::vector<Element> list(std::string_view key, std::size_t most, Element (*read_one)(field_reader&)) {
        std::vector<Element> elements;
        for (const nlohmann::json& object : array(key, most)) {
            field_reader fields{object, count_};
            elements.push_back(read_one(fields));
            if (!fields.problem().empty())
                refuse(fmt::format("{}[{}]: {}", key, elements.size() - 1, fields.problem()));
            if (!problem_.empty()) break;
        }
        return elements;
    }

private:
    const nlohmann::json* find(std::string_view key) const;
    const nlohmann::json& get(std::string_view key);
    const nlohmann::json& array(std::string_view key, std::size_t most);
    std::string_view text(std::string_view key);
    void refuse(std::string problem);
    void refuse(std::string_view key, std::string_view wanted);

    const nlohmann::json& object_;
    std::uint32_t count_;
    std::string problem_;
};

}  // namespace p2p
