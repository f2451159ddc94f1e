#include "main/web_settings.hpp"

#include "main/options.hpp"
#include "main/security.hpp"
#include "net/host.hpp"
#include "net/listener.hpp"
#include "storage/key_file.hpp"
#include "web/server.hpp"

#include <spdlog/spdlog.h>

namespace p2p {

void add_web(CLI::App& app, web_settings& settings) {
    const auto parse = [](const std::string& text) {
        return parse_listen_endpoint(text.empty() ? "127.0.0.1" : text, usual_web_port);
    };
    add_parsed(app, "--http", settings.listen, parse,
               "Show what goes on: a page, answers in JSON and figures for Prometheus, at this address; "
               "by default at 127.0.0.1:5180")
        ->type_name("[ADDR]")
        ->expected(0, 1)
        ->group("Page");
    app.add_option(
           "--http-token-file", settings.token_file,
           "Only for who has a key of this file, as the password of any user or as a bearer token; needed "
           "elsewhere than on loopback (p2ptracker --new-secret makes one)")
        ->type_name("FILE")
        ->group("Page");
    app.add_option(
           "--http-name", settings.names,
           "A name that this host is asked for by (may be repeated); addresses and localhost are known")
        ->type_name("NAME")
        ->allow_extra_args(false)
        ->group("Page");
}

namespace {

web_access_rules rules_of(const web_settings& settings) {
    web_access_rules rules{settings.names, {}};
    if (!settings.token_file.empty()) {
        const auto keys = read_key_file(settings.token_file);
        if (!keys) throw security_failure("--http-token-file " + keys.error());
        for (const swarm_key& key : *keys) rules.tokens.push_back(key.to_hex());
    } else if (!is_loopback(settings.listen->host)) {
        throw security_failure("--http " + settings.listen->to_string() +
                               ": others than this machine may look only with --http-token-file");
    }
    return rules;
}

}  // namespace

std::unique_ptr<web_server> open_pages(const asio::any_io_executor& executor, const web_settings& settings,
                                       web_site& site) {
    if (!settings.listen) return nullptr;
#ifndef P2P_HTTP
    throw network_failure("--http: this program was built without pages (-DP2P_HTTP=OFF)");
#endif
    const web_options options{*settings.listen, rules_of(settings)};
    auto server = std::make_unique<web_server>(executor, options, site);
    spdlog::info("pages at http://{}", endpoint{options.listen.host, server->port()}.to_string());
    return server;
}

}  // namespace p2p
