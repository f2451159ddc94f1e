// Whom a peer is connected to, whom it may connect to, and which of two connections to the same peer stays.
#pragma once

#include "core/base/types.hpp"
#include "core/base/units.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace p2p {

struct peer_book_options {
    std::size_t most_connections = 60;  ///< opened by this peer; others may open as many to it
    std::size_t most_served = 8;        ///< the same, of itself, once it fetches nothing: see try_to_serve()
    duration retry_after = std::chrono::seconds{1};  ///< before an address is tried again; doubled each time
    duration longest_retry = std::chrono::minutes{5};  ///< that it does not lead to a connection
    std::size_t most_acquaintances = 200;
    duration ban_for = std::chrono::seconds{10};  ///< the first time; doubled each time after that: who
                                                  ///< always sends wrong bytes costs less and less
    unsigned most_offences = 20;  ///< of one site; after that nobody there is talked to for a while
    duration forgive_after = std::chrono::minutes{1};  ///< since its last offence
};

/// Whether a connection may stay, now that the other side has said who it is.
struct admission {
    std::string refused;              ///< why not; empty: it may
    std::optional<peer_id> replaces;  ///< an older connection to the same peer, which is to be closed
};

class peer_book {
public:
    /// `instance`: a random number by which this peer tells itself and others apart.
    peer_book(peer_book_options options, std::uint64_t instance) : options_(options), instance_(instance) {}

    /// Whether to connect to this address now; if so it counts as being tried until tried() says otherwise.
    bool try_now(const endpoint& where, time_point now);

    /// The same for a peer that needs nothing itself: the other may be one that cannot connect to it, as
    /// where nothing gets in through a firewall. A few such connections do: whoever has got something passes
    /// it on.
    bool try_to_serve(const endpoint& where, time_point now) {
        return trying_.size() < options_.most_served && try_now(where, now);
    }

    /// Somebody has opened a connection to this peer: so that can be done.
    bool was_reached() const { return was_reached_; }

    /// The same as try_now() of an address where this peer was connected to somebody before; none: there is
    /// none to be tried now. For when nobody says whom to connect to.
    std::optional<endpoint> try_acquaintance(time_point now);

    /// An attempt or a connection that this peer opened has ended.
    void tried(const endpoint& where, time_point now);

    /// `opened`: by this peer. Where two peers connect to each other at once, both keep the connection that
    /// the one with the smaller instance opened; of two that the same side opened, the later one. `where`:
    /// the address that the other side says it can be connected to at. Where others have opened as many as
    /// they may, a site that has none or few takes a place of the one that has most.
    admission admit(peer_id connection, std::uint64_t instance, const endpoint& where, bool opened,
                    time_point now);
    void peer_left(peer_id connection);

    /// Not for ever: a network that damages bytes does it to honest peers.
    void ban(std::uint64_t instance, time_point now);

    /// Somebody at this host broke the rules, and its connection was ended for that. Whoever comes back
    /// under another instance is known by the host. Several peers may share one, so it takes more than a few.
    void offended(const std::string& host, unsigned times, time_point now);

private:
    struct known {
        std::uint64_t instance = 0;
        endpoint where;
        bool opened = false;
    };

    peer_book_options options_;
    std::uint64_t instance_;
    struct pause {
        time_point until;
        unsigned in_vain = 0;  // so many attempts since it was connected to last
    };
    struct exclusion {
        time_point until;
        unsigned times = 0;
    };

    std::set<endpoint> trying_;
    std::map<endpoint, pause> pauses_;
    std::map<peer_id, known> connected_;
    std::set<endpoint> acquaintances_;
    bool was_reached_ = false;
    std::map<std::uint64_t, exclusion> banned_;
    struct offences {
        unsigned times = 0;
        time_point last;
    };
    bool is_banned(std::uint64_t instance, time_point now) const;
    bool is_shunned(const std::string& host, time_point now) const;
    std::optional<peer_id> place_for(const std::string& site) const;
    std::map<std::string, offences> offences_;  // by site
};

}  // namespace p2p
