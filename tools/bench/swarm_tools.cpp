#include "swarm_tools.hpp"

#include "core/chunks/chunking.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <stdexcept>

namespace p2p::bench {

namespace {

using words = std::vector<std::string>;

// Some read all of the content before they serve it.
constexpr std::chrono::milliseconds longest_start = std::chrono::minutes{10};

// The system's own, whatever else is in the PATH: Debian's modules are there.
constexpr const char* python = "/usr/bin/python3";

std::string script(const std::string& name) {
    return (std::filesystem::path{P2P_BENCH_SCRIPTS} / name).native();
}

/// Chunks from everybody to everybody; `share` and `get` as people use them.
class our_peers : public swarm_tool {
public:
    explicit our_peers(const swarm_offer& offer)
        : offer_(offer), seeder_(start(0, {"share", offer.content, "--with-tracker", address(0) + ":5100"})) {
        seeder_->wait_for("p2p:", longest_start);
        link_ = "p2p:" + seeder_->wait_for_rest_of_line("p2p:");
    }

    std::unique_ptr<child_process> start_leecher(std::size_t host,
                                                 const std::filesystem::path& folder) const override {
        return start(host, {"get", link_, folder, "--stay"});
    }
    bool is_complete(child_process& leecher) const override { return leecher.said(": complete, "); }
    std::string log() const override { return seeder_->output(); }

private:
    std::string address(std::size_t host) const { return offer_.network.address(host); }

    std::unique_ptr<child_process> start(std::size_t host, words command) const {
        command.insert(command.begin(), built_beside(our_tool));
        command.insert(command.end(), {"--listen", address(host)});
        if (offer_.verbose) command.insert(command.end(), {"--log-level", "debug"});
        return offer_.network.start(host, std::move(command));
    }

    swarm_offer offer_;
    std::unique_ptr<child_process> seeder_;
    std::string link_;
};

/// What a plain copy costs: everybody fetches all of it from the seeder, at once.
class rsync_copies : public swarm_tool {
public:
    explicit rsync_copies(const swarm_offer& offer)
        : network_(offer.network),
          from_(fmt::format("rsync://{}/swarm/{}", network_.address(0), offer.content.filename().native())) {
        const std::filesystem::path folder = offer.content.parent_path();
        const std::filesystem::path settings = folder / "rsyncd.conf";
        // Only root can read what is in there.
        std::ofstream(settings) << "use chroot = no\nuid = root\n[swarm]\npath = " << folder.native() << '\n';
        daemon_ = network_.start(0, {program, "--daemon", "--no-detach", "--log-file=/dev/stdout",
                                     "--address", network_.address(0), "--config", settings});
        daemon_->wait_for("listening", longest_start);
    }

    std::unique_ptr<child_process> start_leecher(std::size_t host,
                                                 const std::filesystem::path& folder) const override {
        return network_.start(host, {program, from_, folder.native() + '/'});
    }
    bool is_complete(child_process& leecher) const override {
        if (!leecher.ends_within({})) return false;
        if (leecher.wait_for_exit() != 0) throw std::runtime_error("rsync: " + leecher.output());
        return true;
    }
    std::string log() const override { return daemon_->output(); }

private:
    static constexpr const char* program = "/usr/bin/rsync";

    const access_network& network_;
    std::string from_;
    std::unique_ptr<child_process> daemon_;
};

/// A program that speaks BitTorrent.
struct bittorrent_client {
    /// The command that fetches what is missing in the folder and serves on. It listens at any port there.
    words (*command)(const std::string& torrent, const std::string& folder, const std::string& address);
    const char* complete;  ///< what it says then
};

/// Pieces from everybody to everybody: a torrent, and a tracker on the seeder's host, as ours has it.
class torrent_peers : public swarm_tool {
public:
    torrent_peers(const swarm_offer& offer, const bittorrent_client& client)
        : network_(offer.network), client_(client), torrent_(offer.content.native() + ".torrent") {
        // As many pieces as ours has chunks.
        const byte_count piece = usual_chunk_size(std::filesystem::file_size(offer.content));
        tracker_ = network_.start(0, {python, script("bittorrent_tracker.py"), offer.content,
                                      fmt::to_string(piece), network_.address(0) + ":6969", torrent_});
        tracker_->wait_for("tracker at ", longest_start);
        seeder_ = start_leecher(0, offer.content.parent_path());
        // When it has found all pieces to be right: that takes its time, which is not measured.
        tracker_->wait_for(network_.address(0) + " lacks 0 bytes", longest_start);
    }

    std::unique_ptr<child_process> start_leecher(std::size_t host,
                                                 const std::filesystem::path& folder) const override {
        return network_.start(host, client_.command(torrent_, folder, network_.address(host)));
    }
    bool is_complete(child_process& leecher) const override { return leecher.said(client_.complete); }
    std::string log() const override { return tracker_->output() + seeder_->output(); }

private:
    const access_network& network_;
    bittorrent_client client_;
    std::string torrent_;
    std::unique_ptr<child_process> tracker_;
    std::unique_ptr<child_process> seeder_;
};

constexpr bittorrent_client aria2{
    [](const std::string& torrent, const std::string& folder, const std::string& address) -> words {
        return {"/usr/bin/aria2c", "--no-conf", "--dir=" + folder, "--interface=" + address,
                // What is there already (at the seeder, all of it) is served.
                "--check-integrity=true",
                // It serves on, without end.
                "--seed-ratio=0.0",
                // Connects to everybody whom the tracker knows, at once.
                "--bt-max-peers=0",
                // Nobody is to be found in any other way.
                "--enable-dht=false", "--disable-ipv6=true",
                // The file is in memory: to make room first would be work for nothing.
                "--file-allocation=none", "--summary-interval=0",
                // It says nothing by itself before it stops to serve.
                "--on-bt-download-complete=/bin/echo", torrent};
    },
    " 1 /"};  // how many files there are, and the path of the first

// Its settings are in the script.
constexpr bittorrent_client libtorrent{
    [](const std::string& torrent, const std::string& folder, const std::string& address) -> words {
        return {python, script("libtorrent_peer.py"), torrent, folder, address};
    },
    "complete"};

template <class Tool>
std::unique_ptr<swarm_tool> start(const swarm_offer& offer) {
    return std::make_unique<Tool>(offer);
}

template <const bittorrent_client& Client>
std::unique_ptr<swarm_tool> start_torrent(const swarm_offer& offer) {
    return std::make_unique<torrent_peers>(offer, Client);
}

struct known_tool {
    const char* name;
    const char* check;     ///< a shell command that succeeds where all of it is installed
    const char* packages;  ///< of Debian
    std::unique_ptr<swarm_tool> (*start)(const swarm_offer&);
};

constexpr std::array<known_tool, 4> known_tools{{
    {our_tool, "true", "", start<our_peers>},
    {"rsync", "/usr/bin/rsync --version", "rsync", start<rsync_copies>},
    {"aria2", "/usr/bin/aria2c --version && /usr/bin/python3 --version", "aria2, python3",
     start_torrent<aria2>},
    {"libtorrent", "/usr/bin/python3 -c 'import libtorrent'", "python3-libtorrent",
     start_torrent<libtorrent>},
}};

const known_tool& find_tool(const std::string& name) {
    const auto found = std::ranges::find(known_tools, name, &known_tool::name);
    if (found == known_tools.end()) throw std::runtime_error(name + ": no tool that is known here");
    return *found;
}

}  // namespace

std::vector<std::string> other_tools() {
    std::vector<std::string> names;
    for (const known_tool& one : known_tools)
        if (one.name != std::string_view{our_tool}) names.emplace_back(one.name);
    return names;
}

void require_tool(const std::string& name) {
    const known_tool& tool = find_tool(name);
    child_process check("/bin/sh", {"-c", tool.check});
    if (check.wait_for_exit() != 0)
        throw std::runtime_error(fmt::format("{} is not installed (Debian: {})", name, tool.packages));
}

std::unique_ptr<swarm_tool> start_seeder(const std::string& tool, const swarm_offer& offer) {
    return find_tool(tool).start(offer);
}

}  // namespace p2p::bench
