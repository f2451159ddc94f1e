#include "core/chunks/chunk_selection.hpp"

#include <algorithm>

namespace p2p {

chunk_selection::chunk_selection(std::initializer_list<const chunk_set*> in,
                                 std::initializer_list<const chunk_set*> out) {
    for (const chunk_set* set : in) in_.emplace_back(set->words_);
    for (const chunk_set* set : out) out_.emplace_back(set->words_);
    length_ = std::ranges::min(in_, {}, [](auto& words) { return words.size(); }).size();
}

chunk_selection chunk_selection::without(const chunk_set& set) const {
    chunk_selection rest = *this;
    rest.out_.emplace_back(set.words_);
    return rest;
}

bool chunk_selection::has_more_than(std::size_t count) const {
    std::size_t found = 0;
    visit_from({1}, [&](chunk_index) { return ++found <= count; });
    return found > count;
}

}  // namespace p2p
