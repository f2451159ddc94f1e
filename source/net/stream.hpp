// One TCP connection as the protocol sees it, with TLS or without: lines, and raw content between them, with
// a deadline on every wait. One coroutine reads, one writes. Failures throw std::system_error;
// asio::error::timed_out where a deadline passed.
#pragma once

#include "core/base/types.hpp"
#include "core/base/units.hpp"
#include "core/hosts/receive_window.hpp"
#include "net/asio.hpp"
#include "net/connect.hpp"
#include "net/event.hpp"
#include "net/rate_limiter.hpp"
#include "net/security.hpp"
#include "protocol/framing.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace p2p {

/// The other side broke the protocol; `answer` is what to tell it before the connection ends.
struct protocol_violation : std::runtime_error {
    explicit protocol_violation(error_message why)
        : std::runtime_error(why.message), answer(std::move(why)) {}
    error_message answer;
};

/// Limits of a connection. The first three are shared by a peer's connections, and outlive its streams.
struct stream_limits {
    rate_limiter* up = nullptr;  ///< none: no limit
    rate_limiter* down = nullptr;
    receive_window* window = nullptr;
    std::size_t line = max_line_length;            ///< of one that comes
    std::size_t buffered = std::size_t{1} << 20U;  ///< what waits to be sent
};

class stream {
public:
    /// A write that makes no progress for `write_deadline` fails.
    explicit stream(tcp::socket socket, stream_limits limits = {}, std::unique_ptr<tls_channel> tls = {});
    ~stream();
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;

    /// Comes before anything else where there is TLS; without it there is nothing to do. Throws
    /// std::system_error, timed_out when it is not over in time.
    awaitable<void> handshake(duration limit);

    /// From now on, a read fails when nothing at all comes for so long, or no whole line where one is read:
    /// bytes that never become one are silence. What was posted can still be sent.
    void silence_limit(duration limit) { silence_limit_ = limit; }

    /// The next line, without its end; the view lives until the next read. Throws protocol_violation where it
    /// is too long, asio::error::eof where the other side has closed.
    awaitable<std::string_view> read_line();

    /// Reads at least one byte of content, at most `into.size()`; returns how many.
    awaitable<std::size_t> read_content(std::span<std::byte> into);

    /// What is done with content that is read on the pool.
    struct content_sink {
        /// On the pool, with each piece in turn.
        std::function<void(std::span<const std::byte>)> take;
        /// So many bytes more have left the connection.
        std::function<void(std::size_t)> came;
        /// All of them have: somebody else may read on, though the last piece may not be taken yet.
        std::function<void()> all_came;
    };
    /// Reads `size` bytes of content on the pool, so that they are hashed and written by the processor whose
    /// cache they came into. Returns once all of them are taken.
    awaitable<void> read_content(asio::thread_pool& pool, byte_count size, content_sink sink);

    /// Puts a line into the outbox; the writer sends it. Throws std::system_error (no_buffer_space) where the
    /// other side reads so slowly that more than stream_limits::buffered waits.
    void post(std::string_view line);

    /// The last line that is sent, in place of all that waits to be sent, and finish().
    void give_up(std::string_view line);

    /// Sends what is in the outbox.
    awaitable<void> flush();

    /// Waits until something is posted, or somebody calls wake() or finish(), or `at`.
    awaitable<void> wait_for_work(time_point at = time_point::max()) { return work_.wait_until(at); }
    void wake() { work_.set(); }

    /// The writer is to send what is in the outbox, within a short time, and then to close. Returns at once.
    void finish();
    bool finishing() const { return finishing_; }

    /// A writer for a connection that carries lines only: lingers after finish(), closes, and returns.
    awaitable<void> write_lines();

    /// Waits while more than half of the outbox limit is in the outbox. Throws std::system_error where the
    /// connection ends meanwhile.
    awaitable<void> room_in_outbox();

    /// Sends a line (which may be empty) and then `size` bytes of a file from `offset` on, without copying
    /// them. Throws std::system_error (io_error) where the file ends before.
    awaitable<void> send_file(std::string_view line, int file, byte_count offset, byte_count size);

    /// The same with bytes from memory.
    awaitable<void> send_content(std::string_view line, std::span<const std::byte> bytes);

    /// Nobody reads here any more: what still comes is dropped while the stream lingers.
    void read_no_more();

    /// Waits, after the last line was sent, until the other side has closed, for a short time: to close while
    /// something is unread would take back what it has not received yet. Whoever reads here reads on, and
    /// ends the stream or calls read_no_more().
    awaitable<void> linger();

    /// The last words on a connection of which nothing more is expected: sends them, lingers, closes. That
    /// the other side has gone already is no failure.
    awaitable<void> say_and_close(std::string last_line);

    /// Reads so much content, and drops it.
    awaitable<void> skip_content(byte_count size);

    void close();

    bool is_open() const { return socket_.is_open(); }
    byte_count received() const { return received_; }
    byte_count sent() const { return sent_; }

private:
    struct watchdog;

    struct piece;

    awaitable<std::size_t> read_some(std::span<std::byte> into, duration& remaining);
    awaitable<std::size_t> read_plain(std::span<std::byte> into, duration& remaining);
    awaitable<std::size_t> read_tls(std::span<std::byte> into, duration& remaining);
    tls_channel::outcome receive(int socket, std::span<std::byte> into);
    piece read_now(int socket, std::span<std::byte> into);
    void close_socket();
    void stop_reading();
    void lend();
    void give_back();
    awaitable<duration> readable(std::size_t bytes);
    void low_water(std::size_t bytes);
    void fit_window();
    awaitable<void> write_all(std::string_view bytes, bool more_follows);
    awaitable<void> write_tls(std::string_view bytes);
    awaitable<duration> writable();
    awaitable<duration> ready(tls_channel::wants what, watchdog& dog, duration limit);
    duration write_limit() const;
    tls_channel::outcome transmit(int file, byte_count offset, byte_count size);
    awaitable<void> send_copy(std::string_view line, int file, byte_count offset, byte_count size);
    void require_open() const;

    asio::any_io_executor executor_;
    tcp::socket socket_;
    std::unique_ptr<tls_channel> tls_;  // none: plain TCP
    stream_limits limits_;
    duration silence_limit_;
    frame_buffer frames_;
    std::string outbox_;
    std::string sending_;
    event work_;
    event room_;
    std::shared_ptr<watchdog> read_watchdog_;
    std::shared_ptr<watchdog> write_watchdog_;
    bool finishing_ = false;
    std::size_t low_water_ = 1;          // of the socket: fewer bytes do not make it readable
    std::optional<std::size_t> window_;  // what the other side may be ahead
    receive_window::sender sender_;
    bool is_read_ = true;        // by somebody
    bool lent_ = false;          // the pool reads from the socket
    bool to_be_closed_ = false;  // once it does not
    byte_count received_ = 0;
    byte_count sent_ = 0;
};

/// Sets what every connection of the project wants: no delay, keep-alive, small kernel buffers where rates
/// are limited (or they would hold seconds of traffic).
void tune(tcp::socket& socket, const stream_limits& limits);

/// How to connect to another program.
struct connecting {
    duration limit{};  ///< for all of it, once the addresses are known: see net/names.hpp
    stream_limits limits{};
    std::shared_ptr<const security> secured{};  ///< none: plain TCP
    bool is_named = false;     ///< by the user: its certificate must be for the host that it is connected by
    asio::ip::address from{};  ///< see net/connect.hpp
};

/// Finds the host's addresses, connects to the one that answers first, and shakes hands. Throws
/// std::system_error; timed_out after the limit.
awaitable<std::unique_ptr<stream>> open_stream(endpoint to, connecting how);

}  // namespace p2p
