#include "bad_talk.hpp"

#include "net/event.hpp"
#include "protocol/json.hpp"

#include <string>
#include <vector>

namespace p2p::simulation {

namespace {

constexpr std::size_t lines_at_once = 50;

std::string repeated(const std::string& line, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += line;
    return all;
}

}  // namespace

awaitable<void> flooding_peer::behave(stream& line) {
    task_group talking(executor_);
    talking.spawn(talk(line));
    co_await talking.join_after(read_on(line));
}

awaitable<void> flooding_peer::talk(stream& line) {
    const std::string lines = repeated(to_line(peer_to_peer::have{everything()}), lines_at_once);
    for (;;) {
        co_await up_.take(lines.size());
        line.post(lines);
        co_await line.room_in_outbox();
        co_await asio::post(executor_, use_awaitable);
    }
}

// It has nothing, so that there is something to ask for.
peer_to_peer::hello bad_requests_peer::peer_greeting() {
    peer_to_peer::hello hello = hostile_member::peer_greeting();
    hello.chunks.clear();
    return hello;
}

awaitable<void> bad_requests_peer::behave(stream& line) {
    task_group talking(executor_);
    talking.spawn(talk(line, tricks_++));
    co_await talking.join_after(read_on(line));
}

awaitable<void> bad_requests_peer::talk(stream& line, unsigned trick) {
    const std::string beyond = to_line(peer_to_peer::request{chunk_index{where_.count + 1}, {}});
    const std::string last = to_line(peer_to_peer::request{chunk_index{where_.count}, {}});
    const std::string no_manifest = to_line(peer_to_peer::get_manifest{(byte_count{1} << 30U) - 1, 1});
    const std::string nothing = to_line(peer_to_peer::request{{}, everything()});
    const std::vector<std::string> tricks{
        beyond,
        repeated(no_manifest, lines_at_once),
        repeated(last, 10 * lines_at_once),
        repeated(nothing, 10 * lines_at_once),
        "{\"type\":\"request\",\"chunk\":-1}\n",
        "{\"type\":\"give me everything\"}\n",
        std::string(2 * max_line_length, '['),
    };
    const std::string& lines = tricks[trick % tricks.size()];
    for (;;) {
        co_await up_.take(lines.size());
        line.post(lines);
        co_await line.room_in_outbox();
        co_await asio::post(executor_, use_awaitable);
    }
}

}  // namespace p2p::simulation
