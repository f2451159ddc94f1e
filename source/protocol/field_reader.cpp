#include "protocol/field_reader.hpp"

#include "core/units.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace p2p {

namespace {

using nlohmann::json;

std::optional<std::uint64_t> whole_number(const json& value, std::uint64_t lowest, std::uint64_t highest) {
    if (!value.is_number_unsigned()) return std::nullopt;
    const auto number = value.get<std::uint64_t>();
    if (number < lowest || number > highest) return std::nullopt;
    return number;
}

}  // namespace

void field_reader::refuse(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
}

void field_reader::refuse(std::string_view key, std::string_view wanted) {
    refuse(fmt::format("\"{}\" must be {}", key, wanted));
}

const json* field_reader::find(std::string_view key) const {
    const auto at = object_.find(key);
    return at == object_.end() ? nullptr : &*at;
}

const json& field_reader::get(std::string_view key) {
    static const json nothing;
    const json* const value = find(key);
    if (value == nullptr) refuse(fmt::format("\"{}\" is missing", key));
    return value == nullptr ? nothing : *value;
}

const json& field_reader::array(std::string_view key, std::size_t most) {
    static const json empty = json::array();
    const json& value = get(key);
    if (value.is_array() && value.size() <= most) return value;
    refuse(key, fmt::format("an array of at most {} elements", most));
    return empty;
}

std::string_view field_reader::text(std::string_view key) {
    const auto* const value = get(key).get_ptr<const std::string*>();
    if (value == nullptr) refuse(key, "text");
    return value == nullptr ? std::string_view{} : std::string_view{*value};
}

std::uint64_t field_reader::number(std::string_view key, std::uint64_t lowest, std::uint64_t highest) {
    const auto number = whole_number(get(key), lowest, highest);
    if (!number) refuse(key, fmt::format("a whole number from {} to {}", lowest, highest));
    return number.value_or(0);
}

bool field_reader::flag_if_any(std::string_view key) {
    const json* const value = find(key);
    if (value == nullptr) return false;
    if (!value->is_boolean()) refuse(key, "true or false");
    return value->is_boolean() && value->get<bool>();
}

std::string field_reader::name(std::string_view key) {
    const std::string_view name = text(key);
    if (!is_name(name)) refuse(key, fmt::format("1 to {} bytes without control characters", max_name_length));
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
    for (const json& value : array(key, max_other_counts)) {
        const auto count = whole_number(value, 1, max_chunk_count);
        if (!count) refuse(key, fmt::format("whole numbers from 1 to {}", max_chunk_count));
        counts.push_back(static_cast<std::uint32_t>(count.value_or(0)));
    }
    return counts;
}

}  // namespace p2p
