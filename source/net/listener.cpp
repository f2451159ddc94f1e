#include "net/listener.hpp"

#include "net/event.hpp"
#include "net/fault.hpp"
#include "net/host.hpp"
#include "net/names.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <netinet/in.h>
#include <sys/socket.h>

namespace p2p {

namespace {

constexpr duration pause_when_out_of_descriptors = std::chrono::milliseconds{100};

[[noreturn]] void cannot_listen(const endpoint& where, const std::error_code& why) {
    throw network_failure(fmt::format("cannot listen on {}: {}", where.to_string(), why.message()));
}

// Nor does one that comes to nothing keep the next from coming.
void take(tcp::socket socket, const std::string& host, const connection_handler& arrived) {
    try {
        arrived(std::move(socket), host);
    } catch (...) {
        log_fault(host, std::current_exception());
    }
}

tcp::endpoint address_of(const endpoint& where) {
    try {
        return find_addresses_now(where).front();
    } catch (const std::system_error& failure) {
        cannot_listen(where, failure.code());
    }
}

}  // namespace

tcp::acceptor listen_on(const asio::any_io_executor& executor, const endpoint& where) {
    tcp::endpoint local = address_of(where);
    std::error_code error;
    const bool is_everywhere = local.address().is_v6() && local.address().is_unspecified();
    tcp::acceptor acceptor(executor);
    acceptor.open(local.protocol(), error);
    if (is_everywhere && error == asio::error::address_family_not_supported) {
        local = {tcp::v4(), where.port};
        acceptor.open(local.protocol(), error);
    } else if (is_everywhere && !error) {
        const int off = 0;
        ::setsockopt(acceptor.native_handle(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(local, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) cannot_listen(where, error);
    return acceptor;
}

awaitable<void> accept_loop(tcp::acceptor& acceptor, connection_handler arrived) {
    bool warned = false;
    for (;;) {
        std::error_code error;
        tcp::endpoint remote;
        tcp::socket socket =
            co_await acceptor.async_accept(remote, asio::redirect_error(use_awaitable, error));
        if (!error) {
            warned = false;
            take(std::move(socket), host_of(remote.address()), arrived);
        } else if (error == asio::error::operation_aborted) {
            throw std::system_error(error);
        } else {
            if (!warned) spdlog::warn("cannot accept connections for now: {}", error.message());
            warned = true;
            co_await sleep_for(pause_when_out_of_descriptors);
        }
    }
}

void turn_away(tcp::socket socket, std::string_view line) {
    std::error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(line), ignored);  // a new connection has room for it
    socket.shutdown(tcp::socket::shutdown_send, ignored);
    socket.close(ignored);
}

}  // namespace p2p
