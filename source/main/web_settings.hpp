// Options of both programs about their pages: --http and what goes with it.
#pragma once

#include "core/base/units.hpp"
#include "net/asio.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace p2p {

class web_server;
class web_site;

inline constexpr std::uint16_t usual_web_port = 5180;

struct web_settings {
    std::optional<endpoint> listen{};  ///< none: no pages
    std::filesystem::path token_file{};
    std::vector<std::string> names{};
};

void add_web(CLI::App& app, web_settings& settings);

/// Listens, and says where; none: that was not asked for. Throws security_failure (see main/security.hpp)
/// where others than this machine could look without a key, or the keys cannot be read; network_failure.
std::unique_ptr<web_server> open_pages(const asio::any_io_executor& executor, const web_settings& settings,
                                       web_site& site);

}  // namespace p2p
