// HTTP for looking on: a page, answers in JSON for programs, and figures for Prometheus. Read only;
// core/hosts/web_access says who may see them. Answers can be watched:
//
//     GET /api/v1/events?watch=/api/v1/peers&watch=/api/v1/filesets
//
// is a stream of server-sent events (live_answers.hpp). A connection is one coroutine and carries one
// request: every answer says "Connection: close", and what was sent behind its request is not looked at (RFC
// 9112, section 9.6).
#pragma once

#include "core/base/units.hpp"
#include "core/hosts/connection_counter.hpp"
#include "core/hosts/web_access.hpp"
#include "net/asio.hpp"
#include "net/task_group.hpp"
#include "web/live_answers.hpp"
#include "web/request_head.hpp"
#include "web/site.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace p2p {

struct web_options {
    endpoint listen;
    web_access_rules access{};
};

class web_server {
public:
    /// Listens at once; throws network_failure where it cannot. The site outlives it.
    web_server(asio::any_io_executor executor, web_options options, web_site& site);

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    /// Answers, and keeps those who watch up to date, until it is cancelled; then every connection is closed.
    awaitable<void> run();

private:
    void arrived(tcp::socket socket, const std::string& host);
    awaitable<void> serve(tcp::socket socket, std::string host, connection_counter::ticket ticket);
    awaitable<void> watch(tcp::socket& socket, const web_request& asked);
    web_answer answer_whatever_happens(const request_head& head, const std::string& host, bool& is_stream,
                                       web_request& asked);
    web_answer answer_to(const request_head& head, bool& is_stream, web_request& asked);
    awaitable<void> keep_up_to_date();
    web_traffic traffic() const;

    asio::any_io_executor executor_;
    web_options options_;
    web_site& site_;
    live_answers live_;
    connection_counter counter_;
    std::map<int, std::uint64_t> answers_;
    tcp::acceptor acceptor_;
    task_group tasks_;
};

}  // namespace p2p
