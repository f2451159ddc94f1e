// Whom to ask for a manifest, and how long to bear with whom. Nobody knows who of the holders is honest: so
// each gets little time and may send little at first, more whenever it is asked again, and who fails is left
// alone for a while in which the others are asked. Only the whole manifest shows who lied.
#pragma once

#include "core/base/types.hpp"
#include "core/base/units.hpp"

#include <map>
#include <random>
#include <vector>

namespace p2p {

class manifest_sources {
public:
    /// For an answer, and for each piece of the manifest; twice as long after each failure.
    static constexpr duration first_patience = std::chrono::milliseconds{500};
    static constexpr duration longest_patience = std::chrono::seconds{20};

    /// Most manifests are smaller; sixteen times as much after each failure.
    static constexpr byte_count first_size = 4U << 20U;

    /// More holders that failed are not remembered.
    static constexpr std::size_t most_remembered = 1000;

    /// Those of `holders` to ask now, one after the other: who failed least comes first, ties at random.
    std::vector<endpoint> worth_asking(std::vector<endpoint> holders, time_point now,
                                       std::mt19937_64& random) const;

    duration patience(const endpoint& who) const;
    byte_count largest(const endpoint& who) const;

    /// It was silent or slow, wanted to send too much, or broke the protocol. It rests as long as the
    /// patience with it will be.
    void failed(const endpoint& who, time_point now);
    /// What it sent was wrong. It is not asked again.
    void lied(const endpoint& who);

private:
    struct record {
        unsigned failures = 0;
        time_point not_before{};
        bool lied = false;
    };
    const record& of(const endpoint& who) const;
    record& remember(const endpoint& who);

    std::map<endpoint, record> records_;
};

}  // namespace p2p
