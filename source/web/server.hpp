// HTTP for looking on: pages, and answers in JSON for programs, on the io_context that everything else runs
// on. Read only; core/web_access says who may see them. Answers can be watched:
//
//     GET /api/v1/events?watch=/api/v1/peers&watch=/api/v1/filesets
//
// is a stream of server-sent events (live_answers.hpp).
#pragma once

#include "core/units.hpp"
#include "core/web_access.hpp"
#include "net/asio.hpp"
#include "web/site.hpp"

#include <cstdint>
#include <memory>

namespace p2p {

struct web_options {
    endpoint listen;
    web_access_rules access{};
};

class web_server {
public:
    /// Listens at once; throws network_failure where it cannot. The site outlives it.
    web_server(asio::io_context& io, web_options options, web_site& site);
    ~web_server();

    std::uint16_t port() const;

    /// Keeps those who watch up to date, until it is cancelled. Connections that are open then end with the
    /// io_context.
    awaitable<void> run();

private:
    struct shell;
    std::shared_ptr<shell> shell_;
};

}  // namespace p2p
