// A set of chunk indices: bits inside, range strings ("1-100,105") outside.
// Memory follows the highest member, so that an empty set of a huge file-set costs nothing.
#pragma once

#include "core/base/types.hpp"

#include <tl/expected.hpp>

#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace p2p {

class chunk_set {
public:
    chunk_set() = default;

    /// The chunks 1 .. count.
    static chunk_set first(std::uint32_t count);

    /// Reads "1-100,105". Ranges ascend and do not overlap; "" is the empty set. Indices are 1 .. max_index.
    /// The error is one line that says what is wrong with the text (it quotes at most a few dozen
    /// characters).
    static tl::expected<chunk_set, std::string> parse(std::string_view text, std::uint32_t max_index);

    bool contains(chunk_index chunk) const;
    bool insert(chunk_index chunk);                       ///< false: it was in already
    bool erase(chunk_index chunk);                        ///< false: it was not in
    void insert_range(chunk_index from, chunk_index to);  ///< both ends included; nothing where to < from
    // An insertion outside of 1 .. max_chunk_count is a bug of the caller: std::out_of_range.
    void clear();

    std::uint32_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

    /// How many members are from `from` to `to`, both ends included.
    std::uint32_t count_in(chunk_index from, chunk_index to) const;

    /// The smallest member at or after `from`.
    std::optional<chunk_index> next(chunk_index from) const;

    /// The largest member.
    std::optional<chunk_index> last() const;

    /// The member that `before` others are smaller than; before < size().
    chunk_index nth(std::uint32_t before) const;

    /// The first `count` members (all, where there are fewer).
    chunk_set take(std::uint32_t count) const;

    chunk_set& operator|=(const chunk_set& other);
    chunk_set& operator&=(const chunk_set& other);
    chunk_set& operator-=(const chunk_set& other);
    friend chunk_set operator|(chunk_set a, const chunk_set& b) { return a |= b; }
    friend chunk_set operator&(chunk_set a, const chunk_set& b) { return a &= b; }
    friend chunk_set operator-(chunk_set a, const chunk_set& b) { return a -= b; }
    friend bool operator==(const chunk_set& a, const chunk_set& b);

    /// Whether every member is in `other` too.
    bool is_subset_of(const chunk_set& other) const;

    std::string to_ranges() const;

    /// The same, cut into strings of at most `max_length` characters (a single range is never cut), for
    /// messages of limited length. The empty set gives none.
    std::vector<std::string> to_ranges(std::size_t max_length) const;

    class iterator {
    public:
        using value_type = chunk_index;
        using difference_type = std::ptrdiff_t;

        chunk_index operator*() const { return *at_; }
        iterator& operator++();
        void operator++(int) { ++*this; }
        friend bool operator==(const iterator& i, std::default_sentinel_t) { return !i.at_; }

    private:
        friend class chunk_set;
        const chunk_set* set_ = nullptr;
        std::optional<chunk_index> at_;
    };
    iterator begin() const;
    std::default_sentinel_t end() const { return {}; }

private:
    friend class chunk_selection;

    void trim();

    // Bit i of word w: chunk 64 w + i (bit 0 of word 0 stays clear). The last word is never 0.
    std::vector<std::uint64_t> words_;
    std::uint32_t size_ = 0;
};

}  // namespace p2p
