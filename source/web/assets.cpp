#include "web/assets.hpp"

#include "web/asset_table.hpp"

namespace p2p {

namespace {

std::string type_of(std::string_view name) {
    if (name.ends_with(".html")) return "text/html; charset=utf-8";
    if (name.ends_with(".css")) return "text/css; charset=utf-8";
    if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
    if (name.ends_with(".svg")) return "image/svg+xml";
    return "application/json";
}

}  // namespace

std::optional<web_answer> asset(const web_target& target) {
    const std::vector<std::string>& path = target.path;
    std::string name;
    if (path.empty())
        name = "index.html";
    else if (path.size() == 1)
        name = path[0];
    else if (path == std::vector<std::string>{"api", "v1", "openapi.json"})
        name = path[2];
    const auto file = asset_table.find(name);
    if (file == asset_table.end()) return std::nullopt;
    return web_answer{200, type_of(name), std::string{file->second}};
}

}  // namespace p2p
