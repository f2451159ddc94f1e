#include "tracker/connection.hpp"

#include "net/host.hpp"
#include "net/stream.hpp"
#include "protocol/json.hpp"

#include <algorithm>

namespace p2p {

namespace {

constexpr duration write_limit = std::chrono::seconds{30};
constexpr std::size_t outbox_limit = std::size_t{1} << 20U;

// A turn ends when so much was read, or is in the outbox: the others are to have theirs.
constexpr std::size_t most_read_in_a_turn = std::size_t{16} * 1024;
constexpr std::size_t most_said_in_a_turn = std::size_t{64} * 1024;

}  // namespace

shared_buffers::shared_buffers() : input_(max_line_length, most_read_in_a_turn) {}

void shared_buffers::flush() {
    for (tracker_connection* const one : unflushed_) {
        one->is_unflushed_ = false;
        if (!one->is_blocked()) one->send();
    }
    unflushed_.clear();
}

tracker_connection::tracker_connection(tcp::socket socket, shared_buffers& shared, duration silence_limit,
                                       const security* secured)
    : socket_(plain(std::move(socket))),
      tls_(secured ? secured->accept(socket_.native_handle()) : nullptr),
      shared_(shared),
      silence_limit_(silence_limit),
      shaking_hands_(secured != nullptr) {}

tracker_connection::~tracker_connection() {
    if (is_unflushed_) std::erase(shared_.unflushed_, this);
}

tracker_connection::plain_socket tracker_connection::plain(tcp::socket socket) {
    tune(socket, {});
    const asio::any_io_executor any = socket.get_executor();
    const auto* const executor = any.target<asio::io_context::executor_type>();
    const tcp protocol = socket.local_endpoint().protocol();
    plain_socket same(*executor, protocol, socket.release());
    same.non_blocking(true);
    return same;
}

// No coroutine itself: its frame would take memory for as long as a peer is idle.
awaitable<void> tracker_connection::wait_for(plain_socket::wait_type what) {
    return socket_.async_wait(what, asio::redirect_error(use_awaitable, waked_));
}

// As far as it goes, and then waits.
awaitable<void> tracker_connection::shake_hands() {
    throw_if_over();
    if (read_by_ == time_point::max()) read_by_ = std::chrono::steady_clock::now() + silence_limit_;
    const tls_channel::outcome done = tls_->handshake();
    if (done.error) close(done.error);
    throw_if_over();
    shaking_hands_ = done.needs != tls_channel::wants::nothing;
    return wait_for(done.needs == tls_channel::wants::to_read ? plain_socket::wait_read
                                                              : plain_socket::wait_write);
}

awaitable<void> tracker_connection::input() {
    throw_if_over();
    read_by_ = std::chrono::steady_clock::now() + silence_limit_;
    return wait_for(plain_socket::wait_read);
}

void tracker_connection::receive() {
    read_by_ = time_point::max();
    if (!socket_.is_open()) return;
    const std::span<std::byte> room = unread().prepare();
    std::error_code error;
    const std::size_t n = read_some(room, error);
    if (!error)
        unread().commit(n);
    else if (error != asio::error::would_block)
        close(error);
}

namespace {

// What a socket says.
std::size_t bytes_of(const tls_channel::outcome& done, std::error_code& error) {
    error = done.error;
    if (done.needs != tls_channel::wants::nothing) error = asio::error::would_block;
    return done.bytes;
}

}  // namespace

std::size_t tracker_connection::read_some(std::span<std::byte> into, std::error_code& error) {
    if (tls_) return bytes_of(tls_->read(into), error);
    return socket_.read_some(asio::buffer(into.data(), into.size()), error);
}

std::size_t tracker_connection::write_some(std::error_code& error) {
    if (tls_) return bytes_of(tls_->write(std::as_bytes(std::span{outbox_})), error);
    return socket_.write_some(asio::buffer(outbox_), error);
}

std::optional<std::string_view> tracker_connection::next_line() {
    throw_if_over();
    const auto line = unread().next_line();
    if (!line) throw protocol_violation(line.error());
    return *line;
}

void tracker_connection::end_turn() {
    if (unread_ && unread_->buffered() == 0) unread_.reset();
    if (shared_.input_.buffered() > 0) unread_ = std::make_unique<frame_buffer>(shared_.input_.take_rest());
    shared_.flush();
}

bool tracker_connection::post(std::string_view line) {
    if (!socket_.is_open()) return true;
    if (outbox_.size() + line.size() > outbox_limit) return false;
    if (outbox_.empty()) std::swap(outbox_, shared_.spare_output_);
    outbox_ += line;
    if (!std::exchange(is_unflushed_, true)) shared_.unflushed_.push_back(this);
    return true;
}

bool tracker_connection::is_full() const {
    return outbox_.size() >= most_said_in_a_turn;
}

void tracker_connection::send() {
    write_by_ = time_point::max();
    while (socket_.is_open() && !outbox_.empty()) {
        std::error_code error;
        const std::size_t n = write_some(error);
        if (error == asio::error::would_block) {
            write_by_ = std::chrono::steady_clock::now() + (over_ ? farewell_limit : write_limit);
            socket_.cancel();  // whoever waits for input is to drain() it
            return;
        }
        if (error) return close(error);
        outbox_.erase(0, n);
    }
    std::swap(outbox_, shared_.spare_output_);
    std::string{}.swap(outbox_);
}

awaitable<void> tracker_connection::drain() {
    while (is_blocked()) {
        co_await wait_for(plain_socket::wait_write);
        send();
    }
}

void tracker_connection::finish() {
    if (over_) return;
    over_ = asio::error::shut_down;
    socket_.cancel();
    if (is_blocked()) write_by_ = std::min(write_by_, std::chrono::steady_clock::now() + farewell_limit);
}

void tracker_connection::close(std::error_code why) {
    if (!over_) over_ = why;
    read_by_ = write_by_ = time_point::max();
    std::error_code ignored;
    socket_.close(ignored);
}

void tracker_connection::throw_if_over() const {
    if (over_) throw std::system_error(over_);
}

time_point tracker_connection::check_deadlines(time_point now) {
    if (std::min(read_by_, write_by_) <= now) close(asio::error::timed_out);
    return std::min(read_by_, write_by_);
}

std::string tracker_connection::remote_host() const {
    std::error_code ignored;
    return host_of(socket_.remote_endpoint(ignored).address());
}

}  // namespace p2p
