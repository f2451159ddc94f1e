// Hostile peers that talk: too much, or about what is not there.
#pragma once

#include "hostile_member.hpp"

namespace p2p::simulation {

/// Says over and over what it has, as fast as its link allows.
class flooding_peer final : public hostile_member {
public:
    using hostile_member::hostile_member;

private:
    awaitable<void> behave(stream& line) override;
    awaitable<void> talk(stream& line);
};

/// Asks for what no peer can give it, in another way on each connection.
class bad_requests_peer final : public hostile_member {
public:
    using hostile_member::hostile_member;

private:
    peer_to_peer::hello peer_greeting() override;
    awaitable<void> behave(stream& line) override;
    awaitable<void> talk(stream& line, unsigned trick);

    unsigned tricks_ = 0;
};

}  // namespace p2p::simulation
