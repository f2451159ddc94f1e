#include "bad_uploads.hpp"

#include "net/event.hpp"
#include "protocol/json.hpp"

#include <algorithm>

namespace p2p::simulation {

namespace {

constexpr duration ping_every = std::chrono::seconds{5};
constexpr duration byte_every = std::chrono::seconds{1};

awaitable<void> stay(stream& line) {
    for (;;) {
        line.post(to_line(ping_message{}));
        co_await sleep_for(ping_every);
    }
}

}  // namespace

void false_haves_peer::answer(stream& line, const peer_to_peer::message& message) {
    const auto* asked = std::get_if<peer_to_peer::request>(&message);
    if (asked == nullptr) return;
    constexpr unsigned leaves_once_in = 8;
    if (random_() % leaves_once_in == 0)
        line.close();
    else
        line.post(to_line(peer_to_peer::refuse{asked->chunk, "not today"}));
}

awaitable<void> silent_peer::behave(stream& line) {
    task_group staying(executor_);
    staying.spawn(stay(line));
    co_await staying.join_after(read_on(line));
}

awaitable<void> slow_peer::behave(stream& line) {
    asked_.erase(&line);
    task_group sending(executor_);
    sending.spawn(trickle(line));
    co_await sending.join_after(read_on(line));
}

void slow_peer::answer(stream& line, const peer_to_peer::message& message) {
    if (const auto* asked = std::get_if<peer_to_peer::request>(&message)) asked_.try_emplace(&line, *asked);
}

awaitable<void> slow_peer::trickle(stream& line) {
    while (!asked_.contains(&line)) {
        line.post(to_line(ping_message{}));
        co_await sleep_for(byte_every);
    }
    const peer_to_peer::request asked = asked_.at(&line);
    peer_to_peer::chunk_part part;
    part.chunk = asked.chunk.value_or(chunk_index{static_cast<std::uint32_t>(random_() % where_.count) + 1});
    part.total = where_.chunk_size;
    part.size = std::min(part.total, max_part_size);
    line.post(to_line(part));
    for (byte_count sent = 0; sent < part.size; ++sent) {
        line.post("x");
        co_await sleep_for(byte_every);
    }
}

}  // namespace p2p::simulation
