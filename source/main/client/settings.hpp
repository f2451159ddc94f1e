// What the options of p2pclient say: what every command with a peer takes, and what one command takes.
#pragma once

#include "core/base/types.hpp"
#include "core/base/units.hpp"
#include "main/security.hpp"
#include "main/web_settings.hpp"
#include "peer/options.hpp"
#include "peer/share_options.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace p2p::client {

struct output_settings {
    std::string log_level = "info";
    bool quiet = false;
    bool no_color = false;
    bool json = false;
};

struct peer_settings {
    peer_options peer;
    session_options session;
    std::vector<endpoint> trackers;
    std::optional<std::string> listen;  ///< address of the transfer port
    security_options security;
    output_settings output;
    bool console = false;             ///< commands from standard input, where that is not usual
    std::filesystem::path control{};  ///< where its socket is to be; empty: nowhere
    web_settings web{};
};

/// The original form.
struct chunk_folder_settings {
    std::filesystem::path folder;
    std::string fileset = "default";
};

struct share_settings {
    std::filesystem::path path;
    share_options content;
    std::vector<std::string> excludes;
    std::optional<endpoint> with_tracker;
    bool with_secret = false;
};

struct get_settings {
    std::string target;  ///< a link, an id or a name
    std::filesystem::path destination;
    std::vector<std::filesystem::path> reuse;
    bool stay = false;
};

/// Folders that were shared from, or fetched to.
using set_folders = std::vector<std::filesystem::path>;

/// Of split and join.
struct split_settings {
    std::string file;
    std::string folder;
    byte_count chunk_size = byte_count{1} << 20U;
};

struct ctl_settings {
    std::filesystem::path socket;
    std::vector<std::string> words;
    bool json = false;
};

}  // namespace p2p::client
