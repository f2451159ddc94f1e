// The page of a p2pclient that runs (--http), the answers behind it, and its figures for Prometheus: what
// --control answers to `status`, `peers` and `chunks`.
#pragma once

#include "main/client/controls.hpp"
#include "web/site.hpp"

namespace p2p::client {

class peer_site : public web_site {
public:
    /// Both outlive it.
    peer_site(const peer& self, controls& asked) : self_(self), controls_(asked) {}

    web_answer get(const web_request& request) override;
    metrics figures() override;

private:
    const peer& self_;
    controls& controls_;
};

}  // namespace p2p::client
