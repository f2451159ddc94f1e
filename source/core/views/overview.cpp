#include "core/views/overview.hpp"

#include <algorithm>

namespace p2p {

heat_map::heat_map(std::uint32_t count, std::uint32_t most_cells)
    : count_(count),
      chunks_per_cell_(std::max(1U, (count + most_cells - 1) / most_cells)),
      cells_((count + chunks_per_cell_ - 1) / chunks_per_cell_) {}

std::pair<chunk_index, chunk_index> heat_map::chunks_of(std::size_t number) const {
    const auto before = static_cast<std::uint32_t>(number) * chunks_per_cell_;
    return {{before + 1}, {std::min(before + chunks_per_cell_, count_)}};
}

void heat_map::add_copies(const chunk_set& held) {
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        const auto [first, last] = chunks_of(i);
        cells_[i].copies += held.count_in(first, last);
    }
}

void heat_map::add_missing(const chunk_set& held_by_anybody) {
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        const auto [first, last] = chunks_of(i);
        cells_[i].missing += last.value - first.value + 1 - held_by_anybody.count_in(first, last);
    }
}

}  // namespace p2p
