// What a tracker knows: the peers, and for each file-set its check_list and its chunk_list.
// Takes events, returns what they changed; has no socket and no clock. Who is alive is the caller's business.
//
// For each file-set it keeps track of
//   * the check_list: claims (chunk, hash, size, peer) that too few voters agree on, or that others disagree
//     with;
//   * the chunk_list: chunks whose hash is agreed, and for each of them who holds it, a bit for each member.
//     It only ever grows;
//   * its members: what each of them claims on the check_list, and which chunks it waits for.
//
// How much peers may make it keep is limited (set_limits): who wants more is told which limit is in the way.
// A set that has no members is kept for what was agreed in it, until room is needed or the caller says that
// it was long enough: the sets that were abandoned first are forgotten first.
#pragma once

#include "core/base/slot_set.hpp"
#include "core/base/types.hpp"
#include "core/base/units.hpp"
#include "core/chunks/chunk_set.hpp"
#include "core/set/file_set.hpp"
#include "core/tracking/abandoned_sets.hpp"
#include "core/tracking/set_limits.hpp"
#include "core/views/overview.hpp"

#include <tl/expected.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace p2p {

/// What counts as one voter: a peer, or all the peers of a host (by the address that the tracker sees).
enum class vote_per { peer, host };

struct registry_options {
    unsigned quorum = 2;  ///< voters that must claim the same hash and size before a chunk is agreed
    vote_per one_vote = vote_per::peer;
};

struct peer_info {
    std::string name;
    endpoint address;            ///< where others connect to
    std::string voter_host;      ///< the site (core/hosts/site.hpp) that its connection comes from
    std::uint64_t instance = 0;  ///< tells it from others that come to have its address; 0: not known
};

/// A chunk went from the check_list to the chunk_list.
struct promotion {
    chunk_claim agreed;
    std::vector<peer_id> voters;
};

/// A peer claims something else than what is agreed.
struct dispute {
    chunk_claim claim;
    chunk_hash agreed;
    peer_id peer;
};

/// What an announcement changed, beyond the announcer itself.
struct registry_news {
    bool new_member = false;  ///< the announcer was no member of this set before
    std::vector<promotion> promotions;
    std::vector<dispute> disputes;
    std::map<peer_id, chunk_set> restated;   ///< pending chunks of other peers that became agreed or disputed
    std::map<peer_id, chunk_set> available;  ///< chunks that these peers wait for, and that can be had now
    std::optional<set_limit> exceeded;       ///< reached; what was announced after that was not taken
};

/// How chunks that a peer announced stand.
struct standing {
    chunk_set agreed;
    chunk_set pending;
    chunk_set disputed;
};

/// Where chunks are.
struct location {
    struct holder {
        peer_id peer;
        std::vector<chunk_index> chunks;  ///< which of them it has, in the order in which they were asked for
    };
    std::vector<chunk_claim> agreed;
    std::vector<holder> holders;  ///< in random order; a sample where there are many
    std::vector<chunk_index> unknown;
};

class registry {
public:
    registry(registry_options options, std::uint64_t seed, const set_limits& limits = {});

    struct joined {
        peer_id peer;
        std::optional<peer_id> replaced;  ///< a peer of the same address; it is forgotten
    };
    /// Whoever comes last has the address: a peer that was started again is there before its old connection
    /// is known to be dead. Nothing: another peer has taken it from this very one and has it still, so there
    /// are two of them, and they would go on for ever.
    std::optional<joined> join(peer_info info);
    void leave(peer_id peer);

    /// `peer` must have joined, claims' chunks must be 1 .. set.count. Makes the peer a member of the set.
    registry_news announce(peer_id peer, const file_set_key& set, std::span<const chunk_claim> claims);
    void withdraw(peer_id peer, const file_set_key& set, const chunk_set& chunks);

    /// The peer is no longer a member of the set, and waits for nothing in it. What was agreed stays agreed.
    void leave_set(peer_id peer, const file_set_key& set);

    /// Those of `chunks` whose hash is agreed.
    chunk_set agreed_in(const file_set_key& set, const chunk_set& chunks) const;
    std::uint32_t agreed_count(const file_set_key& set) const;

    /// What was agreed at an earlier time, of a set that is not known yet: it is there, without members.
    /// false: there is no room for it.
    bool restore(const file_set_key& set, std::span<const chunk_claim> agreed);

    /// How many times the last member of a set with agreed chunks has left so far.
    std::uint64_t abandoned_so_far() const { return abandoned_.so_far(); }
    /// Forgets the sets that are without members since it was the first so many times.
    void forget_abandoned(std::uint64_t among);

    /// The sets with agreed chunks that were forgotten since this was asked last.
    std::vector<file_set_key> take_forgotten() { return std::exchange(forgotten_, {}); }

    /// How those of `chunks` stand that the peer announced.
    standing standing_of(peer_id peer, const file_set_key& set, const chunk_set& chunks) const;

    /// Makes the peer wait for those of `chunks` that nobody has now, besides those that it waits for
    /// already: until somebody has them. The limit that is in the way, where it is no member and cannot
    /// become one.
    std::optional<set_limit> wait_for(peer_id peer, const file_set_key& set, const chunk_set& chunks);

    /// At least one holder of each chunk that has one, then others at random, up to `most_holders` (more only
    /// where that many are needed); never the asker. Where there is room, members that have none of these
    /// chunks yet are named as well: they will have some soon, and peers that know each other early do not
    /// wait for each other. What it takes hardly depends on how many members there are.
    /// `left_out` are not named either. An asker that has all chunks, and asks for none, is named only
    /// members that have not: it needs nobody, but may be able to connect to somebody who cannot connect to
    /// it.
    location locate(peer_id asker, const file_set_key& set, std::span<const chunk_index> chunks,
                    std::size_t most_holders, std::span<const peer_id> left_out = {});

    /// Counts of other sets that have this one's name and that the peer is no member of: so many at most, and
    /// of the first hundred at most, for there may be thousands.
    std::vector<std::uint32_t> other_counts(peer_id peer, const file_set_key& set,
                                            std::size_t most = 100) const;

    const peer_info& peer(peer_id peer) const { return peers_.at(peer).info; }
    std::optional<peer_id> find(const endpoint& address) const;
    std::vector<peer_id> members(const file_set_key& set) const;
    bool is_member(peer_id peer, const file_set_key& set) const;

    // --- for whoever looks on

    /// All sets by name and count: at most `most` of them, after so many others.
    std::vector<set_overview> overviews(std::size_t after, std::size_t most) const;
    /// None: the set is not known.
    std::optional<set_overview> overview(const file_set_key& set) const;
    heat_map heat_map_of(const file_set_key& set, std::uint32_t most_cells) const;
    /// What each member holds of the chunk_list, in no particular order.
    std::vector<holding> holdings(const file_set_key& set) const;
    /// Who holds any of these chunks, from `first` to `last`.
    std::vector<holding> holders(const file_set_key& set, chunk_index first, chunk_index last) const;
    membership_totals totals(peer_id peer) const;
    /// By address: at most `most`, after so many others.
    std::vector<peer_id> peers(std::size_t after, std::size_t most) const;

    std::size_t peer_count() const { return peers_.size(); }
    std::size_t set_count() const { return sets_.size(); }
    /// As set_limits counts them.
    std::uint64_t chunks_kept() const { return ledger_.chunks(); }

private:
    struct claimed {
        slot_set::slot who;
        chunk_hash hash;
        byte_count size = 0;
    };
    using slot = slot_set::slot;  // of a member, in the tables of its set
    struct agreed_chunk {
        chunk_hash hash;
        byte_count size = 0;
        slot_set holders;
    };
    /// By index, in pages that are made when they are needed.
    class agreed_chunks {
    public:
        agreed_chunk& add(chunk_index chunk);
        agreed_chunk* find(chunk_index chunk);  ///< none: it is not agreed
        const agreed_chunk* find(chunk_index chunk) const;
        const chunk_set& indices() const { return indices_; }
        static std::size_t page_of(chunk_index chunk) { return chunk.value / page_size; }
        bool has_page_for(chunk_index chunk) const {
            const std::size_t at = page_of(chunk);
            return at < pages_.size() && pages_[at];
        }

    private:
        static constexpr std::size_t page_size = 64;
        std::vector<std::unique_ptr<std::array<agreed_chunk, page_size>>> pages_;
        chunk_set indices_;
    };
    struct membership {
        peer_id peer;
        chunk_set claims;  // on the check_list
        chunk_set waits;
        std::uint32_t holds = 0;  // so many chunks of the chunk_list
    };
    struct file_set {
        std::unordered_map<chunk_index, std::vector<claimed>> check_list;
        agreed_chunks chunk_list;
        std::unordered_map<peer_id, slot> slots;
        std::vector<membership> members;  // by slot
        slot_set taken;
        slot_set waiting;  // those who wait for any chunk
        std::vector<slot> free;
        byte_count agreed_size = 0;
        std::uint64_t cost = 0;              // besides that of its members
        std::uint32_t cost_of_a_member = 0;  // besides that of its claims
        std::uint64_t abandoned = 0;         // its place among those without members
    };
    using set_map = std::map<file_set_key, file_set>;
    struct known_peer {
        peer_id id;
        peer_info info;
        std::uint64_t displaced = 0;            // the instance that had its address before
        std::vector<set_map::iterator> sets{};  // that it is a member of
        set_account account{};
    };

    struct by_address {
        using is_transparent = void;
        static const endpoint& address(const endpoint& one) { return one; }
        static const endpoint& address(const known_peer* one) { return one->info.address; }
        bool operator()(const auto& a, const auto& b) const { return address(a) < address(b); }
    };

    tl::expected<set_map::iterator, set_limit> membership_in(const file_set_key& key, peer_id peer);
    std::optional<set_map::iterator> make_set(const file_set_key& key, std::uint64_t chunks_besides);
    bool has_room_for_a_set();
    bool make_room(std::uint64_t chunks);
    bool forget_first_abandoned(std::uint64_t among = abandoned_sets<set_map::iterator>::all);
    void abandon(set_map::iterator set);
    std::optional<set_limit> exceeded(const file_set& set, slot who, const chunk_claim& claim);
    slot join(set_map::iterator set, peer_id peer);
    void charge(file_set& set, std::uint64_t chunks);
    void announce_agreed(file_set& set, agreed_chunk& known, slot who, const chunk_claim& claim,
                         registry_news& news);
    void announce_open(file_set& set, slot who, const chunk_claim& claim, registry_news& news);
    agreed_chunk& add_agreed(file_set& set, const chunk_claim& claim);
    void promote(file_set& set, const chunk_claim& claim, slot announcer, registry_news& news);
    void add_holder(file_set& set, agreed_chunk& known, slot who, chunk_index chunk, registry_news& news);
    void put_claim(file_set& set, slot who, const chunk_claim& claim);
    void drop_claim(file_set& set, slot who, chunk_index chunk);
    static void drop_holder(file_set& set, slot who, agreed_chunk& known);
    void forget(file_set& set, slot who, const chunk_set& chunks);
    void forget_all(file_set& set, slot who);
    std::size_t voters_for(const file_set& set, const chunk_claim& claim) const;
    void leave_set(peer_id peer, set_map::iterator set);
    static set_overview overview(const set_map::value_type& set);
    std::vector<slot> sample(const file_set& set, std::span<const agreed_chunk* const> chunks,
                             const slot_set& left_out, std::size_t most);

    registry_options options_;
    std::mt19937_64 random_;
    std::uint64_t last_id_ = 0;
    std::unordered_map<peer_id, known_peer> peers_;
    std::set<const known_peer*, by_address> by_address_;
    set_ledger ledger_;
    set_map sets_;
    abandoned_sets<set_map::iterator> abandoned_;
    std::vector<file_set_key> forgotten_;
};

}  // namespace p2p
