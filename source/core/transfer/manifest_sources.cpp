#include "core/transfer/manifest_sources.hpp"

#include "core/set/manifest.hpp"

#include <algorithm>

namespace p2p {

namespace {

constexpr unsigned most_doublings = 6;
constexpr unsigned bits_of_sixteen = 4;

}  // namespace

const manifest_sources::record& manifest_sources::of(const endpoint& who) const {
    static const record clean;
    const auto known = records_.find(who);
    return known == records_.end() ? clean : known->second;
}

manifest_sources::record& manifest_sources::remember(const endpoint& who) {
    if (records_.size() >= most_remembered && !records_.contains(who)) records_.clear();
    return records_[who];
}

std::vector<endpoint> manifest_sources::worth_asking(std::vector<endpoint> holders, time_point now,
                                                     std::mt19937_64& random) const {
    std::erase_if(holders, [&](const endpoint& one) { return of(one).lied || now < of(one).not_before; });
    std::shuffle(holders.begin(), holders.end(), random);
    std::stable_sort(holders.begin(), holders.end(), [this](const endpoint& a, const endpoint& b) {
        return of(a).failures < of(b).failures;
    });
    return holders;
}

duration manifest_sources::patience(const endpoint& who) const {
    return std::min(first_patience * (1 << std::min(of(who).failures, most_doublings)), longest_patience);
}

byte_count manifest_sources::largest(const endpoint& who) const {
    const unsigned failures = std::min(of(who).failures, most_doublings);
    return std::min<byte_count>(first_size << (bits_of_sixteen * failures), max_manifest_size);
}

void manifest_sources::failed(const endpoint& who, time_point now) {
    ++remember(who).failures;
    remember(who).not_before = now + patience(who);
}

void manifest_sources::lied(const endpoint& who) {
    remember(who).lied = true;
}

}  // namespace p2p
