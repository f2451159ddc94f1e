// The built programs as tests use them: a tracker at a free port, peers that know it, and a peer that is
// none: it does whatever a test has it do.
#pragma once

#include "support/folders.hpp"
#include "support/process.hpp"
#include "support/socket.hpp"

namespace p2p::test {

using words = std::vector<std::string>;

/// The path of a built program. The environment variable P2P_BIN_DIR names another folder than this build's.
std::string program(const std::string& name);

/// Sanitizers watch them: they take several times as long, and bench is not among them.
bool is_sanitized();

/// How often something is tried that may go wrong in many ways: `many` times where tools/nightly asks for it
/// (P2P_NIGHTLY in the environment).
unsigned times(unsigned few, unsigned many);
finished_process run_client(words arguments, const process_settings& how = {});
finished_process run_tracker(words arguments);

/// Where nobody listens.
std::string nobodys_address();

class tracker_program : public process {
public:
    explicit tracker_program(const words& more = {}, std::uint16_t port = 0);

    std::uint16_t port() const { return port_; }
    std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

    /// A connection by hand.
    tcp_client visit() const { return tcp_client::connect(port_); }
    /// The same, after the hellos.
    tcp_client join(const std::string& name, std::uint16_t transfer_port,
                    const std::string& from = "127.0.0.1") const;

private:
    std::uint16_t port_;
};

class peer_program : public process {
public:
    peer_program(const tracker_program& tracker, const std::filesystem::path& folder, const std::string& name,
                 const words& more = {}, const settings& how = {})
        : peer_program(tracker.address(), folder, name, more, how) {}
    peer_program(const std::string& tracker, const std::filesystem::path& folder, const std::string& name,
                 const words& more = {}, const settings& how = {});

    /// Where it serves.
    std::uint16_t port();
    tcp_client visit() { return tcp_client::connect(port()); }
    /// A connection after the hellos, as somebody who has nothing. Waits until the peer offers `chunks`.
    tcp_client join(const file_set& set, std::string_view chunks);
};

/// A peer of the set `default` that the tracker believes to have all of it, but that only does what a test
/// has it do.
class fake_peer {
public:
    fake_peer(const tracker_program& tracker, const file_set& set);

    std::uint16_t port() const { return listener_.port(); }
    /// The next peer that comes to fetch, after the hellos.
    tcp_client next_visitor();

private:
    const file_set& set_;
    tcp_listener listener_;
    tcp_client to_tracker_;
};

// The messages that tests write by hand.
std::string announce(const file_set& set, std::string_view ranges);
std::string locate(const file_set& set, std::string_view ranges);
std::string hello_to_peer(const file_set& set, std::string_view ranges, std::uint64_t instance,
                          std::uint16_t port);
std::string part(std::uint32_t chunk, std::uint64_t offset, std::uint64_t size, std::uint64_t total);

inline bool contains(std::string_view text, std::string_view what) {
    return text.find(what) != std::string_view::npos;
}

}  // namespace p2p::test
