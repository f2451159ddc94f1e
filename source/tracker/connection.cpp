#include "tracker/connection.hpp"

#include "net/host.hpp"
#include "net/stream.hpp"
#include "protocol/json.hpp"

#include <algorithm>

namespace p2p {

namespace {

constexpr duration write_limit = std::chrono::seconds{30};

// A turn ends when so much was read, or is in the outbox: the others are to have theirs.
constexpr std::size_t most_read_in_a_turn = std::size_t{16} * 1024;
constexpr std::size_t most_said_in_a_turn = std::size_t{64} * 1024;

}  // namespace

shared_buffers::shared_buffers(const buffer_limits& limits)
    : limits_(limits), input_(limits.line, most_read_in_a_turn) {}

void shared_buffers::flush() {
    if (holds_) return;  // soon
    for (tracker_connection* const one : unflushed_) {
        one->is_unflushed_ = false;
        if (!one->is_blocked()) one->send();
    }
    unflushed_.clear();
}

void shared_buffers::mark_held() {
    for (tracker_connection* const one : unflushed_) one->marked_ = one->held_;
}

void shared_buffers::release_marked(bool all) {
    for (tracker_connection* const one : unflushed_) one->release(all ? one->held_ : one->marked_);
    holds_ = !all;
    if (all) return flush();
    for (tracker_connection* const one : unflushed_)
        if (!one->is_blocked()) one->send();
}

tracker_connection::tracker_connection(tcp::socket socket, shared_buffers& shared, duration hello_limit,
                                       const security* secured)
    : socket_(plain(std::move(socket))),
      tls_(secured ? secured->accept(socket_.native_handle()) : nullptr),
      shared_(shared),
      silence_limit_(hello_limit),
      shaking_hands_(secured != nullptr) {
    ++shared_.connections_;
}

tracker_connection::~tracker_connection() {
    if (is_unflushed_) std::erase(shared_.unflushed_, this);
    shared_.buffered_ -= counted_;
    --shared_.connections_;
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
    throw_if_ended();
    if (std::exchange(is_heard_, false)) heard_by_ = std::chrono::steady_clock::now() + silence_limit_;
    waits_ = true;
    const tls_channel::outcome done = tls_->handshake();
    if (done.error) close(done.error);
    throw_if_ended();
    shaking_hands_ = done.needs != tls_channel::wants::nothing;
    return wait_for(done.needs == tls_channel::wants::to_read ? plain_socket::wait_read
                                                              : plain_socket::wait_write);
}

awaitable<void> tracker_connection::input() {
    throw_if_ended();
    if (std::exchange(is_heard_, false)) heard_by_ = std::chrono::steady_clock::now() + silence_limit_;
    waits_ = true;
    return wait_for(plain_socket::wait_read);
}

void tracker_connection::receive() {
    waits_ = false;
    if (!socket_.is_open()) return;
    const std::span<std::byte> room = unread().prepare();
    std::error_code error;
    const std::size_t n = read_some(room, error);
    if (!error && was_reset()) error = asio::error::connection_reset;
    if (!error)
        unread().commit(n);
    else if (error == asio::error::eof)
        finish(error);  // it may still read what it is answered
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

// What came before can be read all the same: the socket only has no other side any more.
bool tracker_connection::was_reset() const {
    std::error_code error;
    (void)socket_.remote_endpoint(error);
    return static_cast<bool>(error);
}

std::size_t tracker_connection::write_some(std::error_code& error) {
    const std::span<const char> now{outbox_.data(), sendable()};
    if (tls_) return bytes_of(tls_->write(std::as_bytes(now)), error);
    return socket_.write_some(asio::buffer(now.data(), now.size()), error);
}

std::optional<std::string_view> tracker_connection::next_line() {
    throw_if_ended();
    const buffer_limits& limits = shared_.limits_;
    const auto line =
        unread().next_line(is_welcome_ ? limits.line : std::min(limits.line, limits.first_line));
    if (!line) throw protocol_violation(line.error());
    return *line;
}

void tracker_connection::end_turn() {
    if (unread_ && unread_->buffered() == 0) unread_.reset();
    if (shared_.input_.buffered() > 0) unread_ = std::make_unique<frame_buffer>(shared_.input_.take_rest());
    shared_.flush();
    count_buffered();
    if (!unread_ || !takes_too_much(0)) return;
    unread_.reset();
    count_buffered();
    if (!ended_) throw protocol_violation({"too_much_buffered", "too many lines have begun and not ended"});
}

// With so much more. When all connections together are over their limit, those go that have more than their
// share: the others did not bring it about.
bool tracker_connection::takes_too_much(std::size_t more) const {
    const std::size_t most = shared_.limits_.in_all;
    return shared_.buffered_ + more > most && counted_ + more > most / shared_.connections_;
}

void tracker_connection::count_buffered() {
    const std::size_t now = outbox_.size() + (unread_ ? unread_->buffered() : 0);
    shared_.buffered_ += now - counted_;
    counted_ = static_cast<std::uint32_t>(now);
}

bool tracker_connection::post(std::string_view line) {
    if (!socket_.is_open() || has_given_up_) return true;
    const buffer_limits& limits = shared_.limits_;
    if (outbox_.size() + line.size() > limits.buffered) return false;
    if (is_blocked() && takes_too_much(line.size())) return false;
    if (outbox_.empty()) std::swap(outbox_, shared_.spare_output_);
    outbox_ += line;
    if (shared_.holds_) held_ += static_cast<std::uint32_t>(line.size());
    count_buffered();
    if (!std::exchange(is_unflushed_, true)) shared_.unflushed_.push_back(this);
    return true;
}

void tracker_connection::release(std::uint32_t bytes) {
    held_ -= bytes;
    marked_ = 0;
}

bool tracker_connection::is_full() const {
    return outbox_.size() >= most_said_in_a_turn;
}

void tracker_connection::send() {
    write_by_ = time_point::max();
    while (socket_.is_open() && sendable() > 0) {
        std::error_code error;
        const std::size_t n = write_some(error);
        if (error == asio::error::would_block) {
            write_by_ = std::chrono::steady_clock::now() + (ended_ ? farewell_limit : write_limit);
            socket_.cancel();  // whoever waits for input is to drain() it
            count_buffered();
            return;
        }
        if (error) return close(error);
        outbox_.erase(0, n);
    }
    if (socket_.is_open() && is_held()) return count_buffered();
    release(held_);
    outbox_.clear();  // a socket that was closed took nothing: what was for it is for nobody else
    std::swap(outbox_, shared_.spare_output_);
    std::string{}.swap(outbox_);
    count_buffered();
}

awaitable<void> tracker_connection::drain() {
    while (is_blocked()) {
        co_await wait_for(plain_socket::wait_write);
        send();
        heard();  // nobody has listened meanwhile
    }
}

void tracker_connection::give_up(std::string_view line, std::error_code why) {
    if (ended_) return;
    if (!is_blocked()) {
        outbox_.clear();
    } else {
        // What TLS was offered must be offered again: a record.
        constexpr std::size_t record = std::size_t{16} * 1024;
        const std::size_t begun = outbox_.find('\n', tls_ ? std::min(record, sendable()) - 1 : 0);
        outbox_.resize(begun + 1);
    }
    held_ = marked_ = 0;
    outbox_ += line;
    has_given_up_ = true;
    if (!std::exchange(is_unflushed_, true)) shared_.unflushed_.push_back(this);
    count_buffered();
    finish(why);
}

void tracker_connection::finish(std::error_code why) {
    if (ended_) return;
    ended_ = why;
    socket_.cancel();
    if (is_blocked()) write_by_ = std::min(write_by_, std::chrono::steady_clock::now() + farewell_limit);
}

awaitable<void> tracker_connection::linger() {
    std::error_code error;
    if (socket_.is_open()) socket_.shutdown(tcp::socket::shutdown_send, error);
    heard_by_ = std::chrono::steady_clock::now() + farewell_limit;
    while (socket_.is_open()) {
        waits_ = true;
        co_await wait_for(plain_socket::wait_read);
        waits_ = false;
        const std::span<std::byte> room = shared_.input_.prepare();
        if (socket_.is_open()) socket_.read_some(asio::buffer(room.data(), room.size()), error);
        if (error && error != asio::error::would_block) close(error);
    }
}

void tracker_connection::close(std::error_code why) {
    if (!ended_) ended_ = why;
    waits_ = false;
    write_by_ = time_point::max();
    outbox_ = {};
    held_ = marked_ = 0;
    count_buffered();
    std::error_code ignored;
    socket_.close(ignored);
}

void tracker_connection::throw_if_ended() const {
    if (ended_) throw std::system_error(ended_);
}

time_point tracker_connection::check_deadlines(time_point now) {
    if (write_by_ <= now) close(asio::error::timed_out);
    if (waits_ && heard_by_ <= now) {
        waits_ = false;
        if (shaking_hands_ || ended_)
            close(asio::error::timed_out);
        else
            finish(asio::error::timed_out);
    }
    return waits_ ? std::min(heard_by_, write_by_) : write_by_;
}

std::string tracker_connection::local_host() const {
    std::error_code ignored;
    return host_of(socket_.local_endpoint(ignored).address());
}

}  // namespace p2p
