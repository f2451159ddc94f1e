// A peer's connection to one tracker, for all of its file-sets that use it: announces, asks where chunks are,
// listens to what is pushed, and comes back with jittered back-off when the connection is lost.
#pragma once

#include "core/base/backoff.hpp"
#include "core/base/units.hpp"
#include "core/chunks/chunk_set.hpp"
#include "net/stream.hpp"
#include "protocol/messages.hpp"

#include <memory>
#include <random>
#include <string>
#include <vector>

namespace p2p {

class peer;
class session;

class tracker_link {
public:
    tracker_link(peer& owner, endpoint tracker);
    ~tracker_link();

    /// Until it is cancelled, or said goodbye, or no session uses this tracker any more.
    awaitable<void> run();
    /// run() has returned.
    bool ended() const { return ended_; }

    /// From now on this link speaks for the session too, until remove(). A tracker that is there is told.
    void add(session& who);
    void remove(session& who);

    /// This peer is a member of the set already, though there is no session that could say more of it: until
    /// leave(), or add() of that session.
    void join(const file_set_id& set);
    void leave(const file_set_id& set);

    /// The peer at `where`, a member of the session's set, sent wrong bytes of a chunk.
    void report(const session& who, const endpoint& where, chunk_index chunk);

    /// A session has something new to announce.
    void announce_soon() { work_.set(); }
    /// Tells the tracker that this peer leaves; run() returns soon after.
    void say_goodbye();

    const endpoint& tracker() const { return tracker_; }
    bool welcomed() const { return welcomed_; }
    /// There is a connection, which say_goodbye() would end.
    bool connected() const { return connected_; }

private:
    /// What this link knows about one file-set.
    struct topic {
        session* who;
        file_set_key set;
        bool is_joined = false;   // all the same, without a session
        bool introduced = false;  // on this connection
        chunk_set announced{};
        std::vector<to_tracker::report> reports{};  // not sent yet
        duration announce_after{};
        time_point announce_at{};
        duration locate_after{};
        time_point locate_at{};

        /// The tracker is to be told, and that was it.
        bool is_done() const { return !who && !is_joined; }
    };

    /// Content that the peer has received and sent so far.
    struct traffic {
        time_point at;
        byte_count received = 0;
        byte_count sent = 0;
    };

    awaitable<std::string> one_connection();
    awaitable<void> read_loop(stream& line);
    awaitable<void> talk_loop(stream& line);
    awaitable<void> talk(stream& line);
    awaitable<void> talk_about(stream& line, topic& about);
    awaitable<void> introduce(stream& line, topic& about);
    awaitable<void> tell_losses(stream& line, topic& about);
    awaitable<void> tell_news(stream& line, topic& about);
    static bool has_news(const topic& about);
    awaitable<void> announce(stream& line, topic& about, chunk_set chunks);
    awaitable<void> locate(stream& line, topic& about, chunk_set chunks);
    awaitable<void> withdraw(stream& line, topic& about, chunk_set chunks);
    void locate_again(topic& about);
    time_point next_turn() const;
    void measure();
    void handle(stream& line, std::string_view text);
    void handle(const error_message& error);
    void located(const file_set_key& set, const std::vector<chunk_claim>& agreed,
                 std::vector<holder> holders);
    session* find(const file_set_key& set) const;
    chunk_set sample_of_missing(const session& who);
    void tell_sessions(void (session::*what)(const tracker_link&));
    static void forget_connection(topic& about);

    peer& owner_;
    endpoint tracker_;
    backoff backoff_;
    std::mt19937_64 random_;
    event work_;
    std::vector<std::shared_ptr<topic>> topics_;
    peer_id own_id_;
    bool connected_ = false;
    bool welcomed_ = false;
    bool ever_welcomed_ = false;
    bool goodbye_ = false;
    bool ended_ = false;
    bool hopeless_ = false;  // the first attempts failed
    bool told_off_ = false;  // the last that the tracker said was an error
    bool moved_ = false;     // the peer has another port now, and the tracker is to know it by that
    std::string trouble_;
    std::string said_;     // of that, in the log: not once for each attempt
    std::string refused_;  // why this tracker takes no peer with these options
    duration ping_every_{};
    traffic traffic_;  // when it was measured last
    to_tracker::ping rates_;
    to_tracker::ping rates_said_;
};

}  // namespace p2p
