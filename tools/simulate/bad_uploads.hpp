// Hostile peers that say they have everything, and deliver nothing, each in its own way.
#pragma once

#include "hostile_member.hpp"

#include <map>

namespace p2p::simulation {

/// Refuses whatever it is asked for, or leaves.
class false_haves_peer final : public hostile_member {
public:
    using hostile_member::hostile_member;

private:
    void answer(stream& line, const peer_to_peer::message& message) override;
};

/// Takes every request, and never sends a byte of a chunk.
class silent_peer final : public hostile_member {
public:
    using hostile_member::hostile_member;

private:
    awaitable<void> behave(stream& line) override;
};

/// Begins the first chunk that it is asked for, and sends one byte of it a second.
class slow_peer final : public hostile_member {
public:
    using hostile_member::hostile_member;

private:
    awaitable<void> behave(stream& line) override;
    void answer(stream& line, const peer_to_peer::message& message) override;
    awaitable<void> trickle(stream& line);

    std::map<stream*, peer_to_peer::request> asked_;  // first, on each connection
};

}  // namespace p2p::simulation
