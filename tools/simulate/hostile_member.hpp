// What all hostile peers have in common: a member of the swarm by every appearance. It tells the tracker that
// it has everything, is handed out, is connected to and connects to whom it hears of. What a kind does
// differently, it overrides.
#pragma once

#include "adversary.hpp"
#include "net/rate_limiter.hpp"
#include "net/stream.hpp"
#include "net/task_group.hpp"
#include "protocol/messages.hpp"

#include <random>
#include <set>
#include <string>

namespace p2p::simulation {

class hostile_member : public hostile_peer {
public:
    hostile_member(asio::any_io_executor executor, battlefield where);
    awaitable<void> run() override;

protected:
    // --- with the tracker, over one connection that is made again whenever it ends

    /// The first line.
    virtual to_tracker::hello greeting();
    /// After the welcome, and then twice a second.
    virtual void speak(stream& tracker, bool first);
    /// Where a chunk is, as the tracker says. By itself, a member claims what is agreed.
    virtual void hear(stream& tracker, const std::vector<chunk_claim>& agreed,
                      const std::vector<holder>& holders);

    // --- with another peer, after the hellos

    virtual peer_to_peer::hello peer_greeting();
    /// Until it returns or throws. By itself it reads, and hands what it reads to answer().
    virtual awaitable<void> behave(stream& line);
    virtual void answer(stream& line, const peer_to_peer::message& message);

    void announce_everything(stream& tracker);
    void ask_for_everything(stream& tracker);
    chunk_set everything() const { return chunk_set::first(where_.count); }
    awaitable<void> read_on(stream& line);
    stream_limits limits() { return {&up_, &down_, nullptr}; }

    asio::any_io_executor executor_;
    battlefield where_;
    std::mt19937_64 random_;
    rate_limiter up_;
    rate_limiter down_;
    std::uint16_t port_ = 0;     // where it listens
    std::set<endpoint> honest_;  // whom the tracker has named: its own kind among them, which it cannot tell

private:
    awaitable<void> stay_with_tracker();
    awaitable<void> visit_tracker();
    awaitable<void> listen_to_tracker(stream& line);
    awaitable<void> speak_to_tracker(stream& line);
    awaitable<void> visit(endpoint who);
    awaitable<void> call_on(endpoint who);
    awaitable<void> converse(tcp::socket socket, bool opened);
    void meet(const endpoint& who);

    tcp::acceptor acceptor_;
    task_group tasks_;
    std::set<endpoint> visiting_;
};

}  // namespace p2p::simulation
