// A set of slots (places in a table, which are small numbers and used again), as bits; random ones can be
// drawn.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace p2p {

class slot_set {
public:
    using slot = std::uint32_t;

    bool contains(slot one) const {
        return one / word_bits < words_.size() && (words_[one / word_bits] & bit_of(one)) != 0;
    }
    bool insert(slot one);  ///< false: it was in already
    bool erase(slot one);   ///< false: it was not in
    std::uint32_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    /// One more than the highest slot that there is memory for.
    std::size_t room() const { return words_.size() * word_bits; }

    slot_set& operator|=(const slot_set& other);
    slot_set& operator-=(const slot_set& other);

    /// Takes out at most `most` of them, each choice and each order as likely as any other. Fast: where they
    /// are many, it does not matter how many.
    std::vector<slot> draw(std::size_t most, std::mt19937_64& random);

    /// Those that were in at the beginning, in ascending order; `visit` may erase them.
    template <class Visit>
    void for_each(Visit visit) const {
        for (std::size_t at = 0; at < words_.size(); ++at)
            for (word left = words_[at]; left != 0; left &= left - 1)
                visit(static_cast<slot>(at * word_bits + static_cast<std::size_t>(std::countr_zero(left))));
    }

private:
    using word = std::uint64_t;
    static constexpr std::size_t word_bits = 64;
    static word bit_of(slot one) { return word{1} << (one % word_bits); }

    std::vector<word> words_;
    std::uint32_t size_ = 0;
};

}  // namespace p2p
