#include "protocol/json_values.hpp"

#include "core/base/units.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <string>

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

/// The library gives up at a number that is too large for a double. Here every run of digits outside of texts
/// is cut to so few that this cannot be, and none that is a whole number in our sense is touched. What was no
/// JSON is none after that either.
std::string with_shorter_numbers(std::string_view text) {
    constexpr std::size_t most_digits = 100;
    constexpr std::size_t most_digits_of_exponent = 2;
    std::string shorter;
    std::size_t digits = 0;  // of the run so far
    std::size_t most = most_digits;
    bool in_string = false;
    bool is_escaped = false;
    for (const char c : text) {
        const bool is_digit = c >= '0' && c <= '9';
        digits = is_digit ? digits + 1 : 0;
        if (!is_digit && c != '+' && c != '-')
            most = c == 'e' || c == 'E' ? most_digits_of_exponent : most_digits;
        if (in_string || digits <= most) shorter += c;
        if (c == '"' && !is_escaped) in_string = !in_string;
        is_escaped = in_string && c == '\\' && !is_escaped;
    }
    return shorter;
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
    bool number_integer(std::int64_t value) { return add_other(static_cast<double>(value)); }
    bool number_unsigned(std::uint64_t value) { return add(json_value::kind::whole_number, value); }
    bool number_float(double value, const std::string&) { return add_other(value); }
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
    bool parse_error(std::size_t, const std::string&, const json::exception& why) {
        constexpr int number_overflow = 406;
        met_too_large_a_number_ = why.id == number_overflow;
        return false;
    }

    bool met_too_large_a_number() const { return met_too_large_a_number_; }

private:
    bool add_other(double value) {
        return add(json_value::kind::other_number, std::bit_cast<std::uint64_t>(value));
    }
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
    bool met_too_large_a_number_ = false;
};

json_values::outcome json_values::read(std::string_view text) {
    values_.clear();
    builder build(*this, text.size());
    if (json::sax_parse(text.begin(), text.end(), &build)) return outcome::read;
    return build.met_too_large_a_number() ? outcome::too_large_a_number : outcome::no_json;
}

tl::expected<json_values, error_message> json_values::of_object(std::string_view line,
                                                                std::size_t most_levels) {
    if (is_nested_deeper(line, most_levels))
        return bad_json(fmt::format("nested more than {} levels deep", most_levels));
    // The parser takes a NUL for the end of its input.
    if (line.find('\0') != std::string_view::npos) return bad_json("the line has a NUL byte");
    json_values values;
    outcome result = values.read(line);
    if (result == outcome::too_large_a_number) result = values.read(with_shorter_numbers(line));
    if (result != outcome::read || values.values_.front().what != json_value::kind::object)
        return bad_json("no JSON object on one line: " + printable(line, quoted_length));
    return values;
}

std::uint32_t json_values::find(std::uint32_t object, std::string_view key) const {
    std::uint32_t found = 0;
    for (std::uint32_t at = object + 1; at < values_[object].after; at = values_[at].after)
        if (values_[at].key == key) found = at;
    return found;
}

}  // namespace p2p
