#include "hostile_member.hpp"

#include "core/base/sha256.hpp"
#include "net/event.hpp"
#include "net/listener.hpp"
#include "peer/hello.hpp"
#include "protocol/json.hpp"
#include "protocol/pieces.hpp"

#include <spdlog/spdlog.h>

namespace p2p::simulation {

namespace {

constexpr duration connect_limit = std::chrono::seconds{5};
constexpr duration hello_patience = std::chrono::seconds{10};
constexpr duration speak_every = std::chrono::milliseconds{500};
// It comes back at once, whatever it was sent away for.
constexpr duration back_after = std::chrono::milliseconds{100};

/// What ends one of its connections is what it was made for.
awaitable<void> whatever_comes_of_it(awaitable<void> work) {
    try {
        co_await std::move(work);
    } catch (const protocol_violation&) {
    } catch (const std::system_error& failure) {
        if (failure.code() == asio::error::operation_aborted) throw;
    }
}

}  // namespace

hostile_member::hostile_member(asio::any_io_executor executor, battlefield where)
    : executor_(executor),
      where_(std::move(where)),
      random_(where_.seed),
      up_(where_.up),
      down_(where_.down),
      acceptor_(listen_on(executor, {where_.host, 0})),
      tasks_(executor) {
    port_ = acceptor_.local_endpoint().port();
}

awaitable<void> hostile_member::run() {
    const auto arrived = [this](tcp::socket socket, const std::string&) {
        tasks_.spawn(whatever_comes_of_it(converse(std::move(socket), false)));
    };
    tasks_.spawn(accept_loop(acceptor_, arrived));
    co_await tasks_.join_after(stay_with_tracker());
}

// --- the tracker

awaitable<void> hostile_member::stay_with_tracker() {
    for (;;) {
        co_await whatever_comes_of_it(visit_tracker());
        co_await sleep_for(back_after);
    }
}

awaitable<void> hostile_member::visit_tracker() {
    const asio::ip::address from = asio::ip::make_address(where_.host);
    tcp::socket socket = co_await connect_to(where_.tracker.host, where_.tracker.port, connect_limit, from);
    stream line(std::move(socket), limits());
    line.post(to_line(greeting()));
    task_group writing(executor_);
    writing.spawn(line.write_lines());
    writing.spawn(speak_to_tracker(line));
    co_await writing.join_after(listen_to_tracker(line));
}

awaitable<void> hostile_member::speak_to_tracker(stream& line) {
    speak(line, true);
    for (;;) {
        co_await sleep_for(speak_every);
        speak(line, false);
        line.post(to_line(ping_message{}));
    }
}

awaitable<void> hostile_member::listen_to_tracker(stream& line) {
    for (;;) {
        const std::string_view text = co_await line.read_line();
        const auto message = read_from_tracker(text);
        if (!message) throw protocol_violation(message.error());
        if (const auto* answer = std::get_if<from_tracker::locations>(&*message))
            hear(line, answer->chunks, answer->holders);
        else if (const auto* news = std::get_if<from_tracker::agreed>(&*message))
            hear(line, news->chunks, news->holders);
        else if (const auto* error = std::get_if<error_message>(&*message))
            spdlog::debug("the tracker tells a hostile peer: {}", printable(error->message));
    }
}

to_tracker::hello hostile_member::greeting() {
    return {protocol_version, "hostile", port_, ""};
}

void hostile_member::speak(stream& tracker, bool first) {
    if (first) announce_everything(tracker);
    ask_for_everything(tracker);
}

// Of a chunk folder only what is agreed makes it a holder: see hear().
void hostile_member::announce_everything(stream& tracker) {
    if (!where_.set.is_published()) {
        tracker.post(to_line(to_tracker::announce{where_.set, {}, {}}));
        return;
    }
    const set_summary summary{*where_.set.id, "default", where_.count * where_.chunk_size, where_.count};
    tracker.post(to_line(to_tracker::publish{summary}));
    tracker.post(to_line(to_tracker::announce{where_.set, {}, everything()}));
}

void hostile_member::ask_for_everything(stream& tracker) {
    tracker.post(
        to_line(to_tracker::locate{where_.set, where_.set.is_published() ? chunk_set{} : everything()}));
}

void hostile_member::hear(stream& tracker, const std::vector<chunk_claim>& agreed,
                          const std::vector<holder>& holders) {
    if (!agreed.empty()) tracker.post(to_line(to_tracker::announce{where_.set, agreed, {}}));
    for (const holder& one : holders) {
        const endpoint who{one.host, one.port};
        honest_.insert(who);
        meet(who);
    }
}

// --- other peers

void hostile_member::meet(const endpoint& who) {
    if (visiting_.insert(who).second) tasks_.spawn(visit(who));
}

awaitable<void> hostile_member::visit(endpoint who) {
    co_await whatever_comes_of_it(call_on(who));
    co_await sleep_for(back_after);
    visiting_.erase(who);
}

awaitable<void> hostile_member::call_on(endpoint who) {
    const asio::ip::address from = asio::ip::make_address(where_.host);
    tcp::socket socket = co_await connect_to(who.host, who.port, connect_limit, from);
    co_await converse(std::move(socket), true);
}

awaitable<void> hostile_member::converse(tcp::socket socket, bool opened) {
    stream line(std::move(socket), limits());
    if (!opened) co_await read_hello(line, hello_patience);
    const std::string hello = to_line(peer_greeting());
    line.post(hello);
    co_await line.flush();
    if (opened) co_await read_hello(line, hello_patience);
    task_group writing(executor_);
    writing.spawn(line.write_lines());
    co_await writing.join_after(behave(line));
}

// Another instance each time: nobody is to know it again.
peer_to_peer::hello hostile_member::peer_greeting() {
    peer_to_peer::hello hello;
    hello.name = "hostile";
    hello.transfer_port = port_;
    hello.set = where_.set;
    hello.chunks = everything();
    hello.instance = random_() % max_instance + 1;
    return hello;
}

awaitable<void> hostile_member::behave(stream& line) {
    return read_on(line);
}

awaitable<void> hostile_member::read_on(stream& line) {
    for (;;) {
        const std::string_view text = co_await line.read_line();
        const auto message = read_peer_to_peer(text, max_chunk_count);
        if (!message) throw protocol_violation(message.error());
        if (const auto* part = std::get_if<peer_to_peer::chunk_part>(&*message)) {
            std::vector<std::byte> ignored(part->size);
            for (std::span<std::byte> room{ignored}; !room.empty();) {
                const std::size_t n = co_await line.read_content(room);
                room = room.subspan(n);
            }
        }
        answer(line, *message);
    }
}

void hostile_member::answer(stream&, const peer_to_peer::message&) {}

}  // namespace p2p::simulation
