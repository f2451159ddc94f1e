// What can be done to a p2pclient that runs, by its prompt or through its socket: every request of
// protocol/control.hpp is carried out here.
#pragma once

#include "core/set/link.hpp"
#include "core/views/activity.hpp"
#include "peer/fetch_set.hpp"
#include "peer/session.hpp"
#include "protocol/control.hpp"

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace p2p::client {

class controls {
public:
    /// `added`: of sets that are added. They are treated as the one that the command is about: with `stay`,
    /// they are served until the peer, which outlives this, is stopped. `key`: the secret that it was started
    /// with, if any.
    controls(peer& self, session_options added, std::optional<swarm_key> key, bool stay);

    /// What cannot be done is answered, too, whatever comes in between.
    control::answer carry_out(const control::request& what);

    /// For completion.
    std::vector<std::string> fileset_names() const;

    /// Looks now and then how fast it goes, until it is cancelled.
    awaitable<void> watch();

    /// How the sets that were added went: the first failure.
    exit_code code() const { return code_; }

private:
    struct rates {
        rate_meter received;
        rate_meter sent;
    };

    struct added_set {
        std::string id;
        std::string name;
        bool is_unwanted = false;
    };

    control::answer answer(const control::status&);
    control::answer answer(const control::peers& asked);
    control::answer answer(const control::chunks& asked);
    control::answer answer(const control::add& asked);
    control::answer answer(const control::pause& asked);
    control::answer answer(const control::resume& asked);
    control::answer answer(const control::remove& asked);
    control::answer answer(const control::limit& asked);
    control::answer answer(const control::log& asked);
    control::answer answer(const control::stop&);

    control::set_status status_of(const session& one) const;
    std::vector<session*> named(const std::string& fileset) const;
    template <class Do>
    control::answer for_each(const std::string& fileset, Do what);
    awaitable<void> fetch(fetch_order what, std::shared_ptr<added_set> added);
    bool is_waiting_for(const std::string& fileset) const;

    peer& self_;
    session_options options_of_added_;
    std::optional<swarm_key> key_;
    bool stay_;
    std::map<const session*, rates> rates_;
    std::list<std::shared_ptr<added_set>> waiting_;  // nobody has them yet
    exit_code code_ = exit_code::ok;
};

}  // namespace p2p::client
