#include "web/server.hpp"

#include "core/hosts/site.hpp"
#include "net/deadline.hpp"
#include "net/event.hpp"
#include "net/fault.hpp"
#include "net/listener.hpp"
#include "net/process.hpp"
#include "web/answer_text.hpp"
#include "web/assets.hpp"

#include <asio/write.hpp>

#include <algorithm>
#include <ctime>
#include <optional>
#include <utility>

namespace p2p {

namespace {

constexpr connection_limits most_connections{.in_all = 300, .per_host = 100};
constexpr duration head_limit = std::chrono::seconds{10};  // for all of it
constexpr duration write_limit = std::chrono::seconds{15};
constexpr duration farewell_limit = std::chrono::seconds{2};
constexpr duration between_looks = std::chrono::milliseconds{50};  // at what has changed
constexpr std::string_view stream_type = "text/event-stream";

// The other connections of the program need descriptors, too.
connection_limits within_descriptors(connection_limits limits) {
    constexpr std::size_t share = 4;
    limits.in_all = std::max<std::size_t>(2, std::min(limits.in_all, descriptor_limit() / share));
    return limits;
}

/// Closes the socket when time is up.
struct closed_in_time : deadline {
    closed_in_time(tcp::socket& socket, duration limit)
        : deadline(socket.get_executor(), limit, [&socket] { socket.close(); }) {}
};

std::time_t now() {
    return std::time(nullptr);
}

/// What becomes of the request. Throws where it does not come in time.
awaitable<request_reader::state> read_head(tcp::socket& socket, request_reader& reader) {
    const closed_in_time patience(socket, head_limit);
    std::string buffer(4096, '\0');
    for (;;) {
        const std::size_t n = co_await socket.async_read_some(asio::buffer(buffer), use_awaitable);
        const auto so_far = reader.take(std::string_view{buffer}.substr(0, n));
        if (so_far != request_reader::state::more) co_return so_far;
    }
}

web_answer no_request(request_reader::state why) {
    switch (why) {
        case request_reader::state::long_target: return refused(414, "the address is too long");
        case request_reader::state::long_headers: return refused(431, "the headers are too long");
        default: return refused(400, "that is no request of HTTP/1.1");
    }
}

awaitable<void> write(tcp::socket& socket, std::string_view text) {
    const closed_in_time patience(socket, write_limit);
    co_await asio::async_write(socket, asio::buffer(text), use_awaitable);
}

// To close while something is unread would take back what the other side has not received yet.
awaitable<void> linger(tcp::socket& socket) {
    const closed_in_time patience(socket, farewell_limit);
    std::error_code error;
    socket.shutdown(tcp::socket::shutdown_send, error);
    std::string ignored(4096, '\0');
    while (!error)
        co_await socket.async_read_some(asio::buffer(ignored), asio::redirect_error(use_awaitable, error));
}

/// Until the other side has closed: whoever watches has nothing more to say.
awaitable<void> wait_for_end(tcp::socket& socket, live_answers::watcher& one, event& news) {
    std::error_code error;
    std::string ignored(4096, '\0');
    while (!error)
        co_await socket.async_read_some(asio::buffer(ignored), asio::redirect_error(use_awaitable, error));
    one.is_gone = true;
    news.set();
}

bool is_events(const web_target& target) {
    return target.path == std::vector<std::string>{"api", "v1", "events"};
}

bool is_at(const web_target& target, std::string_view name) {
    return target.path.size() == 1 && target.path[0] == name;
}

std::optional<web_answer> why_not(const request_head& head, const std::optional<web_target>& target,
                                  const web_access_rules& rules) {
    if (!target) return refused(400, "the address is not encoded as it should be");
    const std::string token = token_in(head.authorization);
    const web_visit visit{.method = head.method,
                          .host = head.host,
                          .origin = head.origin,
                          .fetch_site = head.fetch_site,
                          .opens_page = target->path.empty() && head.fetch_mode == "navigate" &&
                                        (head.fetch_dest.empty() || head.fetch_dest == "document"),
                          .token = token};
    switch (access_for(visit, rules)) {
        case web_access::granted: return std::nullopt;
        case web_access::wrong_method:
            return refused(405, "only GET and HEAD: all that is here can only be looked at");
        case web_access::unknown_host:
            return refused(421, "that is no name of this host: use its address, or see --http-name");
        case web_access::cross_site: return refused(403, "another web site asks for this");
        case web_access::no_token: break;
    }
    if (is_at(*target, "healthz")) return std::nullopt;  // whether something listens is no secret
    return refused(401,
                   "a key of --http-token-file is needed, as a bearer token or as the password of any user");
}

}  // namespace

web_server::web_server(asio::any_io_executor executor, web_options options, web_site& site)
    : executor_(std::move(executor)),
      options_(std::move(options)),
      site_(site),
      live_(site, [] { return std::chrono::steady_clock::now(); }),
      counter_(within_descriptors(most_connections)),
      acceptor_(listen_on(executor_, options_.listen)),
      tasks_(executor_) {}

awaitable<void> web_server::run() {
    tasks_.spawn(keep_up_to_date());
    const auto hand_over = [this](tcp::socket socket, const std::string& host) {
        arrived(std::move(socket), host);
    };
    return tasks_.join_after(accept_loop(acceptor_, hand_over));
}

awaitable<void> web_server::keep_up_to_date() {
    for (;;) {
        live_.look();
        co_await sleep_for(between_looks);
    }
}

void web_server::arrived(tcp::socket socket, const std::string& host) {
    auto ticket = counter_.enter(site_of(host));
    if (ticket)
        tasks_.spawn(serve(std::move(socket), host, std::move(*ticket)));
    else
        turn_away(std::move(socket), text_of(refused(503, "there are too many connections"), now()));
}

// Whatever ends it ends only this connection.
awaitable<void> web_server::serve(tcp::socket socket, std::string host,
                                  connection_counter::ticket /*taken*/) {
    try {
        request_reader reader;
        const auto read = co_await read_head(socket, reader);
        web_request asked;
        bool is_stream = false;
        const web_answer answer = read == request_reader::state::whole
                                      ? answer_whatever_happens(reader.head(), host, is_stream, asked)
                                      : no_request(read);
        const bool wants_body = reader.head().method != "HEAD";
        if (is_stream && wants_body) {
            co_await watch(socket, asked);
        } else {
            ++answers_[answer.status];
            const std::string text =
                is_stream ? head_of_stream(stream_type, now()) : text_of(answer, now(), wants_body);
            co_await write(socket, text);
            co_await linger(socket);
        }
    } catch (const std::system_error&) {
        // It has gone, or time is up.
    } catch (...) {
        log_fault(host, std::current_exception());
    }
}

web_answer web_server::answer_whatever_happens(const request_head& head, const std::string& host,
                                               bool& is_stream, web_request& asked) {
    try {
        web_answer answer = answer_to(head, is_stream, asked);
        fault_point(head);
        return answer;
    } catch (...) {
        log_fault(host, std::current_exception());
    }
    is_stream = false;
    return refused(500, internal_error.message);
}

web_answer web_server::answer_to(const request_head& head, bool& is_stream, web_request& asked) {
    auto target = parse_web_target(head.target);
    if (auto why = why_not(head, target, options_.access)) return std::move(*why);
    if (auto file = asset(*target)) return std::move(*file);
    if (is_at(*target, "healthz")) return {200, "text/plain", "ok\n"};
    if (is_at(*target, "metrics")) return site_.figures().usual(traffic()).answer();
    asked = {std::move(*target), host_in(head.host)};
    if (!is_events(asked.target)) return live_.answer(asked);
    const std::string why = live_.why_not(asked.target.all("watch"));
    is_stream = why.empty();
    return is_stream ? web_answer{} : refused(400, why);
}

awaitable<void> web_server::watch(tcp::socket& socket, const web_request& asked) {
    ++answers_[200];
    const std::string head = head_of_stream(stream_type, now());
    co_await write(socket, head);
    event news(executor_);
    std::string text;
    const auto one = std::make_shared<live_answers::watcher>();
    one->send = [&](std::string_view what) {
        text = what;
        news.set();
    };
    live_.add(one, asked.target.all("watch"), asked.host);
    task_group beside(executor_);
    beside.spawn(wait_for_end(socket, *one, news));
    const auto tell = [&]() -> awaitable<void> {
        while (!one->is_gone) {
            co_await news.wait();
            if (one->is_gone) break;
            co_await write(socket, text);
            one->is_busy = false;
        }
    };
    try {
        co_await beside.cancel_after(tell());
    } catch (...) {
        one->is_gone = true;  // nobody may tell it anything any more
        throw;
    }
}

web_traffic web_server::traffic() const {
    return {answers_, live_.watchers(), live_.events(), live_.bytes()};
}

}  // namespace p2p
