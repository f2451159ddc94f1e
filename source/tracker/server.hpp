// The tracker as a program sees it: accepts peers, one coroutine a connection, around the registry
// and the catalogue. Decides nothing by itself: what is agreed and who holds what is theirs to know.
#pragma once

#include "core/base/rare_line.hpp"
#include "core/base/units.hpp"
#include "core/hosts/connection_counter.hpp"
#include "core/tracking/announce_rate.hpp"
#include "core/tracking/catalogue.hpp"
#include "core/tracking/registry.hpp"
#include "core/tracking/reputation.hpp"
#include "core/tracking/set_limits.hpp"
#include "net/task_group.hpp"
#include "protocol/messages.hpp"
#include "tracker/connection.hpp"
#include "tracker/state_keeper.hpp"

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>

namespace p2p {

struct tracker_options {
    endpoint listen{"::", 5100};  ///< IPv6 and IPv4, where there is both
    registry_options agreement;
    reputation_options reports;
    bool allow_advertise = false;                       ///< peers may say which host others are to connect to
    duration silence_limit = std::chrono::seconds{30};  ///< a peer that says nothing for so long is forgotten
    duration hello_limit = std::chrono::seconds{10};    ///< until a new connection has said hello
    connection_limits connections{.in_all = 20'000, .per_host = 1'000};
    message_limits messages;
    buffer_limits buffers;  ///< `line` is that of `messages`
    set_limits sets;
    duration forget_after = std::chrono::hours{7 * 24};  ///< a file-set that nobody has any more
    std::uint64_t announce_rate = 20'000;                ///< chunks in a second; see announce_rate.hpp
    std::shared_ptr<const security> secured{};           ///< none: plain TCP
    std::shared_ptr<state_store> state{};  ///< none: what is agreed and published is in memory only
    std::uint64_t seed = 0;
};

/// What happened so far, since the tracker was started.
struct tracker_counts {
    std::array<std::uint64_t, std::variant_size_v<to_tracker::message>> messages{};  ///< by kind
    std::uint64_t refused_messages = 0;
    std::uint64_t refused_connections = 0;
    std::uint64_t joined = 0;
    std::uint64_t announced_chunks = 0;  ///< of chunk folders; so are the next two
    std::uint64_t agreed_chunks = 0;
    std::uint64_t disputes = 0;
    std::uint64_t reports = 0;
    std::uint64_t bans = 0;
};

class tracker_server {
public:
    /// Listens at once: throws std::runtime_error where it cannot.
    tracker_server(asio::any_io_executor executor, tracker_options options);

    ~tracker_server();

    std::uint16_t port() const;

    /// Serves, from where the state was left, until it is cancelled, then closes every connection. Returns
    /// (or throws) when all of them are closed and the state is saved.
    awaitable<void> run();

    std::size_t connections() const { return connected_.size(); }

    // For whoever looks on.
    const tracker_options& options() const { return options_; }
    const registry& peers_and_folders() const { return registry_; }
    const catalogue& published() const { return catalogue_; }
    const reputation& reports() const { return reputation_; }
    const tracker_counts& counts() const { return counts_; }
    /// How fast a peer says it is, and since when it has said nothing.
    std::pair<to_tracker::ping, time_point> last_words(peer_id peer) const;

private:
    struct client;
    // How many file-sets had been abandoned at some instant.
    struct abandoned {
        time_point until;
        std::uint64_t chunk_folders, published;
    };

    // What a line in the log is about: of each kind there is one in a while.
    enum class refused_for { limits, secret, words, wrong_bytes };

    awaitable<void> begin();
    awaitable<void> restore();
    void forget_long_abandoned(time_point now);
    void keep_forgotten();
    void keep_agreed(const file_set_key& set, const registry_news& news);
    void arrived(tcp::socket socket, std::string host);
    awaitable<void> watch_deadlines();
    awaitable<void> serve(std::unique_ptr<client> owned);
    awaitable<void> next_turn(client& from);
    awaitable<void> handle_line(client& from, std::string_view text);
    awaitable<void> handle(client& from, to_tracker::message& message, std::string_view text);
    void charge(client& from, std::uint64_t chunks) const;
    void welcome(client& from, const to_tracker::hello& hello);
    void publish(client& from, const set_summary& set);
    void handle(client& from, const to_tracker::announce& announce);
    void announce_published(client& from, const file_set_id& id, const chunk_set& held);
    void handle(client& from, const to_tracker::withdraw& withdraw);
    void handle(client& from, const to_tracker::report& report);
    bool is_member(peer_id peer, const file_set_key& set) const;
    std::size_t hosts_beside(const file_set_key& set, peer_id accused) const;
    void put_out(peer_id banned, const file_set_key& set);
    bool refuse_if_banned(client& from, const file_set_key& set);
    void tell_put_out(client& from, const file_set_key& set) const;
    std::vector<peer_id> at_odds_with(peer_id peer, const file_set_key& set) const;
    void locate_published(client& from, const file_set_id& id);
    awaitable<void> locate_chunks(client& from, to_tracker::locate locate);
    awaitable<void> handle(client& from, to_tracker::list list);
    void forget(client& from, std::string_view why);

    void log_refused(refused_for what, const std::string& host, std::string_view why);
    void log_news(const file_set_key& set, const registry_news& news) const;
    void push_news(const file_set_key& set, const registry_news& news);
    void push_standing(client& to, const file_set_key& set, const chunk_set& chunks);
    void push_available(client& to, const file_set_key& set, const chunk_set& chunks);
    void push(client& to, std::string_view line) const;
    std::string this_host(const client& to) const;
    std::optional<peer_id> find(const client& by, const endpoint& where) const;
    known_holder holder_for(peer_id peer, std::span<const chunk_index> chunks,
                            const std::string& this_host) const;
    std::vector<known_holder> holders_of(const location& where, const std::string& this_host) const;
    std::string label(peer_id peer) const;

    asio::any_io_executor executor_;
    tracker_options options_;
    announce_rate rate_;
    announce_debts debts_;
    connection_counter counter_;
    std::array<rare_line, 4> refusals_{};  // by what they are for
    registry registry_;                    // the peers, and what is agreed in chunk folders
    catalogue catalogue_;                  // of published sets; its peers are the registry's
    std::deque<abandoned> abandoned_;
    reputation reputation_;
    tracker_counts counts_;
    tcp::acceptor acceptor_;
    task_group tasks_;
    shared_buffers buffers_;
    state_keeper state_;
    std::unordered_set<client*> connected_;
    std::unordered_map<peer_id, client*> clients_;
};

}  // namespace p2p
