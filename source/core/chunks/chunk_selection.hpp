// The chunks that are in some sets and not in others, looked at one by one without a set of them being made:
// a choice among a few of them costs the same in a set of a million chunks as in one of a thousand.
#pragma once

#include "core/chunks/chunk_set.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

namespace p2p {

/// Refers to the sets that it is made of: for the length of one decision.
class chunk_selection {
public:
    /// All of one set.
    chunk_selection(const chunk_set& set) : chunk_selection({&set}, {}) {}

    /// What is in all of `in`, and in none of `out`. It is quickest where the first has least members.
    chunk_selection(std::initializer_list<const chunk_set*> in, std::initializer_list<const chunk_set*> out);

    chunk_selection without(const chunk_set& set) const;

    /// Past the largest chunk that could be in it. 1: it is empty.
    std::uint32_t limit() const { return static_cast<std::uint32_t>(length_ * word_bits + 1); }

    /// Calls visit(chunk) for those from `first` on, and then for those before it, until it returns false.
    template <class Visit>
    void visit_from(chunk_index first, Visit visit) const {
        const std::size_t split = first.value / word_bits;
        const std::uint64_t before = (std::uint64_t{1} << (first.value % word_bits)) - 1;
        for (std::size_t at = split; at < length_; ++at)
            if (!visit_word(at, at == split ? ~before : all_bits, visit)) return;
        for (std::size_t at = 0; at < length_ && at <= split; ++at)
            if (!visit_word(at, at == split ? before : all_bits, visit)) return;
    }

    bool has_more_than(std::size_t count) const;

private:
    static constexpr std::size_t word_bits = 64;
    static constexpr std::uint64_t all_bits = ~std::uint64_t{0};

    template <class Visit>
    bool visit_word(std::size_t at, std::uint64_t mask, Visit& visit) const {
        for (std::uint64_t bits = word(at) & mask; bits != 0; bits &= bits - 1)
            if (!visit(chunk_index{static_cast<std::uint32_t>(at * word_bits) +
                                   static_cast<std::uint32_t>(std::countr_zero(bits))}))
                return false;
        return true;
    }

    std::uint64_t word(std::size_t at) const {
        std::uint64_t bits = in_.front()[at];
        if (bits == 0) return 0;
        for (const auto& set : in_) bits &= set[at];
        for (const auto& set : out_)
            if (at < set.size()) bits &= ~set[at];
        return bits;
    }

    std::vector<std::span<const std::uint64_t>> in_;
    std::vector<std::span<const std::uint64_t>> out_;
    std::size_t length_;  // of the shortest of in_
};

}  // namespace p2p
