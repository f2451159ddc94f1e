#include "net/connect.hpp"

#include "core/hosts/connect_race.hpp"
#include "net/event.hpp"
#include "net/task_group.hpp"

#include <algorithm>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>

namespace p2p {

namespace {

// Where the address cannot be had, connecting says why nothing came of it, or goes another way.
void come_from(const asio::ip::address& from, tcp::socket& socket, const tcp::endpoint& to) {
    if (from.is_unspecified() || from.is_v4() != to.address().is_v4()) return;
    if (from.is_loopback() && !to.address().is_loopback()) return;
    std::error_code ignored;
    socket.open(to.protocol(), ignored);
    // Or a port would be taken before it is known whether another connection's may be used again.
    const int on = 1;
    ::setsockopt(socket.native_handle(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    socket.bind({from, 0}, ignored);
}

// A peer that listens at one address can be reached at that: others are told where it seems to come from.
std::vector<tcp::endpoint> in_order(std::vector<tcp::endpoint> addresses, const asio::ip::address& from) {
    if (!from.is_unspecified())
        std::ranges::stable_partition(
            addresses, [&from](const auto& to) { return to.address().is_v4() == from.is_v4(); });
    return addresses;
}

std::vector<connect_race::family> families_of(const std::vector<tcp::endpoint>& addresses) {
    std::vector<connect_race::family> families;
    for (const tcp::endpoint& one : addresses)
        families.push_back(one.address().is_v4() ? connect_race::family::ipv4 : connect_race::family::ipv6);
    return families;
}

/// The sockets of a race: an attempt each.
class runners {
public:
    runners(asio::any_io_executor executor, std::vector<tcp::endpoint> addresses, asio::ip::address from)
        : executor_(std::move(executor)),
          addresses_(in_order(std::move(addresses), from)),
          from_(std::move(from)),
          race_(families_of(addresses_)),
          attempts_(executor_),
          one_is_over_(executor_) {}

    awaitable<tcp::socket> first_until(time_point at) {
        co_await attempts_.cancel_after(run_until(at));
        co_return std::move(*winner_);
    }

private:
    awaitable<void> run_until(time_point end) {
        while (!winner_) {
            const time_point now = std::chrono::steady_clock::now();
            if (now >= end) race_.failed(asio::error::timed_out);
            if (now >= end || race_.is_lost()) give_up();
            if (const auto next = race_.start(now)) attempts_.spawn(attempt(addresses_[*next]));
            co_await one_is_over_.wait_until(std::min(end, race_.next_deadline().value_or(end)));
        }
    }

    [[noreturn]] void give_up() const {
        if (race_.reason() == asio::error::timed_out) throw connect_timed_out();
        throw std::system_error(race_.reason());
    }

    awaitable<void> attempt(tcp::endpoint to) {
        tcp::socket socket(executor_);
        come_from(from_, socket, to);
        std::error_code error;
        co_await socket.async_connect(to, asio::redirect_error(use_awaitable, error));
        if (error)
            race_.failed(error);
        else if (!winner_)
            winner_ = std::move(socket);
        one_is_over_.set();
    }

    asio::any_io_executor executor_;
    std::vector<tcp::endpoint> addresses_;
    asio::ip::address from_;
    connect_race race_;
    task_group attempts_;
    event one_is_over_;
    std::optional<tcp::socket> winner_;
};

}  // namespace

std::string why_unreachable(const std::system_error& failure, std::uint16_t port) {
    if (dynamic_cast<const connect_timed_out*>(&failure) != nullptr)
        return "no answer (is TCP port " + std::to_string(port) + " open in its firewall?)";
    return failure.code() == asio::error::timed_out ? "no answer" : failure.code().message();
}

awaitable<tcp::socket> connect_to_one_of(std::vector<tcp::endpoint> addresses, time_point until,
                                         asio::ip::address from) {
    asio::any_io_executor executor = co_await asio::this_coro::executor;
    runners all(std::move(executor), std::move(addresses), std::move(from));
    co_return co_await all.first_until(until);
}

awaitable<tcp::socket> connect_to(std::string host, std::uint16_t port, duration limit,
                                  asio::ip::address from) {
    endpoint to{std::move(host), port};
    std::vector<tcp::endpoint> addresses = co_await find_addresses(std::move(to), named_by::user);
    co_return co_await connect_to_one_of(std::move(addresses), std::chrono::steady_clock::now() + limit,
                                         std::move(from));
}

}  // namespace p2p
