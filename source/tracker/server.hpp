// The tracker as a program sees it: accepts peers, one coroutine a connection, around the registry.
// Decides nothing by itself: what is agreed and who holds what is the registry's.
#pragma once

#include "core/registry.hpp"
#include "core/units.hpp"
#include "net/stream.hpp"
#include "net/task_group.hpp"
#include "protocol/messages.hpp"

#include <string>
#include <unordered_map>

namespace p2p {

struct tracker_options {
    endpoint listen{"0.0.0.0", 5100};
    registry_options agreement;
    duration silence_limit = std::chrono::seconds{30};  ///< a peer that says nothing for so long is forgotten
    duration hello_limit = std::chrono::seconds{10};    ///< until a new connection has said hello
    std::size_t most_connections = 20'000;
    std::uint64_t seed = 0;
};

class tracker_server {
public:
    /// Listens at once: throws std::runtime_error where it cannot.
    tracker_server(asio::any_io_executor executor, tracker_options options);

    std::uint16_t port() const;

    /// Serves until it is cancelled, then closes every connection. Returns (or throws) when all of them are
    /// closed.
    awaitable<void> run();

    std::size_t connections() const { return connections_.size(); }

private:
    struct client {
        client(tcp::socket socket, const tracker_server& server);
        stream line;
        peer_id id;  // 0: no hello yet
        std::string host;
    };

    void arrived(tcp::socket socket);
    awaitable<void> serve(tcp::socket socket);
    awaitable<void> converse(client& from);
    awaitable<void> read_lines(client& from);
    awaitable<bool> handle_line(client& from, std::string_view text);
    void welcome(client& from, const to_tracker::hello& hello);
    void handle(client& from, const to_tracker::announce& announce);
    awaitable<void> handle(client& from, to_tracker::locate locate);
    void forget(client& from, std::string_view why);

    void log_news(const file_set_key& set, const registry_news& news) const;
    void push_news(const file_set_key& set, const registry_news& news);
    void push_standing(client& to, const file_set_key& set, const chunk_set& chunks);
    void push_available(client& to, const file_set_key& set, const chunk_set& chunks);
    void push(client& to, std::string_view line) const;
    std::vector<holder> holders_of(const location& where) const;
    std::string label(peer_id peer) const;

    asio::any_io_executor executor_;
    tracker_options options_;
    registry registry_;
    tcp::acceptor acceptor_;
    task_group connections_;
    std::unordered_map<peer_id, client*> clients_;
};

}  // namespace p2p
