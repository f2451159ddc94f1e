#include "support/faulty_proxy.hpp"

#include "net/asio.hpp"
#include "net/event.hpp"
#include "net/listener.hpp"
#include "net/task_group.hpp"

#include <asio/write.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <random>
#include <thread>

namespace p2p {

namespace {

constexpr std::size_t byte_bits = 8;

/// Both sides of a connection, and what is to happen to it.
struct link_between {
    tcp::socket near;
    tcp::socket far;
    fault what;
    byte_count clean_bytes;  // before it happens
    std::mt19937_64 random;

    void reset() {
        for (tcp::socket* one : {&near, &far}) {
            std::error_code ignored;
            one->set_option(asio::socket_base::linger(true, 0), ignored);
            one->close(ignored);
        }
    }
};

byte_count about(byte_count bytes, std::mt19937_64& random) {
    return std::uniform_int_distribution<byte_count>{1, 2 * bytes}(random);
}

}  // namespace

class faulty_proxy::running {
public:
    explicit running(const proxy_options& options)
        : options_(options),
          random_(options.seed),
          acceptor_(listen_on(io_.get_executor(), options.listen)),
          address_{options.listen.host, acceptor_.local_endpoint().port()},
          tasks_(io_.get_executor()) {
        const auto hand_over = [this](tcp::socket socket, const std::string&) { arrived(std::move(socket)); };
        tasks_.spawn(accept_loop(acceptor_, hand_over));
        thread_ = std::thread([this] { io_.run(); });
    }
    ~running() {
        asio::post(io_, [this] { tasks_.cancel(); });
        thread_.join();
    }

    const endpoint& address() const { return address_; }
    unsigned connections() const { return connections_; }
    unsigned open() const { return open_; }

private:
    void arrived(tcp::socket socket) {
        const unsigned before = connections_++;
        const bool is_spoilt = options_.spoilt == 0 || before < options_.spoilt;
        std::uniform_int_distribution<std::size_t> any{0, options_.faults.size() - 1};
        const fault what = is_spoilt ? options_.faults[any(random_)] : fault::none;
        auto both = std::make_shared<link_between>(link_between{std::move(socket), tcp::socket{io_}, what,
                                                                about(options_.clean_bytes, random_),
                                                                std::mt19937_64{random_()}});
        tasks_.spawn(carry(std::move(both)));
    }

    awaitable<void> carry(std::shared_ptr<link_between> both) {
        ++open_;
        struct at_the_end {
            running& self;
            link_between& both;
            ~at_the_end() {
                both.reset();
                --self.open_;
            }
        } const end{*this, *both};
        if (both->what == fault::refuse) co_return;
        if (both->what == fault::mute) co_return co_await swallow(both->near);
        std::error_code failed;
        const tcp::endpoint target{asio::ip::make_address(options_.target.host), options_.target.port};
        both->far.open(target.protocol(), failed);
        const tcp::endpoint visitor = both->near.remote_endpoint(failed);
        if (!failed) both->far.bind({visitor.address(), 0}, failed);
        if (failed) co_return;
        co_await both->far.async_connect(target, asio::redirect_error(use_awaitable, failed));
        if (failed) co_return;
        task_group there(io_.get_executor());
        there.spawn(pump(*both, both->near, both->far));
        co_await there.join_after(pump(*both, both->far, both->near));
    }

    /// Nobody hears what comes, until the sender closes.
    static awaitable<void> swallow(tcp::socket& from) {
        std::array<char, 4096> bytes;
        for (std::error_code ended; !ended;) {
            auto room = asio::buffer(bytes);
            co_await from.async_read_some(room, asio::redirect_error(use_awaitable, ended));
        }
    }

    /// One way, until the sender or the receiver ends. What happens after clean_bytes happens to both.
    awaitable<void> pump(link_between& both, tcp::socket& from, tcp::socket& to) {
        std::array<char, 16384> bytes;
        byte_count left = both.clean_bytes;
        for (;;) {
            std::error_code ended;
            auto room = asio::buffer(bytes, both.what == fault::trickle ? 1 : bytes.size());
            const std::size_t n =
                co_await from.async_read_some(room, asio::redirect_error(use_awaitable, ended));
            if (ended == asio::error::eof) {
                to.shutdown(tcp::socket::shutdown_send, ended);
                co_return;
            }
            if (ended) co_return both.reset();
            if (left < n) {
                if (both.what == fault::cut) co_return both.reset();
                if (both.what == fault::stall) {
                    co_await swallow(from);
                    co_return both.reset();
                }
                if (both.what == fault::half_close) {
                    to.shutdown(tcp::socket::shutdown_send, ended);
                    co_return;
                }
                if (both.what == fault::flip)
                    bytes[both.random() % n] ^= static_cast<char>(1U << both.random() % byte_bits);
                left = about(options_.clean_bytes, both.random);
            }
            left -= std::min<byte_count>(left, n);
            if (both.what == fault::delay) co_await sleep_for(options_.late);
            auto now = asio::buffer(bytes.data(), n);
            co_await asio::async_write(to, now, asio::redirect_error(use_awaitable, ended));
            if (ended) co_return both.reset();
        }
    }

    proxy_options options_;
    std::mt19937_64 random_;
    asio::io_context io_;
    tcp::acceptor acceptor_;
    endpoint address_;
    task_group tasks_;
    std::atomic<unsigned> connections_ = 0;
    std::atomic<unsigned> open_ = 0;
    std::thread thread_;
};

faulty_proxy::faulty_proxy(const proxy_options& options) : running_(std::make_unique<running>(options)) {}
faulty_proxy::~faulty_proxy() = default;

endpoint faulty_proxy::address() const {
    return running_->address();
}
unsigned faulty_proxy::connections() const {
    return running_->connections();
}
unsigned faulty_proxy::open() const {
    return running_->open();
}

}  // namespace p2p
