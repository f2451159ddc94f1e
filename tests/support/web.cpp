#include "support/web.hpp"

#include "core/base/percent_encoding.hpp"

#include <sstream>
#include <stdexcept>

namespace p2p::test {

namespace {

std::string get_line(const std::string& target) {
    return "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
}

/// The first line and the headers.
http_answer read_head(tcp_client& line) {
    http_answer answer;
    const std::string first = line.read_line();
    answer.status = std::stoi(first.substr(first.find(' ') + 1));
    for (std::string header; (header = line.read_line()) != "\r";) answer.headers += header + "\n";
    return answer;
}

}  // namespace

http_answer ask_http(std::uint16_t port, const std::string& lines) {
    tcp_client line = tcp_client::connect(port);
    line.send(lines + "Connection: close\r\n\r\n");
    http_answer answer = read_head(line);
    answer.body = line.read_to_end();
    return answer;
}

event_stream::event_stream(std::uint16_t port, const std::string& target) : line_(tcp_client::connect(port)) {
    line_.send(get_line(target) + "\r\n");
    const http_answer head = read_head(line_);
    if (head.status != 200) throw std::runtime_error{"nothing to watch: " + std::to_string(head.status)};
}

json event_stream::next(const std::string& name) {
    const auto end = std::chrono::steady_clock::now() + patience;  // there are signs of life, too
    std::deque<json>& events = events_[name];
    while (events.empty()) {
        if (std::chrono::steady_clock::now() >= end)
            throw std::runtime_error{"waited in vain for an event about " + name};
        const std::string line = line_.read_line();
        if (line.starts_with("event: ")) about_ = line.substr(7);
        if (line.starts_with("data: ")) events_[about_].push_back(json::parse(line.substr(6)));
    }
    json first = std::move(events.front());
    events.pop_front();
    return first;
}

http_answer web_client::get(const std::string& target) const {
    return request(get_line(target));
}

json web_client::json_at(const std::string& target) const {
    return json::parse(get(target).body);
}

double web_client::metric(const std::string& name) const {
    std::istringstream lines{get("/metrics").body};
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(name + " ")) return std::stod(line.substr(name.size() + 1));
    return -1;
}

event_stream web_client::watch(const std::vector<std::string>& addresses) const {
    std::string target = "/api/v1/events?";
    for (const std::string& one : addresses) target += "watch=" + percent_encoded(one) + "&";
    return {port_, target};
}

}  // namespace p2p::test
