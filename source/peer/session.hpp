// One peer's part in one file-set: a shell around the scheduler, the upload queue, the inventory and the peer
// book, which decide. The tracker links and the connections, coroutines of their own, tell it what happened.
#pragma once

#include "core/transfer/inventory.hpp"
#include "core/transfer/peer_book.hpp"
#include "core/transfer/scheduler.hpp"
#include "core/transfer/tracker_order.hpp"
#include "core/transfer/turns.hpp"
#include "core/transfer/upload_queue.hpp"
#include "net/event.hpp"
#include "net/stream.hpp"
#include "net/task_group.hpp"
#include "peer/activities.hpp"
#include "peer/options.hpp"
#include "peer/peer.hpp"
#include "peer/status.hpp"
#include "protocol/messages.hpp"
#include "storage/chunk_store.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace p2p {

class connection;
class tracker_link;

class session final : public visited {
public:
    /// `set` is known by its name to whom has a chunk folder; a published store knows itself. The peer
    /// outlives the session.
    session(peer& owner, std::unique_ptr<chunk_store> store, std::string fileset, session_options options);
    ~session() override;

    /// Hashes, announces, fetches, serves; until stop(), or until complete with `once`. Returns how it went,
    /// or throws session_failure. Leaves nothing behind that runs. Within the owner's run().
    awaitable<exit_code> run();

    /// Asks run() to return: no new transfers, chunks on their way, in and out, may arrive within the grace
    /// time. The second time there is no grace.
    void stop();
    bool stopping() const { return stopping_; }

    /// Leaves the trackers and everybody that it is connected to, as soon as chunks on their way have come,
    /// and joins them again. Content is kept, and looked after, meanwhile.
    void pause();
    void resume();
    bool paused() const { return paused_; }

    /// Returns once a tracker has taken the announcement of what is there, or run() is about to return.
    awaitable<void> announced() { return announced_.pass(); }

    peer_status status() const;
    activity going_on() const;

    // What everybody around it asks.
    peer& owner() { return owner_; }
    const session_options& options() const { return options_; }
    const file_set_key& set() const { return set_; }
    inventory& known() { return inventory_; }
    chunk_store& store() { return *store_; }
    asio::thread_pool& pool() { return owner_.pool(); }
    stream_limits limits() { return owner_.limits(); }
    const chunk_set& missing() const { return scheduler_.missing(); }
    /// Missing chunks of which no hash is agreed, as far as this peer was told.
    chunk_set not_agreed() const;
    bool complete() const;
    /// It wants chunks of others; or else it looks for others who want some of it.
    bool fetches() const { return options_.fetch && !complete(); }
    /// Others have connected to it.
    bool was_reached() const { return peers_.was_reached(); }
    /// Complete, and all of it is in its place and written down.
    bool settled() const { return complete() && !unsaved_ && !saving_; }
    /// run() has returned because files of a published set are not what they were: what is there of it is to
    /// be looked for anew.
    bool content_changed() const { return ended_for_changes_; }

    /// Runs as long as the session does, and is cancelled with it.
    void spawn(awaitable<void> task);
    /// Something that only the end of the session is an answer to: a full disk, an unreachable tracker.
    void fail(exit_code code, const std::string& message);

    // What the tracker links tell.
    void standing_changed(const from_tracker::announced& news);
    void located(const std::vector<chunk_claim>& agreed, const std::vector<holder>& holders, peer_id own_id);

    // What becomes of a connection to a tracker.
    void tracker_answered(const tracker_link& which);
    void tracker_failed(const tracker_link& which);
    void tracker_lost(const tracker_link& which);
    /// The first attempts to reach a tracker failed. A one-shot command does not wait for it, unless there
    /// are peers that it can do without trackers with.
    void tracker_unreachable(const tracker_link& which, const std::string& why);

    /// A connection about this set, which the other side has opened.
    void take(std::unique_ptr<stream> line, std::string host, peer_to_peer::hello hello,
              connection_counter::ticket ticket) override;

    // What connections tell. joined() says whether this one may stay, and the reason if not.
    std::string joined(connection& with, std::uint64_t instance, const endpoint& where);
    void connection_ended(connection& with);
    /// The connection is ended because the other side broke the rules.
    void offended(const connection& by, unsigned times);
    void peer_has(connection& from, const chunk_set& chunks);
    void peer_refused(connection& from, std::optional<chunk_index> chunk);

    /// The first part of a chunk comes. Nothing: it is not wanted.
    std::optional<chunk_claim> chunk_begins(connection& from, const peer_to_peer::chunk_part& part);
    /// `wanted`: it was not cancelled meanwhile.
    void chunk_progresses(connection& from, std::size_t bytes, bool wanted);
    void chunk_arrived(connection& from, const hashed_chunk& hashed);
    /// true: the sender is to be dropped.
    bool chunk_was_wrong(connection& from, chunk_index chunk);
    chunk_set except_for(const connection& asked) const;

    /// A part of the manifest. false: it goes to enough others at present. manifest_sent() follows each that
    /// was not refused.
    bool manifest_wanted(const connection& by);
    void manifest_sent(const connection& by, bool to_its_end);

    /// What becomes of a request. A peer never sends so many that there are too many.
    enum class request_is { taken, not_served, one_too_many };
    request_is upload_wanted(const connection& by, wanted what);
    void upload_cancelled(connection& by, std::optional<chunk_index> chunk);
    void upload_ended(const connection& by);
    /// The chunk that a request is answered with, if there is one that the asker lacks.
    std::optional<chunk_index> choose_upload(const connection& by, const wanted& what);
    void upload_progresses(byte_count bytes) { bytes_up_ += bytes; }
    void chunk_lost(chunk_index chunk, const std::string& why);

private:
    void fetch_again(chunk_index chunk);
    awaitable<void> live_until_over();
    awaitable<void> live();
    awaitable<void> hash_present();
    awaitable<void> recover(std::vector<chunk_claim> claims);
    awaitable<void> guarded(awaitable<void> task);
    awaitable<void> tracker_loop();
    awaitable<void> reunion_loop();
    awaitable<void> ask_loop();
    awaitable<void> news_loop();
    awaitable<void> save_loop();
    awaitable<void> wait_until_over();
    bool is_busy(bool downloads_too) const;
    awaitable<void> let_transfers_end(bool downloads_too);
    void leave_peers_if_due();
    void go_online();
    void go_offline();
    bool is_online() const { return hashed_ && !paused_ && !stopping_; }
    void serve_others();
    awaitable<void> connect(endpoint where);
    awaitable<void> converse(std::unique_ptr<stream> line, std::optional<peer_to_peer::hello> hello,
                             endpoint where, std::optional<connection_counter::ticket> ticket);
    awaitable<void> copy_repeats(chunk_index arrived);
    void want(const chunk_set& chunks);
    void say_if_complete();
    bool is_too_large(const chunk_claim& claim);
    void use_trackers();
    void end_if_alone();
    void leave_trackers();
    std::optional<std::size_t> rank_of(const tracker_link& which) const;
    void start_uploads();
    void carry_out(const std::vector<order>& orders);
    void own(const hashed_chunk& hashed);
    std::optional<time_point> over_at() const;
    exit_code result() const;

    peer& owner_;
    std::unique_ptr<chunk_store> store_;
    session_options options_;
    file_set_key set_;

    inventory inventory_;
    scheduler scheduler_;
    upload_queue uploads_;
    turns manifest_turns_;
    peer_book peers_;
    chunk_set leftovers_;
    std::set<endpoint> in_need_;  // members whom a tracker named last, when this peer wanted nothing itself

    std::map<peer_id, connection*> connections_;
    std::uint64_t last_connection_ = 0;
    tracker_order order_;
    std::vector<tracker_link*> links_;  // to the trackers that are in use, in their order
    std::optional<endpoint> answering_;
    std::set<endpoint> unreachable_;
    std::optional<std::string> no_tracker_;  // why none of them can be reached

    task_group tasks_;
    event trackers_changed_;
    event something_to_ask_;
    event something_to_tell_;
    event something_to_save_;
    event state_changed_;
    gate announced_;
    bool hashed_ = false;  // what is present is known, and can be announced
    bool stopping_ = false;
    bool paused_ = false;
    std::optional<time_point> leaves_by_;       // paused, and chunks are still on their way
    std::optional<time_point> looks_again_at_;  // files are not what they were
    bool ended_for_changes_ = false;
    bool no_grace_ = false;
    bool unsaved_ = false;
    bool saving_ = false;
    bool said_complete_ = false;
    bool warned_of_counts_ = false;
    bool told_of_pending_ = false;
    std::optional<session_failure> failure_;
    bool told_of_large_ = false;

    time_point started_;
    time_point last_arrival_;
    std::optional<time_point> completed_;
    std::set<std::string> losses_told_;
    std::set<std::uint64_t> sources_;  // peers, by their instance
    std::set<std::uint64_t> receivers_;
    std::uint32_t fetched_ = 0;
    std::uint32_t wrong_ = 0;
    byte_count bytes_here_ = 0;  // of chunks that are present
    byte_count bytes_up_ = 0;
    byte_count bytes_down_ = 0;
};

}  // namespace p2p
