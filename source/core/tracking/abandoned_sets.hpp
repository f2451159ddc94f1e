// File-sets that have no members, in the order in which the last of them left: whoever needs room, or finds
// that time enough has passed, forgets first what was abandoned first. Has no clock: the caller may note how
// many sets were abandoned up to some instant.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>

namespace p2p {

/// `Set` names a file-set, and is cheap to copy.
template <class Set>
class abandoned_sets {
public:
    static constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();

    /// Its place, from 1; each is given once.
    std::uint64_t add(Set set) {
        by_place_.emplace(++last_, set);
        return last_;
    }

    /// Somebody came back. false: the set with this place is not among them.
    bool remove(std::uint64_t place) { return by_place_.erase(place) > 0; }
    void put_back(std::uint64_t place, Set set) { by_place_.emplace(place, set); }

    /// The one that was abandoned first, if it was among the first `among`.
    std::optional<Set> take_first(std::uint64_t among = all) {
        if (by_place_.empty() || by_place_.begin()->first > among) return std::nullopt;
        return by_place_.extract(by_place_.begin()).mapped();
    }

    /// How many times a set was abandoned so far.
    std::uint64_t so_far() const { return last_; }

private:
    std::map<std::uint64_t, Set> by_place_;
    std::uint64_t last_ = 0;
};

}  // namespace p2p
