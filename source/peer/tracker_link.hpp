// A peer's connection to its tracker: announces, asks where chunks are, listens to what is pushed, and comes
// back with jittered back-off when the connection is lost.
#pragma once

#include "core/backoff.hpp"
#include "net/stream.hpp"
#include "protocol/messages.hpp"

#include <random>
#include <string>

namespace p2p {

class session;

class tracker_link {
public:
    explicit tracker_link(session& owner);
    ~tracker_link();

    /// Until it is cancelled, or said goodbye.
    awaitable<void> run();

    /// The session has something new to announce.
    void announce_soon();
    /// Tells the tracker that this peer leaves; run() returns soon after.
    void say_goodbye();

    bool welcomed() const { return welcomed_; }
    /// There is a connection, which say_goodbye() would end.
    bool connected() const { return connected_; }

private:
    awaitable<std::string> one_connection();
    awaitable<void> read_loop(stream& line);
    awaitable<void> talk_loop(stream& line);
    awaitable<void> announce_and_listen(stream& line);
    awaitable<void> announce(stream& line, std::vector<chunk_claim> claims);
    awaitable<void> locate(stream& line, chunk_set chunks);
    void withdraw(stream& line, const chunk_set& chunks);
    void handle(stream& line, std::string_view text);
    chunk_set sample_of_missing();

    session& owner_;
    backoff backoff_;
    std::mt19937_64 random_;
    event work_;
    peer_id own_id_;
    bool connected_ = false;
    bool welcomed_ = false;
    bool ever_welcomed_ = false;
    bool goodbye_ = false;
    duration ping_every_{};
};

}  // namespace p2p
