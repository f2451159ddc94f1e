// What `bench swarm` measures: p2pclient, and other tools that bring a file from one host to many, each set
// up as well as it can be. The links, the content and what is measured are the same for all of them.
#pragma once

#include "access_network.hpp"
#include "support/child_process.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace p2p::bench {

/// The tool that is at work in one run. It ends with the object.
class swarm_tool {
public:
    swarm_tool() = default;
    swarm_tool(const swarm_tool&) = delete;
    swarm_tool& operator=(const swarm_tool&) = delete;
    virtual ~swarm_tool() = default;

    /// Starts to fetch the file on a host, into a folder that is there and empty; what can serve it on does.
    virtual std::unique_ptr<child_process> start_leecher(std::size_t host,
                                                         const std::filesystem::path& folder) const = 0;

    /// Whether a leecher has the file in its place. Throws std::runtime_error where it has given up.
    virtual bool is_complete(child_process& leecher) const = 0;

    /// What the seeder said.
    virtual std::string log() const = 0;
};

inline constexpr const char* our_tool = "p2pclient";

/// The names of the others.
std::vector<std::string> other_tools();

/// Throws std::runtime_error, with the Debian package that has it, where a tool is not on this machine.
void require_tool(const std::string& name);

struct swarm_offer {
    const access_network& network;  ///< the seeder is on its first host
    std::filesystem::path content;  ///< a file; files of the tool's own may be made beside it
    bool verbose = false;           ///< its logs are to say much
};

/// Starts the seeder; returns when it serves.
std::unique_ptr<swarm_tool> start_seeder(const std::string& tool, const swarm_offer& offer);

}  // namespace p2p::bench
