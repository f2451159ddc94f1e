#include "core/chunks/chunking.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <stdexcept>
#include <utility>

namespace p2p {

namespace {

constexpr byte_count least_usual_size = byte_count{64} << 10U;
constexpr byte_count most_usual_size = byte_count{16} << 20U;

// Each byte shifts the hash by one bit, so that what came before the last 64 has left it.
constexpr byte_count window = 64;
static_assert(least_chunk_size / 4 > window);

// Level 2 of normalized chunking: the strict mask has two bits more than the average asks for, the loose one
// two fewer.
constexpr int normalization = 2;

using gear_table = std::array<std::uint64_t, 256>;

/// The generator of Steele, Lea and Flood (OOPSLA 2014).
constexpr std::uint64_t splitmix64(std::uint64_t& state) {
    std::uint64_t mixed = state += 0x9E3779B97F4A7C15;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EB;
    return mixed ^ (mixed >> 31U);
}

constexpr gear_table make_gears() {
    gear_table table{};
    std::uint64_t state = 0;
    for (std::uint64_t& gear : table) gear = splitmix64(state);
    return table;
}

constexpr gear_table gears = make_gears();

/// The hashes whose `bits` top bits are 0 are those below this. The paper spreads the bits of its masks to
/// widen the window that they look at; the top ones see the most bytes of all (bit n sees the last n + 1),
/// and one comparison tests them.
std::uint64_t limit_of(int bits) {
    return std::uint64_t{1} << (64 - bits);
}

byte_count require_average(byte_count size) {
    if (!std::has_single_bit(size) || size < least_chunk_size || size > max_average_chunk_size)
        throw std::invalid_argument{"no average chunk size"};
    return size;
}

}  // namespace

byte_count usual_chunk_size(byte_count content) {
    const byte_count enough = content / usual_chunk_count + (content % usual_chunk_count == 0 ? 0 : 1);
    return std::clamp(std::bit_ceil(enough), least_usual_size, most_usual_size);
}

std::vector<std::uint32_t> fixed_cuts(byte_count content, byte_count chunk_size) {
    if (chunk_size == 0 || chunk_size > std::numeric_limits<std::uint32_t>::max())
        throw std::invalid_argument{"no chunk size"};
    std::vector<std::uint32_t> sizes(content / chunk_size, static_cast<std::uint32_t>(chunk_size));
    const auto rest = static_cast<std::uint32_t>(content % chunk_size);
    if (rest != 0) sizes.push_back(rest);
    return sizes;
}

content_cutter::content_cutter(byte_count average)
    : least_{require_average(average) / 4},
      average_{average},
      most_{4 * average},
      strict_{limit_of(std::countr_zero(average) + normalization)},
      loose_{limit_of(std::countr_zero(average) - normalization)} {}

void content_cutter::update(std::span<const std::byte> bytes) {
    while (!bytes.empty()) bytes = bytes.subspan(open_ + window < least_ ? skip(bytes) : roll(bytes));
}

std::size_t content_cutter::skip(std::span<const std::byte> bytes) {
    const auto skipped = std::min<byte_count>(bytes.size(), least_ - window - open_);
    open_ += skipped;
    return skipped;
}

std::size_t content_cutter::roll(std::span<const std::byte> bytes) {
    const auto [end, limit] = stretch_ahead();
    const auto count = std::min<byte_count>(bytes.size(), end - open_);
    std::uint64_t gear = gear_;
    for (std::size_t at = 0; at < count; ++at) {
        gear = (gear << 1U) + gears[std::to_integer<std::size_t>(bytes[at])];
        if (gear < limit) {
            open_ += at + 1;
            cut();
            return at + 1;
        }
    }
    gear_ = gear;
    open_ += count;
    if (open_ == most_) cut();
    return count;
}

content_cutter::stretch content_cutter::stretch_ahead() const {
    // The next byte makes a chunk of this size, if it is the last.
    const byte_count size = open_ + 1;
    if (size < least_) return {least_ - 1, 0};
    if (size < average_) return {average_ - 1, strict_};
    return {most_, loose_};
}

void content_cutter::cut() {
    sizes_.push_back(static_cast<std::uint32_t>(open_));
    open_ = 0;
    gear_ = 0;
}

std::vector<std::uint32_t> content_cutter::finish() {
    if (open_ > 0) cut();
    return std::move(sizes_);
}

}  // namespace p2p
