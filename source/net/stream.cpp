#include "net/stream.hpp"

#include "net/on_pool.hpp"
#include "net/path.hpp"

#include <asio/post.hpp>
#include <asio/write.hpp>

#include <cerrno>
#include <limits>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

namespace p2p {

namespace {

constexpr duration write_deadline = std::chrono::seconds{30};
constexpr duration farewell_deadline = std::chrono::seconds{2};
constexpr duration default_silence_limit = std::chrono::seconds{30};

// A single read takes at most so much, so that one connection cannot keep the others from their turn.
constexpr std::size_t most_at_once = std::size_t{1} << 20U;

// Of a file that is sent through memory, so much at a time.
constexpr std::size_t most_copied = std::size_t{64} * 1024;

// Large enough that handing it to the pool costs little, small enough for a processor's own cache.
constexpr std::size_t piece_size = std::size_t{256} * 1024;

// To visit the pool for every packet would cost more than what is done with it there: about as much is
// awaited as comes in this time.
constexpr duration gathering_time = std::chrono::milliseconds{10};
constexpr std::size_t most_gathered = std::size_t{64} * 1024;

// How much is worth waiting for, where so many bytes came since then. Starts anew.
std::size_t pace(std::size_t bytes, time_point& since) {
    const time_point now = std::chrono::steady_clock::now();
    const duration took = std::max<duration>(now - std::exchange(since, now), std::chrono::microseconds{1});
    const double gathered =
        static_cast<double>(bytes) * (std::chrono::duration<double>(gathering_time) / took);
    return static_cast<std::size_t>(std::clamp(gathered, 1.0, static_cast<double>(most_gathered)));
}

std::system_error file_became_shorter() {
    return {EIO, std::generic_category(), "the file became shorter"};
}

// Fills `into`. Throws std::system_error.
void read_file(int file, byte_count offset, std::span<std::byte> into) {
    while (!into.empty()) {
        const ssize_t n = ::pread(file, into.data(), into.size(), static_cast<off_t>(offset));
        if (n == 0) throw file_became_shorter();
        if (n < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "read");
        if (n <= 0) continue;
        into = into.subspan(static_cast<std::size_t>(n));
        offset += static_cast<byte_count>(n);
    }
}

}  // namespace

// Ends the wait that takes too long: for reading, so that the other side can be told why, or the connection.
// Shared with the timer's handler, which may run after the stream ended.
struct stream::watchdog : std::enable_shared_from_this<watchdog> {
    using bite = void (stream::*)();
    watchdog(stream& s, bite what) : guarded(&s), end(what), timer(s.socket_.get_executor()) {}

    void watch(duration limit) {
        expires = std::chrono::steady_clock::now() + limit;
        if (!armed || expires < timer.expiry()) arm();
    }
    duration remaining() const { return expires - std::chrono::steady_clock::now(); }
    void rest() {
        expires = time_point::max();
        waits_to_write = false;
    }

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
        if (!guarded || expires == time_point::max()) return;
        if (std::chrono::steady_clock::now() < expires) return arm();
        bitten = true;
        if (waits_to_write)
            guarded->close_socket();
        else
            (guarded->*end)();
    }

    stream* guarded;
    bite end;
    asio::steady_timer timer;
    time_point expires = time_point::max();
    bool armed = false;
    bool bitten = false;
    bool waits_to_write = false;
};

stream::stream(tcp::socket socket, stream_limits limits, std::unique_ptr<tls_channel> tls)
    : executor_(socket.get_executor()),
      socket_(std::move(socket)),
      tls_(std::move(tls)),
      limits_(limits),
      silence_limit_(default_silence_limit),
      frames_(limits.line),
      work_(socket_.get_executor()),
      room_(socket_.get_executor()),
      read_watchdog_(std::make_shared<watchdog>(*this, &stream::stop_reading)),
      write_watchdog_(std::make_shared<watchdog>(*this, &stream::close_socket)) {
    std::error_code ignored;
    tune(socket_, limits_);
    if (tls_) socket_.native_non_blocking(true, ignored);
}

stream::~stream() {
    for (const auto& dog : {read_watchdog_, write_watchdog_}) {
        dog->guarded = nullptr;
        dog->timer.cancel();
    }
}

// While the pool reads from the socket, its descriptor must not become another's.
void stream::close_socket() {
    std::error_code ignored;
    if (lent_) {
        to_be_closed_ = true;
        socket_.shutdown(tcp::socket::shutdown_both, ignored);
    } else {
        socket_.close(ignored);
    }
}

// Its descriptor may be another's by now.
void stream::require_open() const {
    if (!socket_.is_open()) throw std::system_error(asio::error::operation_aborted);
}

awaitable<void> stream::handshake(duration limit) {
    const time_point until = std::chrono::steady_clock::now() + limit;
    while (tls_) {
        require_open();
        const tls_channel::outcome done = tls_->handshake();
        if (done.error) throw std::system_error(done.error);
        if (done.needs == tls_channel::wants::nothing) co_return;
        co_await ready(done.needs, *read_watchdog_, until - std::chrono::steady_clock::now());
    }
}

void stream::stop_reading() {
    std::error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_receive, ignored);
}

void stream::close() {
    close_socket();
    work_.set();
    room_.set();
}

void stream::finish() {
    finishing_ = true;
    work_.set();
}

awaitable<void> stream::say_and_close(std::string last_line) {
    try {
        post(last_line);
        finish();
        read_no_more();
        co_await flush();
        co_await linger();
    } catch (const std::system_error&) {
        // It has gone already.
    }
    close();
}

awaitable<void> stream::skip_content(byte_count size) {
    constexpr byte_count at_once = 16 * 1024;
    std::vector<std::byte> drain(std::min(size, at_once));
    while (size > 0) {
        const auto room = std::span{drain}.first(std::min<byte_count>(size, drain.size()));
        size -= co_await read_content(room);
    }
}

void stream::read_no_more() {
    is_read_ = false;
    work_.set();
}

awaitable<void> stream::linger() {
    std::error_code error;
    socket_.shutdown(tcp::socket::shutdown_send, error);
    const time_point until = std::chrono::steady_clock::now() + farewell_deadline;
    while (is_read_ && socket_.is_open() && std::chrono::steady_clock::now() < until)
        co_await work_.wait_until(until);
    if (is_read_ || !socket_.is_open()) co_return;
    low_water(1);
    constexpr std::size_t a_little = 4096;
    std::vector<std::byte> unread(a_little);
    while (!error && socket_.is_open() && !read_watchdog_->bitten) {
        read_watchdog_->watch(until - std::chrono::steady_clock::now());
        co_await socket_.async_read_some(asio::buffer(unread), asio::redirect_error(use_awaitable, error));
        read_watchdog_->rest();
    }
}

awaitable<void> stream::write_lines() {
    for (;;) {
        co_await flush();
        if (finishing_) break;
        co_await wait_for_work();
    }
    co_await linger();
    close();
}

awaitable<std::string_view> stream::read_line() {
    for (duration remaining = silence_limit_;;) {
        const auto line = frames_.next_line();
        if (!line) throw protocol_violation(line.error());
        if (*line) co_return **line;
        const std::span<std::byte> room = frames_.prepare();
        frames_.commit(co_await read_some(room, remaining));
    }
}

awaitable<std::size_t> stream::read_content(std::span<std::byte> into) {
    if (const std::size_t early = frames_.take(into)) co_return early;
    duration remaining = silence_limit_;
    co_return co_await read_some(into, remaining);
}

// Takes the time that it waits for the other side off what is left.
awaitable<std::size_t> stream::read_some(std::span<std::byte> into, duration& remaining) {
    std::size_t most = std::min(into.size(), most_at_once);
    if (limits_.down) most = std::min(most, limits_.down->slice());
    low_water(1);
    std::size_t n = 0;
    if (tls_)
        n = co_await read_tls(into.first(most), remaining);
    else
        n = co_await read_plain(into.first(most), remaining);
    received_ += n;
    if (limits_.down) co_await limits_.down->take(n);
    co_return n;
}

awaitable<std::size_t> stream::read_plain(std::span<std::byte> into, duration& remaining) {
    std::error_code error;
    read_watchdog_->watch(remaining);
    const std::size_t n = co_await socket_.async_read_some(asio::buffer(into.data(), into.size()),
                                                           asio::redirect_error(use_awaitable, error));
    remaining = read_watchdog_->remaining();
    read_watchdog_->rest();
    read_watchdog_->explain(error);
    co_return n;
}

awaitable<std::size_t> stream::read_tls(std::span<std::byte> into, duration& remaining) {
    // Others have their turn, too, while this side sends as fast as it can be read.
    co_await asio::post(executor_, use_awaitable);
    for (;;) {
        require_open();
        const tls_channel::outcome got = tls_->read(into);
        if (got.error) throw std::system_error(got.error);
        if (got.needs == tls_channel::wants::nothing) co_return got.bytes;
        remaining = co_await ready(got.needs, *read_watchdog_, remaining);
    }
}

struct stream::piece {
    std::size_t size = 0;
    std::size_t early = 0;  // of these, came along with lines
    std::error_code error;  // what ended it, beside that no more is there
};

// What is there already.
tls_channel::outcome stream::receive(int socket, std::span<std::byte> into) {
    if (tls_) return tls_->read(into);
    for (;;) {
        const ssize_t n = ::recv(socket, into.data(), into.size(), MSG_DONTWAIT);
        if (n > 0) return {.bytes = static_cast<std::size_t>(n)};
        if (n == 0) return {.error = asio::error::eof};
        if (errno == EAGAIN) return {.needs = tls_channel::wants::to_read};
        if (errno != EINTR) return {.error = {errno, asio::error::get_system_category()}};
    }
}

// On the pool: as much of it as there is room for.
stream::piece stream::read_now(int socket, std::span<std::byte> into) {
    piece read;
    read.size = read.early = frames_.take(into);
    while (read.size < into.size() && !read.error) {
        const tls_channel::outcome got = receive(socket, into.subspan(read.size));
        if (got.needs != tls_channel::wants::nothing) break;
        read.size += got.bytes;
        read.error = got.error;
    }
    return read;
}

void stream::lend() {
    require_open();
    lent_ = true;
}

void stream::give_back() {
    lent_ = false;
    if (to_be_closed_) close_socket();
}

awaitable<void> stream::read_content(asio::thread_pool& pool, byte_count size, content_sink sink) {
    time_point since = std::chrono::steady_clock::now();
    std::size_t gathered = 1;
    fit_window();
    while (size > 0) {
        lend();
        piece read;
        const auto came = [this, &read, &sink, size] {
            give_back();
            received_ += read.size - read.early;
            if (limits_.window) limits_.window->came(sender_, read.size, std::chrono::steady_clock::now());
            if (read.size > 0) sink.came(read.size);
            if (read.size < size) return;
            if (limits_.down) limits_.down->charge(read.size - read.early);
            sink.all_came();
        };
        const byte_count most = std::min<byte_count>(size, limits_.down ? limits_.down->slice() : size);
        const auto job = [this, &read, &sink, &came, most, socket = socket_.native_handle()] {
            // One for each thread: to touch new memory for every chunk would cost more than to read it.
            thread_local std::vector<std::byte> buffer(piece_size);
            for (bool over = false; !over;) {
                const auto room = std::span{buffer}.first(std::min(most - read.size, piece_size));
                const piece next = read_now(socket, room);
                read = {read.size + next.size, read.early + next.early, next.error};
                over = next.size == 0 || next.error || read.size == most;
                if (over) asio::post(executor_, came);  // the rest is done without the stream
                if (next.size > 0) sink.take(room.first(next.size));
            }
        };
        co_await on_pool(pool, job);
        size -= read.size;
        if (size == 0) break;
        read_watchdog_->explain(read.error);
        if (read.size > 0) gathered = pace(read.size, since);
        if (limits_.down) co_await limits_.down->take(read.size - read.early);
        const bool comes_at_once = read.size > 0 && gathered == most_gathered;
        if (read.size < most && !comes_at_once) co_await readable(std::min<byte_count>(size, gathered));
    }
}

// Waits until so much has come, or the end.
awaitable<duration> stream::readable(std::size_t bytes) {
    low_water(bytes);
    return ready(tls_channel::wants::to_read, *read_watchdog_, silence_limit_);
}

// Returns what is left of the limit.
awaitable<duration> stream::ready(tls_channel::wants what, watchdog& dog, duration limit) {
    const auto wait = what == tls_channel::wants::to_read ? tcp::socket::wait_read : tcp::socket::wait_write;
    std::error_code error;
    dog.watch(limit);
    dog.waits_to_write = what == tls_channel::wants::to_write;
    co_await socket_.async_wait(wait, asio::redirect_error(use_awaitable, error));
    const duration remaining = dog.remaining();
    dog.rest();
    dog.explain(error);
    co_return remaining;
}

// Less than the window, or nothing more would come.
void stream::low_water(std::size_t bytes) {
    if (window_) bytes = std::min(bytes, *window_ / 4);
    if (tls_) bytes = std::max(bytes, tls_channel::most_held_back + 1) - tls_channel::most_held_back;
    if (bytes == low_water_) return;
    std::error_code ignored;
    socket_.set_option(asio::socket_base::receive_low_watermark(static_cast<int>(bytes)), ignored);
    low_water_ = bytes;
}

void stream::fit_window() {
    if (!limits_.window || (limits_.down && limits_.down->limited())) return;
    const auto fitting = limits_.window->of_one(path_of(socket_.native_handle()));
    if (std::exchange(window_, fitting) == fitting) return;
    const int clamp = fitting ? static_cast<int>(*fitting) : std::numeric_limits<int>::max() / 2;
    ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_WINDOW_CLAMP, &clamp, sizeof clamp);
}

void stream::post(std::string_view line) {
    if (outbox_.size() + line.size() > limits_.buffered)
        throw std::system_error(asio::error::no_buffer_space);
    outbox_ += line;
    work_.set();
}

void stream::give_up(std::string_view line) {
    outbox_ = line;
    finish();
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
    while (outbox_.size() > limits_.buffered / 2) {
        if (!socket_.is_open()) throw std::system_error(asio::error::not_connected);
        co_await room_.wait();
    }
}

awaitable<void> stream::write_all(std::string_view bytes, bool more_follows) {
    if (tls_) {
        co_await write_tls(bytes);
        co_return;
    }
    while (!bytes.empty()) {
        std::error_code error;
        write_watchdog_->watch(write_limit());
        const auto n =
            co_await socket_.async_send(asio::buffer(bytes.data(), bytes.size()), more_follows ? MSG_MORE : 0,
                                        asio::redirect_error(use_awaitable, error));
        write_watchdog_->rest();
        write_watchdog_->explain(error);
        bytes.remove_prefix(n);
        sent_ += n;
    }
}

awaitable<void> stream::write_tls(std::string_view bytes) {
    while (!bytes.empty()) {
        require_open();
        const tls_channel::outcome done = tls_->write(std::as_bytes(std::span{bytes}));
        if (done.error) throw std::system_error(done.error);
        bytes.remove_prefix(done.bytes);
        sent_ += done.bytes;
        if (done.needs != tls_channel::wants::nothing)
            co_await ready(done.needs, *write_watchdog_, write_limit());
    }
}

duration stream::write_limit() const {
    return finishing_ ? farewell_deadline : write_deadline;
}

awaitable<duration> stream::writable() {
    return ready(tls_channel::wants::to_write, *write_watchdog_, write_limit());
}

// As much of a file as there is room for.
tls_channel::outcome stream::transmit(int file, byte_count offset, byte_count size) {
    require_open();
    if (tls_) return tls_->send_file(file, offset, size);
    auto at = static_cast<off_t>(offset);
    for (;;) {
        const ssize_t n = ::sendfile(socket_.native_handle(), file, &at, size);
        if (n >= 0) return {.bytes = static_cast<std::size_t>(n)};
        if (errno == EAGAIN) return {.needs = tls_channel::wants::to_write};
        if (errno != EINTR) return {.error = {errno, asio::error::get_system_category()}};
    }
}

awaitable<void> stream::send_file(std::string_view line, int file, byte_count offset, byte_count size) {
    if (limits_.up) limits_.up->charge(line.size());
    if (tls_ && !tls_->sends_files()) {
        co_await send_copy(line, file, offset, size);
        co_return;
    }
    co_await write_all(line, size > 0);
    socket_.native_non_blocking(true);
    while (size > 0) {
        const byte_count slice = limits_.up ? std::min<byte_count>(size, limits_.up->slice()) : size;
        if (limits_.up) co_await limits_.up->take(slice);
        for (byte_count remaining = slice; remaining > 0;) {
            const tls_channel::outcome done = transmit(file, offset, remaining);
            if (done.error) throw std::system_error(done.error, "sendfile");
            if (done.needs != tls_channel::wants::nothing) {
                co_await writable();
            } else if (done.bytes == 0) {
                throw file_became_shorter();
            } else {
                remaining -= done.bytes;
                offset += done.bytes;
                sent_ += done.bytes;
            }
        }
        size -= slice;
    }
}

// Where this program encrypts, it must have the bytes.
awaitable<void> stream::send_copy(std::string_view line, int file, byte_count offset, byte_count size) {
    std::string copy{line};
    do {
        byte_count slice = std::min<byte_count>(size, most_copied);
        if (limits_.up) slice = std::min<byte_count>(slice, limits_.up->slice());
        if (limits_.up) co_await limits_.up->take(slice);
        const std::size_t begin = copy.size();
        copy.resize(begin + slice);
        read_file(file, offset, std::as_writable_bytes(std::span{copy}.subspan(begin)));
        co_await write_all(copy, false);
        copy.clear();
        offset += slice;
        size -= slice;
    } while (size > 0);
    co_await asio::post(executor_, use_awaitable);  // the others have their turn
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

awaitable<std::unique_ptr<stream>> open_stream(endpoint to, connecting how) {
    const named_by whom = how.is_named ? named_by::user : named_by::others;
    std::vector<tcp::endpoint> addresses = co_await find_addresses(to, whom);
    const time_point until = std::chrono::steady_clock::now() + how.limit;
    tcp::socket socket = co_await connect_to_one_of(std::move(addresses), until, how.from);
    std::unique_ptr<tls_channel> tls;
    const std::string expected = how.is_named ? to.host : "";
    if (how.secured) tls = how.secured->connect(socket.native_handle(), expected);
    auto line = std::make_unique<stream>(std::move(socket), how.limits, std::move(tls));
    co_await line->handshake(until - std::chrono::steady_clock::now());
    co_return line;
}

}  // namespace p2p
