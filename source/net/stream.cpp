#include "net/stream.hpp"

#include <asio/connect.hpp>
#include <asio/write.hpp>

#include <cerrno>
#include <sys/sendfile.h>
#include <sys/socket.h>

namespace p2p {

namespace {

constexpr duration write_deadline = std::chrono::seconds{30};
constexpr duration farewell_deadline = std::chrono::seconds{2};
constexpr duration default_silence_limit = std::chrono::seconds{30};
constexpr std::size_t outbox_limit = std::size_t{1} << 20U;

// A single read takes at most so much, so that one connection cannot keep the others from their turn.
constexpr std::size_t most_at_once = std::size_t{1} << 20U;

}  // namespace

// Closes the socket when a wait takes too long. Shared with the timer's handler, which may run after the
// stream ended.
struct stream::watchdog : std::enable_shared_from_this<watchdog> {
    explicit watchdog(tcp::socket& s) : socket(&s), timer(s.get_executor()) {}

    void watch(duration limit) {
        expires = std::chrono::steady_clock::now() + limit;
        if (!armed || expires < timer.expiry()) arm();
    }
    void rest() { expires = time_point::max(); }

    /// Throws timed_out instead of what the closed socket said.
    void explain(const std::error_code& error) const {
        if (bitten) throw std::system_error(asio::error::timed_out);
        if (error) throw std::system_error(error);
    }

    void arm() {
        armed = true;
        timer.expires_at(expires);
        timer.async_wait([self = shared_from_this()](std::error_code error) {
            if (!error) self->look();
        });
    }

    // The timer is set once and looks again when it is due: most waits end long before.
    void look() {
        armed = false;
        if (!socket || expires == time_point::max()) return;
        if (std::chrono::steady_clock::now() < expires) return arm();
        bitten = true;
        std::error_code ignored;
        socket->close(ignored);
    }

    tcp::socket* socket;
    asio::steady_timer timer;
    time_point expires = time_point::max();
    bool armed = false;
    bool bitten = false;
};

stream::stream(tcp::socket socket, stream_limits limits)
    : socket_(std::move(socket)),
      limits_(limits),
      silence_limit_(default_silence_limit),
      work_(socket_.get_executor()),
      room_(socket_.get_executor()),
      read_watchdog_(std::make_shared<watchdog>(socket_)),
      write_watchdog_(std::make_shared<watchdog>(socket_)) {
    std::error_code ignored;
    remote_ = socket_.remote_endpoint(ignored);
    tune(socket_, limits_);
}

stream::~stream() {
    for (const auto& dog : {read_watchdog_, write_watchdog_}) {
        dog->socket = nullptr;
        dog->timer.cancel();
    }
}

void stream::close() {
    std::error_code ignored;
    socket_.close(ignored);
    work_.set();
    room_.set();
}

void stream::finish() {
    finishing_ = true;
    work_.set();
}

awaitable<void> stream::write_lines() {
    for (;;) {
        co_await flush();
        if (finishing_) break;
        co_await wait_for_work();
    }
    close();
}

awaitable<std::string_view> stream::read_line() {
    for (;;) {
        const auto line = frames_.next_line();
        if (!line) throw protocol_violation(line.error());
        if (*line) co_return **line;
        const std::span<std::byte> room = frames_.prepare();
        frames_.commit(co_await read_some(room));
    }
}

awaitable<std::size_t> stream::read_content(std::span<std::byte> into) {
    if (const std::size_t early = frames_.take(into)) co_return early;
    co_return co_await read_some(into);
}

awaitable<std::size_t> stream::read_some(std::span<std::byte> into) {
    std::size_t most = std::min(into.size(), most_at_once);
    if (limits_.down) most = std::min(most, limits_.down->slice());
    std::error_code error;
    read_watchdog_->watch(silence_limit_);
    const std::size_t n = co_await socket_.async_read_some(asio::buffer(into.data(), most),
                                                           asio::redirect_error(use_awaitable, error));
    read_watchdog_->rest();
    read_watchdog_->explain(error);
    received_ += n;
    if (limits_.down) co_await limits_.down->take(n);
    co_return n;
}

void stream::post(std::string_view line) {
    if (outbox_.size() + line.size() > outbox_limit) throw std::system_error(asio::error::no_buffer_space);
    outbox_ += line;
    work_.set();
}

awaitable<void> stream::flush() {
    while (!outbox_.empty()) {
        sending_.clear();
        std::swap(sending_, outbox_);
        room_.set();
        if (limits_.up) limits_.up->charge(sending_.size());
        try {
            co_await write_all(sending_, false);
        } catch (...) {
            close();  // or whoever waits for room would wait for ever
            throw;
        }
    }
}

awaitable<void> stream::room_in_outbox() {
    while (outbox_.size() > outbox_limit / 2) {
        if (!socket_.is_open()) throw std::system_error(asio::error::not_connected);
        co_await room_.wait();
    }
}

awaitable<void> stream::write_all(std::string_view bytes, bool more_follows) {
    while (!bytes.empty()) {
        std::error_code error;
        write_watchdog_->watch(finishing_ ? farewell_deadline : write_deadline);
        const auto n =
            co_await socket_.async_send(asio::buffer(bytes.data(), bytes.size()), more_follows ? MSG_MORE : 0,
                                        asio::redirect_error(use_awaitable, error));
        write_watchdog_->rest();
        write_watchdog_->explain(error);
        bytes.remove_prefix(n);
        sent_ += n;
    }
}

awaitable<void> stream::writable() {
    std::error_code error;
    write_watchdog_->watch(finishing_ ? farewell_deadline : write_deadline);
    co_await socket_.async_wait(tcp::socket::wait_write, asio::redirect_error(use_awaitable, error));
    write_watchdog_->rest();
    write_watchdog_->explain(error);
}

awaitable<void> stream::send_file(std::string_view line, int file, byte_count offset, byte_count size) {
    if (limits_.up) limits_.up->charge(line.size());
    co_await write_all(line, size > 0);
    socket_.native_non_blocking(true);
    auto at = static_cast<off_t>(offset);
    while (size > 0) {
        const byte_count slice = limits_.up ? std::min<byte_count>(size, limits_.up->slice()) : size;
        if (limits_.up) co_await limits_.up->take(slice);
        for (byte_count left = slice; left > 0;) {
            const ssize_t n = ::sendfile(socket_.native_handle(), file, &at, left);
            if (n > 0) {
                left -= static_cast<byte_count>(n);
                sent_ += static_cast<byte_count>(n);
            } else if (n == 0) {
                throw std::system_error(EIO, std::generic_category(), "the file became shorter");
            } else if (errno == EAGAIN) {
                co_await writable();
            } else if (errno != EINTR) {
                throw std::system_error(errno, std::generic_category(), "sendfile");
            }
        }
        size -= slice;
    }
}

awaitable<void> stream::send_content(std::string_view line, std::span<const std::byte> bytes) {
    if (limits_.up) limits_.up->charge(line.size());
    co_await write_all(line, !bytes.empty());
    while (!bytes.empty()) {
        const std::size_t slice = limits_.up ? std::min(bytes.size(), limits_.up->slice()) : bytes.size();
        if (limits_.up) co_await limits_.up->take(slice);
        co_await write_all({reinterpret_cast<const char*>(bytes.data()), slice}, bytes.size() > slice);
        bytes = bytes.subspan(slice);
    }
}

void tune(tcp::socket& socket, const stream_limits& limits) {
    std::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    socket.set_option(asio::socket_base::keep_alive(true), ignored);
    constexpr int slices_in_kernel = 20;
    if (limits.up && limits.up->limited())
        socket.set_option(
            asio::socket_base::send_buffer_size(static_cast<int>(limits.up->slice()) * slices_in_kernel),
            ignored);
    if (limits.down && limits.down->limited())
        socket.set_option(
            asio::socket_base::receive_buffer_size(static_cast<int>(limits.down->slice()) * slices_in_kernel),
            ignored);
}

namespace {

// Closes what is being connected when the time is up; the handler may outlive the attempt.
struct connect_attempt {
    explicit connect_attempt(const asio::any_io_executor& executor)
        : resolver(executor), socket(executor), timer(executor) {}
    tcp::resolver resolver;
    tcp::socket socket;
    asio::steady_timer timer;
    bool over = false;
    bool too_late = false;
};

}  // namespace

awaitable<tcp::socket> connect_to(std::string host, std::uint16_t port, duration limit) {
    const auto attempt = std::make_shared<connect_attempt>(co_await asio::this_coro::executor);
    attempt->timer.expires_after(limit);
    attempt->timer.async_wait([attempt](std::error_code) {
        if (attempt->over) return;
        attempt->too_late = true;
        attempt->resolver.cancel();
        std::error_code ignored;
        attempt->socket.close(ignored);
    });

    std::error_code error;
    const std::string service = std::to_string(port);
    const auto found =
        co_await attempt->resolver.async_resolve(host, service, asio::redirect_error(use_awaitable, error));
    for (const auto& candidate : found) {
        if (attempt->too_late) break;
        std::error_code ignored;
        attempt->socket.close(ignored);
        co_await attempt->socket.async_connect(candidate.endpoint(),
                                               asio::redirect_error(use_awaitable, error));
        if (!error) break;
    }
    attempt->over = true;
    attempt->timer.cancel();
    if (attempt->too_late) throw std::system_error(asio::error::timed_out);
    if (error) throw std::system_error(error);
    co_return std::move(attempt->socket);
}

}  // namespace p2p
