// The peer as a program: one port to be connected to, one rate limit each way, one connection to each
// tracker, for all the file-sets that it takes part in. Each of these is a session.
#pragma once

#include "core/set/file_set.hpp"
#include "net/event.hpp"
#include "net/rate_limiter.hpp"
#include "net/signals.hpp"
#include "net/stream.hpp"
#include "net/task_group.hpp"
#include "peer/activities.hpp"
#include "peer/options.hpp"

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace p2p {

class session;
class tracker_link;

inline constexpr duration peer_connect_limit = std::chrono::seconds{5};
inline constexpr duration tracker_connect_limit = std::chrono::seconds{5};

/// Whom connections are handed to that others open about a file-set.
class visited {
public:
    virtual void take(std::unique_ptr<stream> line, std::string host, peer_to_peer::hello hello,
                      connection_counter::ticket ticket) = 0;

protected:
    virtual ~visited() = default;
};

class peer {
public:
    /// Listens at once: throws network_failure where it cannot. `pool` outlives the peer.
    peer(asio::any_io_executor executor, asio::thread_pool& pool, peer_options options);
    ~peer();

    /// Accepts connections and talks to trackers while `body` runs, which is where the sessions are, and what
    /// was spawned beside it; then says goodbye to the trackers, within a grace time. Leaves nothing behind
    /// that runs. Once only. Throws what the body throws, and session_failure (incomplete) where it was
    /// stopped before there was a session.
    awaitable<void> run(awaitable<void> body);

    /// More of what the body does, for as long as that takes: run() returns when all of it is over. A
    /// failure ends all of it.
    void spawn(awaitable<void> beside_body) { work_.spawn(std::move(beside_body)); }

    /// Has every session stop, those too that begin later. After the second time nothing is waited for.
    void stop();
    bool stopping() const { return stops_ > 0; }
    /// Until run() returns, SIGINT and SIGTERM do the same.
    void obey_signals();

    /// In the order in which they came, from their constructors to their destructors.
    const std::vector<session*>& sessions() const { return sessions_; }
    /// Content, by all of these.
    byte_count received() const;
    byte_count sent() const;

    /// Bytes per second, from now on; 0: no limit.
    void limit_up(byte_count rate) { up_.set_rate(options_.limit_up = rate); }
    void limit_down(byte_count rate) { down_.set_rate(options_.limit_down = rate); }

    // For sessions.
    void enter(session& who) { sessions_.push_back(&who); }
    void leave(session& who) { std::erase(sessions_, &who); }
    /// From now on it is handed the connections that are about this set.
    void add(const file_set_key& set, visited& who);
    void remove(const file_set_key& set, const visited& who);
    tracker_link& link_to(const endpoint& tracker);
    /// Somebody else at this peer's address uses its port, and others cannot tell the two apart: from now on
    /// it is known by a free one, and can be reached at both. false: not again, it has moved too often.
    bool take_another_port();
    /// It is known at the tracker as a member of the set, of which it has nothing yet, so that whoever has it
    /// can connect to this peer; until leave(), or a session takes part in it.
    void join(const endpoint& tracker, const file_set_id& set);
    void leave(const file_set_id& set);

    asio::any_io_executor executor() const { return executor_; }
    asio::thread_pool& pool() { return pool_; }
    const peer_options& options() const { return options_; }
    std::uint16_t port() const { return port_; }
    std::uint64_t instance() const { return instance_; }  ///< tells this peer from all others
    stream_limits limits() {
        return {&up_, &down_, &window_, options_.limits.line, options_.limits.buffered};
    }
    /// To another peer, and to a tracker, whose certificate must be for its host.
    connecting to_peer() { return {peer_connect_limit, limits(), options_.secured, false, source_}; }
    connecting to_tracker() const { return {tracker_connect_limit, {}, options_.secured, true, source_}; }
    awaitable<std::unique_ptr<stream>> open_tracker(const endpoint& tracker) const;
    byte_count upload_slice() const { return up_.slice(); }
    void tracker_left() { state_changed_.set(); }
    activities& going_on() { return going_on_; }

private:
    void accept_at(tcp::acceptor& port);
    awaitable<void> live(awaitable<void> body);
    awaitable<void> say_goodbye();
    void leave_trackers();
    void arrived(tcp::socket socket, std::string host);
    awaitable<void> greet(tcp::socket socket, std::string host, connection_counter::ticket ticket);
    bool any_link_connected() const;
    bool is_own(const endpoint& tracker) const;

    asio::any_io_executor executor_;
    asio::thread_pool& pool_;
    peer_options options_;
    std::uint64_t instance_;
    std::list<tcp::acceptor> ports_;  // the last of them is what others are told
    std::uint16_t port_;
    connection_counter counter_;
    asio::ip::address source_;  // where it connects from: the address that it listens on, or "any"
    rate_limiter up_;
    rate_limiter down_;
    receive_window window_;
    activities going_on_;
    std::vector<session*> sessions_;
    std::map<file_set_key, visited*> reachable_;
    std::map<endpoint, std::unique_ptr<tracker_link>> links_;
    task_group tasks_;
    event state_changed_;
    std::optional<caught_signals> signals_;
    task_group work_;  // the body, and what is beside it
    bool cut_short_ = false;
    unsigned stops_ = 0;
};

}  // namespace p2p
