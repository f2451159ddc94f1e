#include "peer/peer.hpp"

#include "core/base/units.hpp"
#include "core/hosts/site.hpp"
#include "net/fault.hpp"
#include "net/listener.hpp"
#include "net/service_manager.hpp"
#include "peer/hello.hpp"
#include "peer/session.hpp"
#include "peer/tracker_link.hpp"
#include "protocol/json.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>
#include <utility>

namespace p2p {

namespace {

constexpr duration goodbye_limit = std::chrono::seconds{5};

// A given seed makes a simulation decide the same again; without one, no two peers are alike.
std::uint64_t random_number(std::uint64_t seed) {
    if (seed != 0) return std::mt19937_64{seed}() % max_instance + 1;
    std::random_device device;
    return ((std::uint64_t{device()} << 32U) | device()) % max_instance + 1;
}

}  // namespace

peer::peer(asio::any_io_executor executor, asio::thread_pool& pool, peer_options options)
    : executor_(executor),
      pool_(pool),
      options_(std::move(options)),
      instance_(random_number(options_.seed)),
      port_(ports_.emplace_back(listen_on(executor, options_.listen)).local_endpoint().port()),
      counter_(options_.limits.connections),
      source_(ports_.front().local_endpoint().address()),
      up_(options_.limit_up),
      down_(options_.limit_down),
      tasks_(executor),
      state_changed_(executor),
      work_(executor) {}

peer::~peer() = default;

awaitable<void> peer::run(awaitable<void> body) {
    accept_at(ports_.front());
    return tasks_.join_after(live(std::move(body)));
}

void peer::accept_at(tcp::acceptor& port) {
    tasks_.spawn(accept_loop(
        port, [this](tcp::socket socket, std::string host) { arrived(std::move(socket), std::move(host)); }));
}

bool peer::take_another_port() {
    constexpr std::size_t most_ports = 4;
    if (ports_.size() >= most_ports) return false;
    try {
        tcp::acceptor& another = ports_.emplace_back(listen_on(executor_, {options_.listen.host, 0}));
        const std::uint16_t taken = std::exchange(port_, another.local_endpoint().port());
        spdlog::warn("another peer at this address uses port {}: this one goes by port {} now", taken, port_);
        accept_at(another);
        return true;
    } catch (const network_failure& failure) {
        spdlog::warn("{}", failure.what());
        return false;
    }
}

awaitable<void> peer::live(awaitable<void> body) {
    std::exception_ptr failure;
    try {
        work_.spawn(std::move(body));
        co_await work_.join();
        if (cut_short_)
            throw session_failure(exit_code::incomplete, "stopped before it had begun to fetch or serve");
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure || !is_cancellation(failure)) co_await say_goodbye();
    signals_.reset();
    tasks_.cancel();
    if (failure) std::rethrow_exception(failure);
}

awaitable<void> peer::say_goodbye() {
    for (tcp::acceptor& port : ports_) port.close();
    leave_trackers();
    const auto until = std::chrono::steady_clock::now() + goodbye_limit;
    while (any_link_connected() && stops_ < 2 && std::chrono::steady_clock::now() < until)
        co_await state_changed_.wait_until(until);
}

void peer::leave_trackers() {
    for (const auto& [where, link] : links_) link->say_goodbye();
}

void peer::obey_signals() {
    signals_.emplace(executor_, stop_signals, [this] { stop(); });
}

void peer::stop() {
    ++stops_;
    tell_service_manager("STOPPING=1");
    state_changed_.set();
    leave_trackers();  // at once, so that they send nobody here any more
    if (sessions_.empty() && work_.size() > 0) {
        cut_short_ = true;
        work_.cancel();
    }
    const std::vector<session*> all = sessions_;
    for (session* one : all) one->stop();
}

bool peer::any_link_connected() const {
    return std::ranges::any_of(links_, [](const auto& entry) { return entry.second->connected(); });
}

byte_count peer::received() const {
    byte_count all = 0;
    for (const session* one : sessions_) all += one->going_on().received;
    return all;
}

byte_count peer::sent() const {
    byte_count all = 0;
    for (const session* one : sessions_) all += one->going_on().sent;
    return all;
}

void peer::add(const file_set_key& set, visited& who) {
    reachable_[set] = &who;
}

void peer::remove(const file_set_key& set, const visited& who) {
    const auto at = reachable_.find(set);
    if (at != reachable_.end() && at->second == &who) reachable_.erase(at);
}

bool peer::is_own(const endpoint& tracker) const {
    return options_.own && std::ranges::find(options_.own->known_as, tracker) != options_.own->known_as.end();
}

// One's own need not be on any network, nor show who it is.
awaitable<std::unique_ptr<stream>> peer::open_tracker(const endpoint& tracker) const {
    connecting how = to_tracker();
    how.is_named = !is_own(tracker);
    return open_stream(is_own(tracker) ? options_.own->here : tracker, std::move(how));
}

tracker_link& peer::link_to(const endpoint& tracker) {
    if (is_own(tracker) && tracker != options_.own->known_as.front())
        return link_to(options_.own->known_as.front());
    auto& link = links_[tracker];
    if (!link || link->ended()) {
        link = std::make_unique<tracker_link>(*this, tracker);
        tasks_.spawn(link->run());
    }
    return *link;
}

void peer::join(const endpoint& tracker, const file_set_id& set) {
    link_to(tracker).join(set);
}

void peer::leave(const file_set_id& set) {
    for (const auto& [where, link] : links_) link->leave(set);
}

void peer::arrived(tcp::socket socket, std::string host) {
    auto ticket = counter_.enter(site_of(host));
    if (ticket) return tasks_.spawn(greet(std::move(socket), std::move(host), std::move(*ticket)));
    spdlog::debug("a connection is turned away: {}", ticket.error());
    const error_message why{"too_many_connections", ticket.error()};
    turn_away(std::move(socket), options_.secured ? "" : to_line(why));
}

// Whoever connects says first which file-set it is about: that decides who talks to it.
awaitable<void> peer::greet(tcp::socket socket, std::string host, connection_counter::ticket ticket) {
    std::unique_ptr<tls_channel> tls;
    if (options_.secured) tls = options_.secured->accept(socket.native_handle());
    auto line = std::make_unique<stream>(std::move(socket), limits(), std::move(tls));
    error_message answer{"unknown_fileset", "this peer does not serve that file-set"};
    try {
        const time_point until = std::chrono::steady_clock::now() + options_.limits.hello;
        co_await line->handshake(options_.limits.hello);
        const duration remaining = until - std::chrono::steady_clock::now();
        const peer_to_peer::hello hello = co_await read_hello(*line, remaining);
        fault_point(hello);
        if (const auto who = reachable_.find(hello.set); who != reachable_.end()) {
            who->second->take(std::move(line), host, hello, std::move(ticket));
            co_return;
        }
    } catch (const protocol_violation& violation) {
        answer = violation.answer;
    } catch (const std::system_error& failure) {
        spdlog::debug("a connection ended before its hello: {}", failure.what());
        if (failure.code() != asio::error::timed_out) co_return;
        answer = too_silent();
    } catch (...) {
        log_fault(host, std::current_exception());
        if (!line) co_return;
        answer = internal_error;
    }
    spdlog::debug("{} is turned away: {}", host, answer.message);
    co_await line->say_and_close(to_line(answer));
}

}  // namespace p2p
