// Which members of a file-set others report to a tracker for wrong bytes, and what follows from it. Anybody
// may lie: so one host is never enough, and a report counts at once only between the two whom it is about.
// Has no socket and no clock. Who is a member of the set is the caller's to know.
//
// The rules:
//   * a peer is known by the address that others connect to, so that coming back does not wash it clean;
//   * from the first report on, the reporter and the accused are not named to each other;
//   * a peer is banned from the set when at least `reports_to_ban` hosts, and more than a third of the hosts
//     that are members beside it, reported it. A host is what the tracker sees, never what is claimed;
//   * a report, and a ban, is forgotten after `forget_after`.
#pragma once

#include "core/base/types.hpp"
#include "core/base/units.hpp"
#include "core/set/file_set.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace p2p {

struct reputation_options {
    unsigned reports_to_ban = 3;  ///< hosts that must report a peer, at least
    duration forget_after = std::chrono::hours{1};
    std::size_t most_reports = 20'000;       ///< that are remembered; the oldest are forgotten first
    std::size_t most_reports_of_host = 500;  ///< of these, about all peers and in all sets; more do not count
};

/// One member of a set says that another sent it wrong bytes.
struct complaint {
    file_set_key set;
    endpoint accused;
    endpoint reporter;
    std::string reporter_host;  ///< as the tracker sees it
};

class reputation {
public:
    explicit reputation(reputation_options options) : options_(options) {}

    enum class outcome {
        ignored,  ///< it was known, or there were too many
        counted,
        banned,  ///< counted, and the accused is banned from now on
    };
    /// `hosts_beside` says how many hosts are members of the set, the accused not counted; it is asked only
    /// where that matters.
    outcome report(const complaint& what, const std::function<std::size_t()>& hosts_beside, time_point now);

    bool is_banned(const file_set_key& set, const endpoint& peer, time_point now) const;

    /// Whom this peer reported, and who reported it.
    std::vector<endpoint> at_odds_with(const file_set_key& set, const endpoint& peer, time_point now) const;

    std::size_t size() const { return by_age_.size(); }

    /// For whoever looks on: how many reports, in all sets, there are against each peer that there are any.
    std::map<endpoint, std::size_t> reports_against() const;

private:
    struct statement {
        std::string host;
        time_point at;
    };
    struct file_set {
        std::map<endpoint, std::map<endpoint, statement>> reporters;  // of each accused
        std::map<endpoint, std::set<endpoint>> accused;               // by each reporter
        std::map<endpoint, time_point> banned;                        // since when
    };
    struct aged {
        complaint what;
        time_point at;
    };

    bool is_old(time_point at, time_point now) const { return now - at >= options_.forget_after; }
    bool is_known(const complaint& what) const;
    std::size_t hosts_against(const complaint& what) const;
    void forget_old(time_point now);
    void forget_oldest();

    reputation_options options_;
    std::map<file_set_key, file_set> sets_;
    std::deque<aged> by_age_;  // oldest first
    std::unordered_map<std::string, std::size_t> of_host_;
};

}  // namespace p2p
