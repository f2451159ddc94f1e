// What a tracker knows of published file-sets: their summaries and who their members are. Their ids say what
// is right, so that nothing has to be agreed. Has no socket and no clock.
//
// For each set it keeps track of
//   * the summary that its first publisher gave; it is for lists only, peers check the manifest;
//   * its members: which chunks each of them holds.
// A set that has no members is kept until room is needed, or the caller says that it was long enough: those
// that were abandoned first are forgotten first.
// How much peers may make it keep is limited (set_limits): who wants more is told so, and nothing is changed.
#pragma once

#include "core/base/types.hpp"
#include "core/chunks/chunk_set.hpp"
#include "core/set/file_set.hpp"
#include "core/tracking/abandoned_sets.hpp"
#include "core/tracking/set_limits.hpp"
#include "core/views/overview.hpp"

#include <tl/expected.hpp>

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace p2p {

class catalogue {
public:
    explicit catalogue(std::uint64_t seed, const set_limits& limits = {}) : random_(seed), ledger_(limits) {}

    /// What became of a summary: it is the one that counts from now on, because nobody was there; or another
    /// one counts, and the peer became a member or was one already.
    enum class publishing { counts, joined, repeated };
    /// Makes the peer a member.
    tl::expected<publishing, set_limit> publish(peer_id peer, const set_summary& summary);

    /// Makes the peer a member that holds these chunks too. The answer is what was taken of them: those that
    /// the set has. Otherwise the limit that is reached, or none: nobody has published it.
    tl::expected<chunk_set, std::optional<set_limit>> announce(peer_id peer, const file_set_id& id,
                                                               chunk_set chunks);

    /// The peer no longer holds these, and stays a member.
    void withdraw(peer_id peer, const file_set_id& id, const chunk_set& chunks);

    void leave(peer_id peer, const file_set_id& id);
    void leave(peer_id peer);

    /// What was published at an earlier time, and is not known yet: it is there, without members. false:
    /// there is no room for it.
    bool restore(const set_summary& summary);

    /// How many times the last member of a set has left so far.
    std::uint64_t abandoned_so_far() const { return abandoned_.so_far(); }
    /// Forgets the sets that are without members since it was the first so many times.
    void forget_abandoned(std::uint64_t among);

    /// The sets that were forgotten since this was asked last.
    std::vector<file_set_id> take_forgotten() { return std::exchange(forgotten_, {}); }

    /// The sets with this id and this name (where they are given), by name and id: the first `most` of those
    /// that come after that one.
    std::vector<set_listing> list(const std::optional<file_set_id>& id = {},
                                  const std::optional<std::string>& name = {},
                                  const set_summary* after = nullptr,
                                  std::size_t most = std::numeric_limits<std::size_t>::max()) const;

    /// At most `most` members at random without the asker and `left_out`, among them a seeder where there is
    /// one: it is the first. To a seeder, only those who still lack something are named: it needs nobody, but
    /// may be able to connect to somebody who cannot connect to it. Takes O(n^2) for n = most and those left
    /// out, however many members there are.
    std::vector<peer_id> locate(std::optional<peer_id> asker, const file_set_id& id, std::size_t most,
                                std::vector<peer_id> left_out = {});

    std::vector<peer_id> members(const file_set_id& id) const;
    bool is_member(peer_id peer, const file_set_id& id) const;

    // --- for whoever looks on

    /// All sets by name and id: at most `most` of them, after so many others.
    std::vector<set_overview> overviews(std::size_t after, std::size_t most) const;
    /// None: the set is not known.
    std::optional<set_overview> overview(const file_set_id& id) const;
    heat_map heat_map_of(const file_set_id& id, std::uint32_t most_cells) const;
    /// What each member holds, seeders first.
    std::vector<holding> holdings(const file_set_id& id) const;
    /// Who holds any of these chunks, from `first` to `last`; seeders first.
    std::vector<holding> holders(const file_set_id& id, chunk_index first, chunk_index last) const;
    membership_totals totals(peer_id peer) const;

    std::size_t set_count() const { return sets_.size(); }
    /// As set_limits counts them.
    std::uint64_t chunks_kept() const { return ledger_.chunks(); }

private:
    struct member {
        chunk_set holds;
        std::uint32_t place = 0;  // in `order`
        std::uint32_t cost = membership_cost;
    };
    class published {
    public:
        explicit published(set_summary summary) : summary_(std::move(summary)) {}

        void join(peer_id peer);
        std::uint32_t cost_of(peer_id peer) const { return members_.at(peer).cost; }
        // What it would cost more to hold these too.
        std::uint32_t cost_to_hold(peer_id peer, const chunk_set& chunks) const;
        void hold(peer_id peer, const chunk_set& chunks);
        void lose(peer_id peer, const chunk_set& chunks);
        void leave(peer_id peer);
        void forget_members();
        void update_summary(const set_summary& summary) { summary_ = summary; }

        const set_summary& summary() const { return summary_; }
        set_listing listing() const;
        set_overview overview() const;
        heat_map heat_map_of(std::uint32_t most_cells) const;
        const chunk_set& held_by(peer_id peer) const { return members_.at(peer).holds; }
        bool has(peer_id peer) const { return members_.contains(peer); }
        bool is_void() const { return members_.empty(); }
        const std::vector<peer_id>& members() const { return order_; }
        std::vector<peer_id> sample(const std::vector<peer_id>& left_out, std::size_t most,
                                    std::mt19937_64& random) const;
        std::vector<peer_id> sample_of_leechers(const std::vector<peer_id>& left_out, std::size_t most,
                                                std::mt19937_64& random) const;
        /// It has all there is of it, and there is something.
        bool needs_nobody(peer_id peer) const;

        std::uint64_t abandoned = 0;  ///< its place among those without members

    private:
        bool is_seeder(const member& one) const { return one.place < seeders_; }
        void sort_in(member& one);
        void swap_places(std::size_t a, std::size_t b);
        static std::vector<peer_id> draw(std::span<const peer_id> among, const std::vector<peer_id>& left_out,
                                         std::size_t most, std::mt19937_64& random);

        set_summary summary_;
        std::unordered_map<peer_id, member> members_;
        std::vector<peer_id> order_;  // the members, seeders first
        std::size_t seeders_ = 0;
    };
    using set_map = std::map<file_set_id, published>;

    struct known_peer {
        std::set<file_set_id> sets;
        set_account account;
    };
    using name_and_id = std::pair<std::string_view, file_set_id>;
    static name_and_id place_in_list(const set_summary& set) { return {set.name, set.id}; }

    published* find(const file_set_id& id, peer_id peer);
    std::optional<set_limit> exceeded(peer_id peer, std::uint32_t sets, std::uint32_t chunks) const;
    std::optional<set_map::iterator> make_set(const set_summary& summary);
    std::vector<holding> holdings(const file_set_id& id, chunk_index first, chunk_index last) const;
    void rename(published& set, const set_summary& summary);
    void join(published& set, peer_id peer);
    void leave(set_map::iterator set, peer_id peer);
    void abandon(set_map::iterator set);
    bool forget_first_abandoned(std::uint64_t among = abandoned_sets<set_map::iterator>::all);

    std::mt19937_64 random_;
    set_ledger ledger_;
    set_map sets_;
    std::map<name_and_id, const published*> by_name_;
    std::unordered_map<peer_id, known_peer> peers_;
    abandoned_sets<set_map::iterator> abandoned_;
    std::vector<file_set_id> forgotten_;
};

}  // namespace p2p
