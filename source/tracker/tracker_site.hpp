// The tracker's page, the answers behind it (source/web/openapi.json), and its figures for Prometheus.
#pragma once

#include "tracker/server.hpp"
#include "web/site.hpp"

#include <chrono>
#include <string>

namespace p2p {

class tracker_site : public web_site {
public:
    /// `server` outlives it.
    tracker_site(const tracker_server& server, std::string version);

    web_answer get(const web_request& request) override;
    metrics figures() override;

private:
    web_answer about() const;
    web_answer filesets(const web_target& asked, const std::string& host) const;
    web_answer one_fileset(const file_set_key& set, const web_request& request) const;
    web_answer holders(const set_overview& of, const std::string& chunks) const;
    web_answer qr(const file_set_key& set, const std::string& host) const;
    web_answer peers(const web_target& asked) const;
    std::optional<set_overview> overview(const file_set_key& set) const;
    std::string link_to(const set_overview& set, const std::string& host) const;

    const tracker_server& server_;
    std::string version_;
    std::chrono::system_clock::time_point started_;
};

}  // namespace p2p
