// Which chunk a leecher asks of which peer, and when. Takes events, returns orders; time and seed come from
// outside.
//
// It keeps track of
//   * missing chunks, and which of them are wanted: agreed, and not in flight from a peer that delivers;
//   * the connected peers: what each has, what is open there, how long it takes for a chunk, what it did
//     wrong;
//   * the copies in flight of each chunk (more than one where a slow peer is taken over, and near the end).
//
// The rules:
//   * a peer that has every chunk picks itself (a request for any, unless too much must be left out, or
//     several would pick from few chunks); of others the rarest wanted chunk is asked, counted over the
//     connected peers, ties at random;
//   * requests are spread over the connected peers, and the next goes to the one expected to be through
//     first;
//   * a peer that delivers nothing for `stall_after` is slow: it keeps its requests, but its chunks may be
//     asked of others, and it is asked for nothing more until it delivers. After as long again they count as
//     lost, and it is tried once more: nobody else may have what it has;
//   * so it is with a peer that drags on with a chunk for many times as long as chunks usually take, or that
//     refuses several in a row: it rests, the longer, the more often it is the same again;
//   * each request is closed once: by the chunk that answers it, by a refusal, a cancellation, or as lost. A
//     chunk that begins twice answers a request for any, too, and is not taken twice;
//   * when nothing is wanted any more, chunks that take long may be asked of a second peer, one that has
//     delivered before if there is any;
//   * the first copy to be verified wins and the others are cancelled;
//   * a peer that sent a wrong chunk, or refused it, is asked for that chunk again only once nothing else can
//     be asked of anybody (and, for a refusal, `stall_after` has passed): the network may have damaged it,
//     and nobody else may have it;
//   * after `wrong_limit` wrong chunks it is dropped, unless most of what it sent was right.
#pragma once

#include "core/base/types.hpp"
#include "core/chunks/chunk_selection.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <vector>

namespace p2p {

/// A request for any names the chunks that it does not want, and must fit into a line. Where there are more
/// of them, as in a set in which many chunks have the same content, chunks are asked for by their index.
inline constexpr std::uint32_t most_excepted = 1000;

struct scheduler_options {
    unsigned open_per_peer = 4;  ///< requests open at one peer, at most; fewer where many are connected
    unsigned open_total = 16;    ///< requests open in all; up to twice as many where that is one at each peer
    duration stall_after = std::chrono::seconds{10};
    unsigned copies_at_end = 2;   ///< peers that a chunk is asked of near the end, at most; 2n - 1 in all,
                                  ///< with those that never delivered
    unsigned wrong_limit = 2;     ///< wrong chunks after which a peer is dropped: they, and one in ten of all
                                  ///< that it sent
    unsigned refusal_limit = 32;  ///< chunks that a peer may refuse in a row before it rests
};

/// What the caller is to send to a peer. No chunk: a request for any, or the cancellation of one.
struct order {
    enum class kind { request, cancel };
    kind what = kind::request;
    peer_id peer;
    std::optional<chunk_index> chunk;
    friend bool operator==(const order&, const order&) = default;
};

class scheduler {
public:
    scheduler(std::uint32_t count, chunk_set present, scheduler_options options, std::uint64_t seed);

    /// The hash of this chunk is known: it can be fetched.
    void agreed(chunk_index chunk);

    void peer_joined(peer_id peer, time_point now);
    void peer_has(peer_id peer, const chunk_set& chunks);
    void peer_left(peer_id peer);

    /// The first bytes of a chunk come from a peer. false: it is not wanted (any more); the caller cancels it
    /// there.
    bool started(peer_id peer, chunk_index chunk, time_point now);
    /// More bytes come from this peer.
    /// true: it had been slow, and next_orders() may have more to say.
    bool progressed(peer_id peer, time_point now);
    /// The chunk was verified and stored. Returns the cancellations of its other copies.
    std::vector<order> finished(peer_id peer, chunk_index chunk, time_point now);
    /// The chunk was there already, no peer sent it.
    std::vector<order> found(chunk_index chunk);
    /// A chunk that was there is gone: it is missing again.
    void lost(chunk_index chunk);
    /// The bytes were not what was agreed. true: drop this peer.
    bool wrong(peer_id peer, chunk_index chunk);
    /// The peer will not serve this request (no chunk: a request for any).
    void refused(peer_id peer, std::optional<chunk_index> chunk);

    /// Nothing more is to be asked for, for now. Returns the cancellations of what has not begun to come.
    std::vector<order> wind_down();
    /// A chunk has begun to come, and is not finished.
    bool is_receiving() const;

    /// What to ask for, of whom, now.
    std::vector<order> next_orders(time_point now);
    /// Nothing is asked of anybody.
    bool is_idle() const;
    /// When next_orders() may have more to say though nothing happens until then.
    std::optional<time_point> next_deadline() const;

    const chunk_set& missing() const { return missing_; }
    /// What a request for any must leave out: missing chunks that are in flight elsewhere, or not agreed.
    chunk_set except(peer_id peer) const;
    /// Connected peers that have this chunk.
    unsigned copies(chunk_index chunk) const;
    unsigned open_at(peer_id peer) const;

private:
    struct request {
        std::optional<chunk_index> chunk;
        time_point since;
        bool begun = false;
        time_point begun_at{};
    };
    struct source {
        chunk_set has;
        chunk_set denied;  // sent wrong, or refused
        chunk_set spoilt;  // of these, sent wrong
        std::vector<request> open;
        time_point heard;  // last bytes of a chunk
        time_point delivered;
        duration typical{};  // time for one chunk, smoothed; 0: none came yet
        unsigned wrong = 0;
        unsigned right = 0;
        unsigned refusals = 0;    // since the last chunk came
        time_point refused_at{};  // last
        time_point slow_since;
        bool slow = false;
        unsigned rests = 0;    // so often it was slow since the last chunk came
        bool picks = true;     // answers requests for any
        bool useless = false;  // none of its chunks is wanted
    };

    std::vector<order> mark_slow_peers(time_point now);
    void take_back(peer_id id, source& peer, std::vector<request> requests,
                   std::vector<order>& cancellations);
    void set_slow(source& peer, bool slow, time_point now);
    std::optional<time_point> turns_at(const source& peer) const;
    time_point drags_on_from(const source& peer) const;
    void update_wanted(chunk_index chunk);
    void want(chunk_index chunk);
    void want_no_more(chunk_index chunk);
    void order_more(std::vector<order>& orders, time_point now);
    std::optional<order> next_order(time_point now);
    bool forgive(time_point now);
    bool refuses_what_is_wanted(const source& peer) const;
    unsigned most_open() const;
    unsigned most_at_one_peer() const;
    unsigned delivering() const;
    std::optional<order> ask(peer_id id, source& peer, time_point now);
    bool may_pick(const source& peer) const;
    static std::size_t open_for_any(const source& peer);
    std::optional<chunk_index> pick_second_copy(const source& peer, time_point now) const;
    static bool may_have_copy(const source& peer, chunk_index chunk);
    static bool is_proven(const source& peer) { return peer.typical != duration{}; }  // it has delivered
    bool proven_source_of(chunk_index chunk) const;
    struct copies_open {
        const request* oldest = nullptr;
        unsigned all = 0;
        unsigned at_proven = 0;
    };
    copies_open copies_due(chunk_index chunk) const;
    bool something_to_fetch() const;
    std::optional<time_point> second_copy_at(chunk_index chunk) const;
    chunk_selection candidates(const source& peer) const;
    bool can_use_pick(const source& peer, chunk_index chunk) const;
    unsigned open_at_delivering() const;
    std::vector<order> settle(chunk_index chunk);
    static request* find_request(source& peer, std::optional<chunk_index> chunk);
    static const request* find_request(const source& peer, std::optional<chunk_index> chunk);
    static void close_answered(source& peer, chunk_index chunk);
    static void close_request(source& peer, std::optional<chunk_index> chunk);
    double expected_wait(const source& peer) const;

    std::uint32_t count_;
    scheduler_options options_;
    std::mt19937_64 random_;
    chunk_set missing_;
    chunk_set agreed_;
    chunk_set wanted_;
    chunk_set unwanted_;  // missing, but not wanted
    std::map<peer_id, source> peers_;
    std::map<peer_id, source*> busy_;    // where something is open, or that are slow (or were a moment ago)
    chunk_set within_reach_;             // a connected peer has them
    std::vector<std::uint16_t> copies_;  // by chunk index - 1, grown as needed
    std::map<chunk_index, std::vector<peer_id>> in_flight_;
    duration typical_{};     // over all peers
    time_point asked_at_{};  // when next_orders() was last called
};

}  // namespace p2p
