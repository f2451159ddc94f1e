// Hostile peers that lie to the tracker: about who they are, what chunks should be, and what others did.
#pragma once

#include "hostile_member.hpp"

namespace p2p::simulation {

/// Says hello in the name of honest peers, and otherwise with their transfer ports, and never answers
/// anybody.
class stolen_address_peer final : public hostile_member {
public:
    using hostile_member::hostile_member;

private:
    to_tracker::hello greeting() override;
    peer_to_peer::hello peer_greeting() override;
    const endpoint* somebody();

    bool openly_ = false;  // in the other's name
};

/// Joins many times from one host, and votes each time for the same wrong hashes.
class many_votes_peer final : public hostile_peer {
public:
    many_votes_peer(asio::any_io_executor executor, battlefield where);
    awaitable<void> run() override;

private:
    awaitable<void> vote(std::uint16_t port);

    asio::any_io_executor executor_;
    battlefield where_;
    task_group tasks_;
};

/// Reports every peer that it hears of, over and over.
class lying_peer final : public hostile_member {
public:
    using hostile_member::hostile_member;

private:
    void speak(stream& tracker, bool first) override;
};

}  // namespace p2p::simulation
