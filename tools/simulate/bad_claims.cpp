#include "bad_claims.hpp"

#include "net/event.hpp"
#include "protocol/json.hpp"

#include <fmt/format.h>

#include <iterator>

namespace p2p::simulation {

namespace {

constexpr duration connect_limit = std::chrono::seconds{5};
constexpr duration back_after = std::chrono::milliseconds{100};
constexpr std::uint16_t votes_of_each = 20;
constexpr std::uint16_t first_port = 20'000;

}  // namespace

const endpoint* stolen_address_peer::somebody() {
    if (honest_.empty()) return nullptr;
    return &*std::next(honest_.begin(), static_cast<std::ptrdiff_t>(random_() % honest_.size()));
}

// In turn: in another's name, with another's port at its own host, and as itself, to hear of the others.
to_tracker::hello stolen_address_peer::greeting() {
    to_tracker::hello hello = hostile_member::greeting();
    const endpoint* victim = somebody();
    if (victim == nullptr) return hello;
    hello.transfer_port = victim->port;
    openly_ = !openly_;
    if (openly_) hello.advertise = victim->host;
    return hello;
}

peer_to_peer::hello stolen_address_peer::peer_greeting() {
    peer_to_peer::hello hello = hostile_member::peer_greeting();
    if (const endpoint* victim = somebody()) hello.transfer_port = victim->port;
    return hello;
}

many_votes_peer::many_votes_peer(asio::any_io_executor executor, battlefield where)
    : executor_(executor), where_(std::move(where)), tasks_(executor) {}

awaitable<void> many_votes_peer::run() {
    const auto first = static_cast<std::uint16_t>(first_port + where_.seed % 1000 * votes_of_each);
    for (std::uint16_t i = 1; i < votes_of_each; ++i)
        tasks_.spawn(vote(static_cast<std::uint16_t>(first + i)));
    co_await tasks_.join_after(vote(first));
}

awaitable<void> many_votes_peer::vote(std::uint16_t port) {
    const asio::ip::address from = asio::ip::make_address(where_.host);
    for (;;) {
        try {
            tcp::socket socket =
                co_await connect_to(where_.tracker.host, where_.tracker.port, connect_limit, from);
            stream line(std::move(socket));
            const to_tracker::hello hello{protocol_version, fmt::format("voter{}", port), port, ""};
            line.post(to_line(hello));
            const chunk_set all = chunk_set::first(where_.count);
            std::vector<chunk_claim> claims;
            for (const chunk_index chunk : all) {
                chunk_hash wrong;
                wrong.bytes.fill(static_cast<std::uint8_t>(chunk.value));
                claims.push_back({chunk, wrong, where_.chunk_size});
                if (claims.size() < max_claims_per_message && chunk != *all.last()) continue;
                line.post(to_line(to_tracker::announce{where_.set, std::exchange(claims, {}), {}}));
                co_await line.flush();
            }
            for (;;) {
                line.post(to_line(ping_message{}));
                co_await line.flush();
                (void)co_await line.read_line();
            }
        } catch (const std::system_error& failure) {
            if (failure.code() == asio::error::operation_aborted) throw;
        }
        co_await sleep_for(back_after);
    }
}

void lying_peer::speak(stream& tracker, bool first) {
    hostile_member::speak(tracker, first);
    for (const endpoint& one : honest_)
        tracker.post(to_line(to_tracker::report{where_.set, {1}, one.host, one.port}));
}

}  // namespace p2p::simulation
