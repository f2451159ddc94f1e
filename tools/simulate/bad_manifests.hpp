// A hostile peer that serves manifests which nobody should ever take in: they claim to be huge, or are, with
// millions of names or paths that never end. And it publishes more of that kind at the tracker.
#pragma once

#include "hostile_member.hpp"

namespace p2p::simulation {

class manifest_bomb_peer final : public hostile_member {
public:
    manifest_bomb_peer(asio::any_io_executor executor, battlefield where);

private:
    void speak(stream& tracker, bool first) override;
    void answer(stream& line, const peer_to_peer::message& message) override;
    std::string bytes(byte_count from, byte_count size) const;

    byte_count total_ = 0;
    std::string beginning_;
    std::string repeats_;  // after that, over and over
};

}  // namespace p2p::simulation
