#include "core/chunks/chunk_set.hpp"

#include "core/base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>
#include <span>
#include <stdexcept>

namespace p2p {

namespace {

using word = std::uint64_t;
constexpr std::size_t word_bits = 64;
constexpr word all_bits = ~word{0};
constexpr std::size_t quoted_length = 40;

std::size_t word_of(chunk_index chunk) {
    return chunk.value / word_bits;
}

word bit_of(chunk_index chunk) {
    return word{1} << (chunk.value % word_bits);
}

std::uint32_t ones(word bits) {
    return static_cast<std::uint32_t>(std::popcount(bits));
}

/// In each byte of a word, how many of its bits are set.
word ones_in_bytes(word bits) {
    bits -= bits >> 1U & 0x5555555555555555U;
    bits = (bits & 0x3333333333333333U) + (bits >> 2U & 0x3333333333333333U);
    return (bits + (bits >> 4U)) & 0x0F0F0F0F0F0F0F0FU;
}

/// How many bits are set in all. In a large set most of the time goes here: std::popcount is a call on
/// processors that need not have the instruction, while this becomes vector code. The bytes of 16 words are
/// added up at a time: 16 * 8 fits into a byte.
std::uint32_t count_ones(std::span<const word> words) {
    constexpr std::size_t block = 16;
    word total = 0;
    while (!words.empty()) {
        word sums = 0;
        for (const word bits : words.first(std::min(block, words.size()))) sums += ones_in_bytes(bits);
        words = words.subspan(std::min(block, words.size()));
        const word pairs = (sums & 0x00FF00FF00FF00FFU) + (sums >> 8U & 0x00FF00FF00FF00FFU);
        total += pairs * 0x0001000100010001U >> 48U;
    }
    return static_cast<std::uint32_t>(total);
}

/// The first position at or after `from` whose bit differs from that of `background`; past the words if there
/// is none.
std::size_t find_other(std::span<const word> words, std::size_t from, word background) {
    std::size_t at = from / word_bits;
    word mask = all_bits << (from % word_bits);
    for (; at < words.size(); ++at, mask = all_bits) {
        const word found = (words[at] ^ background) & mask;
        if (found != 0) return at * word_bits + static_cast<std::size_t>(std::countr_zero(found));
    }
    return words.size() * word_bits;
}

/// Calls visit(first, last) for each unbroken run of members.
template <class Visit>
void for_each_run(std::span<const word> words, Visit visit) {
    const std::size_t past_all = words.size() * word_bits;
    for (std::size_t from = find_other(words, 0, 0); from < past_all;) {
        const std::size_t past = find_other(words, from, all_bits);
        visit(from, past - 1);
        from = find_other(words, past, 0);
    }
}

word lowest_ones(word bits, std::uint32_t count) {
    while (ones(bits) > count) bits ^= std::bit_floor(bits);
    return bits;
}

void require_chunk(chunk_index chunk) {
    if (chunk.value == 0 || chunk.value > max_chunk_count) throw std::out_of_range{"no chunk index"};
}

struct run {
    std::uint32_t from;
    std::uint32_t to;
};

std::string quoted(std::string_view text) {
    return fmt::format("\"{}\"", printable(text, quoted_length));
}

tl::expected<std::uint32_t, std::string> parse_index(std::string_view digits, std::uint32_t max_index) {
    std::uint32_t index = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stopped_at, error] = std::from_chars(digits.data(), end, index);
    if (error == std::errc::invalid_argument || stopped_at != end)
        return tl::unexpected{quoted(digits) + " is no chunk index"};
    if (error == std::errc::result_out_of_range || index > max_index)
        return tl::unexpected{
            fmt::format("chunk index {} is over {}", printable(digits, quoted_length), max_index)};
    if (index == 0) return tl::unexpected{std::string{"chunk indices start at 1"}};
    return index;
}

tl::expected<run, std::string> parse_run(std::string_view part, std::uint32_t max_index) {
    const std::size_t dash = part.find('-');
    const auto from = parse_index(part.substr(0, dash), max_index);
    if (!from) return tl::unexpected{from.error()};
    if (dash == std::string_view::npos) return run{*from, *from};
    const auto to = parse_index(part.substr(dash + 1), max_index);
    if (!to) return tl::unexpected{to.error()};
    if (*to < *from) return tl::unexpected{quoted(part) + " runs backwards"};
    return run{*from, *to};
}

}  // namespace

chunk_set chunk_set::first(std::uint32_t count) {
    chunk_set set;
    if (count > 0) set.insert_range(chunk_index{1}, chunk_index{count});
    return set;
}

tl::expected<chunk_set, std::string> chunk_set::parse(std::string_view text, std::uint32_t max_index) {
    chunk_set set;
    if (text.empty()) return set;
    const std::uint32_t limit = std::min(max_index, max_chunk_count);
    std::uint32_t last = 0;
    std::size_t comma = 0;
    for (std::size_t at = 0; comma != std::string_view::npos; at = comma + 1) {
        comma = text.find(',', at);
        const std::string_view part = text.substr(at, comma - at);
        const auto parsed = parse_run(part, limit);
        if (!parsed) return tl::unexpected{parsed.error()};
        if (parsed->from <= last)
            return tl::unexpected{fmt::format("{} does not come after {}", quoted(part), last)};
        set.insert_range(chunk_index{parsed->from}, chunk_index{parsed->to});
        last = parsed->to;
    }
    return set;
}

bool chunk_set::contains(chunk_index chunk) const {
    return word_of(chunk) < words_.size() && (words_[word_of(chunk)] & bit_of(chunk)) != 0;
}

bool chunk_set::insert(chunk_index chunk) {
    if (contains(chunk)) return false;
    require_chunk(chunk);
    if (word_of(chunk) >= words_.size()) words_.resize(word_of(chunk) + 1);
    words_[word_of(chunk)] |= bit_of(chunk);
    ++size_;
    return true;
}

bool chunk_set::erase(chunk_index chunk) {
    if (!contains(chunk)) return false;
    words_[word_of(chunk)] &= ~bit_of(chunk);
    --size_;
    trim();
    return true;
}

void chunk_set::insert_range(chunk_index from, chunk_index to) {
    if (to < from) return;
    require_chunk(from);
    require_chunk(to);
    if (word_of(to) >= words_.size()) words_.resize(word_of(to) + 1);
    const word from_on = all_bits << (from.value % word_bits);
    const word up_to = all_bits >> (word_bits - 1 - to.value % word_bits);
    const auto touched = std::span{words_}.subspan(word_of(from), word_of(to) - word_of(from) + 1);
    const word below = touched.front() & ~from_on;
    const word above = touched.back() & ~up_to;
    size_ -= count_ones(touched) - ones(below) - ones(above);
    std::fill(touched.begin(), touched.end(), all_bits);
    touched.front() &= from_on | below;
    touched.back() &= up_to | above;
    size_ += to.value - from.value + 1;
}

void chunk_set::clear() {
    words_.clear();
    size_ = 0;
}

std::optional<chunk_index> chunk_set::next(chunk_index from) const {
    const std::size_t found = find_other(words_, from.value, 0);
    if (found >= words_.size() * word_bits) return std::nullopt;
    return chunk_index{static_cast<std::uint32_t>(found)};
}

std::optional<chunk_index> chunk_set::last() const {
    if (words_.empty()) return std::nullopt;
    const auto top = static_cast<std::uint32_t>(words_.size() - 1);
    return chunk_index{64 * top + 63 - static_cast<std::uint32_t>(std::countl_zero(words_.back()))};
}

chunk_index chunk_set::nth(std::uint32_t before) const {
    if (before >= size_) throw std::out_of_range("chunk_set::nth");
    constexpr std::size_t block = 64;
    std::span<const word> rest = words_;
    for (;;) {
        const std::uint32_t here = count_ones(rest.first(std::min(block, rest.size())));
        if (before < here) break;
        before -= here;
        rest = rest.subspan(block);
    }
    while (before >= ones(rest.front())) {
        before -= ones(rest.front());
        rest = rest.subspan(1);
    }
    word bits = rest.front();
    for (; before > 0; --before) bits &= bits - 1;
    const auto at = static_cast<std::size_t>(&rest.front() - words_.data());
    return {static_cast<std::uint32_t>(at * word_bits + static_cast<std::size_t>(std::countr_zero(bits)))};
}

std::uint32_t chunk_set::count_in(chunk_index from, chunk_index to) const {
    const std::size_t first = word_of(from);
    if (to < from || first >= words_.size()) return 0;
    const word begin = all_bits << (from.value % word_bits);
    const word end = all_bits >> (word_bits - 1 - to.value % word_bits);
    const std::size_t last = word_of(to);
    if (first == last) return ones(words_[first] & begin & end);
    const std::size_t past = std::min(last, words_.size());
    std::uint32_t count = ones(words_[first] & begin);
    count += count_ones(std::span{words_}.subspan(first + 1, past - first - 1));
    return last < words_.size() ? count + ones(words_[last] & end) : count;
}

chunk_set chunk_set::take(std::uint32_t count) const {
    if (count >= size_) return *this;
    chunk_set taken;
    for (std::size_t at = 0; taken.size_ < count; ++at) {
        taken.words_.push_back(lowest_ones(words_[at], count - taken.size_));
        taken.size_ += ones(taken.words_.back());
    }
    return taken;
}

chunk_set& chunk_set::operator|=(const chunk_set& other) {
    if (empty()) return *this = other;
    if (words_.size() < other.words_.size()) words_.resize(other.words_.size());
    for (std::size_t at = 0; at < other.words_.size(); ++at) words_[at] |= other.words_[at];
    size_ = count_ones(words_);
    return *this;
}

chunk_set& chunk_set::operator&=(const chunk_set& other) {
    if (words_.size() > other.words_.size()) words_.resize(other.words_.size());
    for (std::size_t at = 0; at < words_.size(); ++at) words_[at] &= other.words_[at];
    size_ = count_ones(words_);
    trim();
    return *this;
}

chunk_set& chunk_set::operator-=(const chunk_set& other) {
    const std::size_t common = std::min(words_.size(), other.words_.size());
    for (std::size_t at = 0; at < common; ++at) words_[at] &= ~other.words_[at];
    size_ = count_ones(words_);
    trim();
    return *this;
}

bool operator==(const chunk_set& a, const chunk_set& b) {
    return a.words_ == b.words_;
}

bool chunk_set::is_subset_of(const chunk_set& other) const {
    return words_.size() <= other.words_.size() &&
           std::equal(words_.begin(), words_.end(), other.words_.begin(),
                      [](word mine, word theirs) { return (mine & ~theirs) == 0; });
}

std::string chunk_set::to_ranges() const {
    auto whole = to_ranges(std::numeric_limits<std::size_t>::max());
    return whole.empty() ? std::string{} : std::move(whole.front());
}

std::vector<std::string> chunk_set::to_ranges(std::size_t max_length) const {
    std::vector<std::string> texts;
    std::string run;
    for_each_run(words_, [&](std::size_t from, std::size_t to) {
        const fmt::format_int first(from);
        run.assign(first.data(), first.size());
        if (from != to) {
            const fmt::format_int last(to);
            run.append("-").append(last.data(), last.size());
        }
        if (texts.empty() || texts.back().size() + 1 + run.size() > max_length)
            texts.push_back(run);
        else
            texts.back().append(",").append(run);
    });
    return texts;
}

chunk_set::iterator& chunk_set::iterator::operator++() {
    at_ = set_->next(chunk_index{at_->value + 1});
    return *this;
}

chunk_set::iterator chunk_set::begin() const {
    iterator first;
    first.set_ = this;
    first.at_ = next(chunk_index{1});
    return first;
}

void chunk_set::trim() {
    while (!words_.empty() && words_.back() == 0) words_.pop_back();
}

}  // namespace p2p
