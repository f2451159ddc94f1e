#include "core/base/slot_set.hpp"

#include <algorithm>

namespace p2p {

namespace {

// Where at least one slot in so many is in the set, a random one is found by trying.
constexpr std::size_t most_tries = 8;

std::uint32_t random_below(std::size_t end, std::mt19937_64& random) {
    return std::uniform_int_distribution<std::uint32_t>{0, static_cast<std::uint32_t>(end - 1)}(random);
}

}  // namespace

bool slot_set::insert(slot one) {
    if (contains(one)) return false;
    const std::size_t at = one / word_bits;
    // Exactly as many words as it takes: there is a set for each of many chunks.
    if (at >= words_.capacity()) words_.reserve(at + 1);
    if (at >= words_.size()) words_.resize(at + 1);
    words_[at] |= bit_of(one);
    ++size_;
    return true;
}

bool slot_set::erase(slot one) {
    if (!contains(one)) return false;
    words_[one / word_bits] &= ~bit_of(one);
    --size_;
    return true;
}

slot_set& slot_set::operator|=(const slot_set& other) {
    if (words_.size() < other.words_.size()) words_.resize(other.words_.size());
    size_ = 0;
    for (std::size_t at = 0; at < words_.size(); ++at) {
        if (at < other.words_.size()) words_[at] |= other.words_[at];
        size_ += static_cast<std::uint32_t>(std::popcount(words_[at]));
    }
    return *this;
}

slot_set& slot_set::operator-=(const slot_set& other) {
    size_ = 0;
    for (std::size_t at = 0; at < words_.size(); ++at) {
        if (at < other.words_.size()) words_[at] &= ~other.words_[at];
        size_ += static_cast<std::uint32_t>(std::popcount(words_[at]));
    }
    return *this;
}

std::vector<slot_set::slot> slot_set::draw(std::size_t most, std::mt19937_64& random) {
    std::vector<slot> drawn;
    drawn.reserve(std::min<std::size_t>(most, size_));
    const std::size_t slots = words_.size() * word_bits;
    while (drawn.size() < most && !empty() && size_ * most_tries >= slots)
        if (const slot one = random_below(slots, random); erase(one)) drawn.push_back(one);
    if (drawn.size() == most || empty()) return drawn;

    std::vector<slot> remaining;
    remaining.reserve(size_);
    for_each([&remaining](slot one) { remaining.push_back(one); });
    for (std::size_t at = 0; at < remaining.size() && drawn.size() < most; ++at) {
        std::swap(remaining[at], remaining[at + random_below(remaining.size() - at, random)]);
        drawn.push_back(remaining[at]);
        erase(remaining[at]);
    }
    return drawn;
}

}  // namespace p2p
