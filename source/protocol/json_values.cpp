#include "protocol/json_values.hpp"

#include "core/units.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>

namespace p2p {

namespace {

using nlohmann::json;

constexpr std::size_t quoted_length = 40;

// Most messages have fewer.
constexpr std::size_t usual_values = 8;

tl::unexpected<error_message> bad_json(std::string text) {
    return tl::unexpected{error_message{"bad_json", std::move(text)}};
}

bool is_nested_deeper(std::string_view text, std::size_t most) {
    const auto opens = [](char c) { return c == '[' || c == '{'; };
    if (static_cast<std::size_t>(std::count_if(text.begin(), text.end(), opens)) <= most) return false;
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t at = 0; at < text.size() && depth <= most; ++at) {
        const char c = text[at];
        if (in_string && c == '\\')
            ++at;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && opens(c))
            ++depth;
        else if (!in_string && (c == ']' || c == '}') && depth > 0)
            --depth;
    }
    return depth > most;
}

}  // namespace

/// Is told by the JSON library what it comes across.
class json_values::builder {
public:
    builder(json_values& to, std::size_t line_length) : values_(to.values_) {
        // Escapes are longer than what they stand for: all texts together are no longer than the line.
        to.texts_ = std::make_unique_for_overwrite<char[]>(line_length);
        next_text_ = to.texts_.get();
        values_.reserve(usual_values);
    }

    bool null() { return add(json_value::kind::null); }
    bool boolean(bool value) { return add(json_value::kind::flag, value ? 1 : 0); }
    bool number_integer(std::int64_t) { return add(json_value::kind::other_number); }
    bool number_unsigned(std::uint64_t value) { return add(json_value::kind::whole_number, value); }
    bool number_float(double, const std::string&) { return add(json_value::kind::other_number); }
    bool string(const std::string& value) {
        const std::string_view text = keep(value);
        add(json_value::kind::text);
        values_.back().text = text;
        return true;
    }
    bool binary(const json::binary_t&) { return false; }  // not in text
    bool start_object(std::size_t) { return open(json_value::kind::object); }
    bool start_array(std::size_t) { return open(json_value::kind::array); }
    bool end_object() { return close(); }
    bool end_array() { return close(); }
    bool key(const std::string& name) {
        key_ = keep(name);
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const json::exception&) { return false; }

private:
    std::string_view keep(const std::string& text) {
        const std::string_view kept{next_text_, text.size()};
        next_text_ = std::copy(text.begin(), text.end(), next_text_);
        return kept;
    }

    bool add(json_value::kind what, std::uint64_t number = 0) {
        if (!open_.empty()) {
            json_value& around = values_[open_.back()];
            if (around.what == json_value::kind::array) ++around.number;
        }
        const auto after = static_cast<std::uint32_t>(values_.size() + 1);
        values_.push_back({what, after, number, std::exchange(key_, {}), {}});
        return true;
    }
    bool open(json_value::kind what) {
        add(what);
        open_.push_back(static_cast<std::uint32_t>(values_.size() - 1));
        return true;
    }
    bool close() {
        values_[open_.back()].after = static_cast<std::uint32_t>(values_.size());
        open_.pop_back();
        return true;
    }

    std::vector<json_value>& values_;
    char* next_text_;
    std::string_view key_;
    std::vector<std::uint32_t> open_;  // places of the objects and arrays that have not ended
};

tl::expected<json_values, error_message> json_values::of_object(std::string_view line,
                                                                std::size_t most_levels) {
    if (is_nested_deeper(line, most_levels))
        return bad_json(fmt::format("nested more than {} levels deep", most_levels));
    // The parser takes a NUL for the end of its input.
    if (line.find('\0') != std::string_view::npos) return bad_json("the line has a NUL byte");
    json_values read;
    builder build(read, line.size());
    const bool is_json = json::sax_parse(line.begin(), line.end(), &build);
    if (!is_json || read.values_.front().what != json_value::kind::object)
        return bad_json("no JSON object on one line: " + printable(line, quoted_length));
    return read;
}

std::uint32_t json_values::find(std::uint32_t object, std::string_view key) const {
    std::uint32_t found = 0;
    for (std::uint32_t at = object + 1; at < values_[object].after; at = values_[at].after)
        if (values_[at].key == key) found = at;
    return found;
}

}  // namespace p2p
