// The one file that knows RESTinio: it takes long to compile.

#include "web/server.hpp"

#include "net/event.hpp"
#include "net/listener.hpp"
#include "web/assets.hpp"
#include "web/live_answers.hpp"

#include <fmt/format.h>

#include <functional>
#include <optional>
#include <restinio/all.hpp>
#include <restinio/helpers/http_field_parsers/basic_auth.hpp>
#include <restinio/helpers/http_field_parsers/bearer_auth.hpp>
#include <utility>

namespace p2p {

namespace {

constexpr std::size_t most_connections = 200;
constexpr std::size_t longest_target = 4096;
constexpr std::size_t longest_header = 4096;
constexpr std::size_t most_headers = 64;
constexpr std::uint64_t longest_body = 4096;  // nobody needs one: so much is read before the answer says so
constexpr std::chrono::seconds request_limit{15};
constexpr std::chrono::seconds write_limit{15};
constexpr std::chrono::milliseconds between_looks{100};  // at the watchers: an answer is made less often

const std::vector<std::string> healthz{"healthz"};

using handle = restinio::request_handle_t;
using status = restinio::request_handling_status_t;

struct traits : restinio::default_single_thread_traits_t {
    using request_handler_t = std::function<status(handle)>;
    static constexpr bool use_connection_count_limiter = true;
};
using http_server = restinio::http_server_t<traits>;
using event_stream = restinio::response_builder_t<restinio::chunked_output_t>;

std::string_view view(restinio::string_view_t text) {
    return {text.data(), text.size()};
}

std::string_view header(const handle& request, std::string_view name) {
    const auto value = request->header().opt_value_of(restinio::string_view_t{name.data(), name.size()});
    return value ? view(*value) : std::string_view{};
}

/// Of a bearer, or the password of any user.
std::optional<std::string> token_of(const handle& request) {
    namespace parsers = restinio::http_field_parsers;
    const std::string_view text = header(request, "Authorization");
    const auto field = parsers::authorization_value_t::try_parse({text.data(), text.size()});
    if (!field) return std::nullopt;
    if (field->auth_scheme == "bearer")
        if (auto bearer = parsers::bearer_auth::try_extract_params(*field)) return std::move(bearer->token);
    if (field->auth_scheme == "basic")
        if (auto basic = parsers::basic_auth::try_extract_params(*field)) return std::move(basic->password);
    return std::nullopt;
}

template <class Response>
void add_headers(Response& response, const std::string& type) {
    response.append_header("Content-Type", type)
        .append_header("Cache-Control", "no-store")
        .append_header("X-Content-Type-Options", "nosniff")
        .append_header("Referrer-Policy", "no-referrer")
        .append_header("Cross-Origin-Resource-Policy", "same-origin")
        .append_header(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
}

}  // namespace

// RESTinio's handlers keep it.
struct web_server::shell : std::enable_shared_from_this<shell> {
    shell(web_options told, web_site& shown) : options(std::move(told)), site(shown) {}

    void listen(asio::io_context& io) {
        const auto limits = restinio::incoming_http_msg_limits_t{}
                                .max_url_size(longest_target)
                                .max_field_name_size(longest_header)
                                .max_field_value_size(longest_header)
                                .max_field_count(most_headers)
                                .max_body_size(longest_body);
        std::error_code no_address;
        const auto address = asio::ip::make_address(options.listen.host, no_address);
        if (no_address) cannot_listen("pages need an address, not a name");
        server.emplace(restinio::external_io_context(io), [&](auto& settings) {
            settings.address(options.listen.host)
                .port(options.listen.port)
                .protocol(address.is_v6() ? tcp::v6() : tcp::v4())
                .request_handler(
                    [me = shared_from_this()](handle request) { return me->handle_request(request); })
                .acceptor_post_bind_hook([this](auto& acceptor) { port = acceptor.local_endpoint().port(); })
                .incoming_http_msg_limits(limits)
                .max_parallel_connections(most_connections)
                .read_next_http_message_timelimit(request_limit)
                .write_http_response_timelimit(write_limit)
                .handle_request_timeout(request_limit);
        });
        try {
            server->open_sync();
        } catch (const std::exception& failure) {
            cannot_listen(failure.what());
        }
    }

    [[noreturn]] void cannot_listen(std::string_view why) const {
        throw network_failure(fmt::format("cannot listen on {}: {}", options.listen.to_string(), why));
    }

    status handle_request(const handle& request) {
        auto target = parse_web_target(view(request->header().request_target()));
        if (const auto why = why_not(request, target)) return send(request, *why);
        web_request asked{std::move(*target), std::string{host_without_port(header(request, "Host"))}};
        const std::vector<std::string>& path = asked.target.path;
        if (const auto file = asset(asked.target)) return send(request, *file);
        if (path == healthz) return send(request, {200, "text/plain", "ok\n"});
        if (path == std::vector<std::string>{"metrics"})
            return send(request, site.figures().usual(traffic()).answer());
        if (path.size() < 3 || path[0] != "api" || path[1] != "v1") return send(request, no_such_page());
        return path[2] == "events" ? watch(request, asked) : send(request, site.get(asked));
    }

    web_traffic traffic() const { return {answers, live.watchers(), live.events(), live.bytes()}; }

    std::optional<web_answer> why_not(const handle& request, const std::optional<web_target>& target) const {
        if (!target) return refused(400, "the address is not encoded as it should be");
        const std::optional<std::string> token = token_of(request);
        const web_visit visit{.method = request->header().method().c_str(),
                              .host = header(request, "Host"),
                              .origin = header(request, "Origin"),
                              .fetch_site = header(request, "Sec-Fetch-Site"),
                              .is_navigation = header(request, "Sec-Fetch-Mode") == "navigate",
                              .token = token ? std::optional<std::string_view>{*token} : std::nullopt};
        switch (access_for(visit, options.access)) {
            case web_access::granted: return std::nullopt;
            case web_access::wrong_method:
                return refused(405, "only GET: all that is here can only be looked at");
            case web_access::unknown_host:
                return refused(421, "that is no name of this host: use its address, or see --http-name");
            case web_access::cross_site: return refused(403, "another web site asks for this");
            case web_access::no_token: break;
        }
        // Whether something listens is no secret.
        if (target->path == healthz) return std::nullopt;
        return refused(
            401, "a key of --http-token-file is needed, as a bearer token or as the password of any user");
    }

    status send(const handle& request, web_answer answer) {
        ++answers[answer.status];
        const auto code = restinio::http_status_code_t{static_cast<std::uint16_t>(answer.status)};
        auto response = request->create_response(
            restinio::http_status_line_t{code, answer.status < 400 ? "OK" : "Refused"});
        add_headers(response, answer.type);
        if (answer.status == 401) response.append_header("WWW-Authenticate", "Basic realm=\"p2p\"");
        if (answer.status == 405) response.append_header("Allow", "GET");
        return response.set_body(std::move(answer.body)).done();
    }

    status watch(const handle& request, const web_request& asked) {
        const auto one = std::make_shared<live_answers::watcher>();
        const std::string why = live.add(one, asked.target.all("watch"), asked.host);
        if (!why.empty()) return send(request, refused(400, why));
        ++answers[200];
        auto stream = std::make_shared<event_stream>(request->create_response<restinio::chunked_output_t>());
        add_headers(*stream, "text/event-stream");
        // It, and the watcher, know each other until the connection has ended.
        one->send = [stream, weak = std::weak_ptr{one}](std::string_view text) {
            stream->append_chunk(std::string{text});
            stream->flush([weak](const auto& error) {
                const auto watching = weak.lock();
                if (!watching) return;
                watching->is_busy = false;
                watching->is_gone = static_cast<bool>(error);
            });
        };
        live.look();
        return restinio::request_accepted();
    }

    web_options options;
    web_site& site;
    std::map<int, std::uint64_t> answers;
    live_answers live{site, [] { return std::chrono::steady_clock::now(); }};
    std::optional<http_server> server;
    std::uint16_t port = 0;
};

web_server::web_server(asio::io_context& io, web_options options, web_site& site)
    : shell_(std::make_shared<shell>(std::move(options), site)) {
    shell_->listen(io);
}

web_server::~web_server() {
    shell_->server.reset();  // they keep each other
}

std::uint16_t web_server::port() const {
    return shell_->port;
}

awaitable<void> web_server::run() {
    for (;;) {
        shell_->live.look();
        co_await sleep_for(between_looks);
    }
}

}  // namespace p2p
