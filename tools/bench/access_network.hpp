// Hosts with access links, on one machine: each is a network namespace, joined to the others by a router
// through a link that is shaped in both directions. Needs root.
#pragma once

#include "core/base/types.hpp"
#include "support/child_process.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace p2p::bench {

/// Gives this process network and mount namespaces of its own, which its children share: whatever way they
/// end, nothing of what is made in there remains. Returns a folder in there that is in memory. To be called
/// once, before any thread is started. Throws std::runtime_error where that is not allowed.
std::filesystem::path leave_the_machine();

class access_network {
public:
    /// One host for each rate, in bytes per second of what goes over the wire, up and down alike. Which
    /// congestion control TCP has in there; none: that of the machine.
    access_network(std::vector<byte_count> rates, const std::string& congestion_control);
    access_network(const access_network&) = delete;
    access_network& operator=(const access_network&) = delete;
    ~access_network();

    std::string address(std::size_t host) const;

    /// Runs a command on a host; its first word is a program's path.
    std::unique_ptr<child_process> start(std::size_t host, std::vector<std::string> command) const;

    struct traffic {
        byte_count sent = 0;  ///< over the wire: content, lines, and the headers of TCP, IP and Ethernet
        std::uint64_t dropped = 0;
    };
    /// What the host's uplink carried so far.
    traffic uplink_of(std::size_t host) const;
    /// What went to the host.
    traffic downlink_of(std::size_t host) const;

private:
    void add_host(std::size_t host, byte_count rate, const std::string& congestion_control);

    std::size_t hosts_ = 0;
};

}  // namespace p2p::bench
