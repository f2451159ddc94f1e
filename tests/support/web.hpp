// Somebody who looks at the pages of a program (--http), without a browser.
#pragma once

#include "support/programs.hpp"
#include "support/socket.hpp"

#include <nlohmann/json.hpp>

#include <deque>
#include <map>
#include <string>
#include <vector>

namespace p2p::test {

using json = nlohmann::json;

struct http_answer {
    int status = 0;
    std::string headers;
    std::string body;
};

/// Sends a request without a body (`lines` are its first line and its headers), and reads the answer.
http_answer ask_http(std::uint16_t port, const std::string& lines);

/// Server-sent events.
class event_stream {
public:
    event_stream(std::uint16_t port, const std::string& target);

    /// The data of the next event of this name.
    json next(const std::string& name);

private:
    tcp_client line_;
    std::string about_;                               // the last name
    std::map<std::string, std::deque<json>> events_;  // that were not asked for yet
};

class web_client {
public:
    /// Waits until the program says where its pages are.
    explicit web_client(process& shown)
        : port_(static_cast<std::uint16_t>(
              std::stoi(shown.wait_for_rest_of_line("pages at http://127.0.0.1:")))) {}

    std::uint16_t web_port() const { return port_; }
    http_answer request(const std::string& lines) const { return ask_http(port_, lines); }
    http_answer get(const std::string& target) const;
    json json_at(const std::string& target) const;
    /// Of /metrics; -1: there is none of that name.
    double metric(const std::string& name) const;
    event_stream watch(const std::vector<std::string>& addresses) const;

private:
    std::uint16_t port_;
};

/// A tracker with pages at a free port of 127.0.0.1.
class web_tracker : public tracker_program, public web_client {
public:
    explicit web_tracker(words more = {}, std::uint16_t port = 0, std::uint16_t web_port = 0)
        : tracker_program(with_pages(std::move(more), web_port), port),
          web_client(static_cast<process&>(*this)) {}

    static words with_pages(words more, std::uint16_t web_port = 0) {
        more.insert(more.end(), {"--http", "127.0.0.1:" + std::to_string(web_port)});
        return more;
    }
};

}  // namespace p2p::test
