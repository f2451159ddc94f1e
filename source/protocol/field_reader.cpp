#include "protocol/field_reader.hpp"

#include "core/base/units.hpp"

#include <bit>
#include <optional>
#include <utility>

namespace p2p {

namespace {

using kind = json_value::kind;

bool is_whole_number(const json_value& value, std::uint64_t lowest, std::uint64_t highest) {
    return value.what == kind::whole_number && value.number >= lowest && value.number <= highest;
}

}  // namespace

void field_reader::refuse(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
}

void field_reader::refuse(std::string_view key, std::string_view wanted) {
    refuse(fmt::format("\"{}\" must be {}", key, wanted));
}

const json_value* field_reader::find(std::string_view key) const {
    const std::uint32_t position = values_.find(object_, key);
    return position == 0 ? nullptr : &values_[position];
}

const json_value& field_reader::get(std::string_view key) {
    static const json_value nothing;
    const json_value* const value = find(key);
    if (value == nullptr) refuse(fmt::format("\"{}\" is missing", key));
    return value == nullptr ? nothing : *value;
}

std::uint32_t field_reader::array(std::string_view key, std::size_t most) {
    const json_value& value = get(key);
    if (value.what == kind::array && value.number <= most) return values_.find(object_, key);
    refuse(key, fmt::format("an array of at most {} elements", most));
    return 0;
}

std::string_view field_reader::text(std::string_view key) {
    const json_value& value = get(key);
    if (value.what != kind::text) refuse(key, "text");
    return value.text;
}

std::uint64_t field_reader::number(std::string_view key, std::uint64_t lowest, std::uint64_t highest) {
    const json_value& value = get(key);
    if (is_whole_number(value, lowest, highest)) return value.number;
    refuse(key, fmt::format("a whole number from {} to {}", lowest, highest));
    return 0;
}

double field_reader::real(std::string_view key) {
    const json_value& value = get(key);
    if (value.what == kind::whole_number) return static_cast<double>(value.number);
    if (value.what == kind::other_number) return std::bit_cast<double>(value.number);
    refuse(key, "a number");
    return 0;
}

bool field_reader::has_other_number(std::string_view key, std::uint64_t expected) const {
    const json_value* const value = find(key);
    return value != nullptr && is_whole_number(*value, 1, std::numeric_limits<std::uint64_t>::max()) &&
           value->number != expected;
}

std::string field_reader::text_if_any(std::string_view key) {
    return has(key) ? std::string{text(key)} : std::string{};
}

bool field_reader::flag_if_any(std::string_view key) {
    const json_value* const value = find(key);
    if (value == nullptr) return false;
    if (value->what != kind::flag) refuse(key, "true or false");
    return value->what == kind::flag && value->number == 1;
}

std::string field_reader::name(std::string_view key) {
    const std::string_view name = text(key);
    if (!is_name(name, longest_name_))
        refuse(key, fmt::format("1 to {} bytes without control characters", longest_name_));
    return std::string{name};
}

std::string field_reader::host(std::string_view key) {
    const std::string_view host = text(key);
    if (!is_host(host)) refuse(key, fmt::format("1 to {} visible ASCII characters", max_host_length));
    return std::string{host};
}

std::string field_reader::host_if_any(std::string_view key) {
    return has(key) ? host(key) : std::string{};
}

std::string field_reader::remark(std::string_view key) {
    return printable(text(key));
}

file_set_key field_reader::set() {
    if (!has("id")) return folder();
    if (has("fileset") || has("count")) refuse("\"id\" goes without \"fileset\" and \"count\"");
    return published_set(id("id"));
}

file_set_key field_reader::folder() {
    file_set_key key{name("fileset"), static_cast<std::uint32_t>(number("count", 1, max_chunk_count))};
    count_ = key.count;
    return key;
}

set_summary field_reader::summary() {
    return {.id = id("id"),
            .name = name("name"),
            .size = number("size", 0, max_set_size),
            .count = static_cast<std::uint32_t>(number("count", 0, max_chunk_count))};
}

file_set_id field_reader::id(std::string_view key) {
    const auto id = file_set_id::from_hex(text(key));
    if (!id) refuse(key, "64 hexadecimal digits");
    return id.value_or(file_set_id{});
}

chunk_index field_reader::chunk(std::string_view key) {
    return chunk_index{static_cast<std::uint32_t>(number(key, 1, count_))};
}

chunk_set field_reader::chunks(std::string_view key) {
    auto chunks = chunk_set::parse(text(key), count_);
    if (!chunks) refuse(key, fmt::format("chunk ranges like 1-3,5: {}", chunks.error()));
    return chunks ? *std::move(chunks) : chunk_set{};
}

chunk_set field_reader::chunks_if_any(std::string_view key) {
    return has(key) ? chunks(key) : chunk_set{};
}

chunk_hash field_reader::hash(std::string_view key) {
    const auto hash = chunk_hash::from_hex(text(key));
    if (!hash) refuse(key, "32 hexadecimal digits");
    return hash.value_or(chunk_hash{});
}

std::vector<std::uint32_t> field_reader::counts_if_any(std::string_view key) {
    std::vector<std::uint32_t> counts;
    if (!has(key)) return counts;
    const std::uint32_t position = array(key, max_other_counts);
    const std::uint32_t end = position == 0 ? 0 : values_[position].after;
    for (std::uint32_t at = position + 1; at < end; at = values_[at].after) {
        const bool is_count = is_whole_number(values_[at], 1, max_chunk_count);
        if (!is_count) refuse(key, fmt::format("whole numbers from 1 to {}", max_chunk_count));
        counts.push_back(is_count ? static_cast<std::uint32_t>(values_[at].number) : 0);
    }
    return counts;
}

}  // namespace p2p
