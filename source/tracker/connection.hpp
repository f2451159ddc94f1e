// One connection of a tracker, for the coroutine that serves it: lines in, lines out, a deadline on every
// wait. A tracker has thousands, and most of them wait most of the time. So none owns a buffer while it
// waits: what comes is read into one that all of them share, and what one read brought is answered with one
// write.
#pragma once

#include "core/base/types.hpp"
#include "net/asio.hpp"
#include "net/security.hpp"
#include "protocol/framing.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace p2p {

class tracker_connection;

/// What connections may keep in memory. A million connections of which each has begun a line would take it
/// all: so strangers may only say what is short, and all connections together have a limit as well.
struct buffer_limits {
    std::size_t line = max_line_length;            ///< of a peer that has said hello
    std::size_t first_line = 4096;                 ///< of anybody else: a hello takes less than half of it
    std::size_t buffered = std::size_t{1} << 20U;  ///< what waits to be sent on one connection
    /// What was not sent, and not read, on all of them. Over it, those end that have more than their share;
    /// the others together never have as much again.
    std::size_t in_all = std::size_t{256} << 20U;
};

/// How long a connection that is to end may take to send what is in its outbox.
inline constexpr duration farewell_limit = std::chrono::seconds{2};

/// What the connections of a tracker share.
class shared_buffers {
public:
    explicit shared_buffers(const buffer_limits& limits = {});

    /// Sends what was posted, on whichever connections, as far as there is room. It never waits.
    void flush();

    /// Nothing that is posted from now on may be sent: it tells what is not saved yet.
    void hold() { holds_ = true; }
    /// What is held now is about to be saved.
    void mark_held();
    /// That is saved, and goes out; what was posted since too, if `all` of it is about what is saved.
    void release_marked(bool all);

private:
    friend class tracker_connection;
    buffer_limits limits_;
    std::size_t buffered_ = 0;  // by all of them
    std::size_t connections_ = 0;
    frame_buffer input_;        // empty whenever a coroutine waits
    std::string spare_output_;  // the memory of the last outbox that was sent
    std::vector<tracker_connection*> unflushed_;
    bool holds_ = false;
};

class tracker_connection {
public:
    /// The socket's executor must be that of an io_context; `shared` must outlive it. Until heard() is
    /// called, it ends after `hello_limit`, whatever comes. No `secured`: plain TCP.
    tracker_connection(tcp::socket socket, shared_buffers& shared, duration hello_limit,
                       const security* secured);
    tracker_connection(const tracker_connection&) = delete;
    tracker_connection& operator=(const tracker_connection&) = delete;
    ~tracker_connection();

    /// Who is at the other end has said hello: from the next wait on, it ends so long after heard() was
    /// called last, and lines may be longer.
    void welcomed(duration silence_limit) {
        silence_limit_ = silence_limit;
        is_welcome_ = true;
        heard();
    }
    /// A line that counts has come. Bytes that never become one do not keep a connection alive.
    void heard() { is_heard_ = true; }
    time_point silent_since(time_point now) const { return is_heard_ ? now : heard_by_ - silence_limit_; }

    /// Whether the handshake of TLS is still to be done; nothing else is possible before. It must be over
    /// within the silence limit.
    bool is_shaking_hands() const { return shaking_hands_; }
    awaitable<void> shake_hands();

    /// Waits until something came. Returns early when what others posted finds no room: see drain().
    awaitable<void> input();

    /// Reads what came, if anything did. What came before a reset does not count: nobody is there who says
    /// it.
    void receive();

    /// The next whole line of it. The view lives until the coroutine waits. May throw protocol_violation.
    std::optional<std::string_view> next_line();

    /// Something has come and was not received: there is nothing to wait for.
    bool has_more() const { return tls_ && tls_->has_unread(); }

    /// Gives the shared buffers to the others, and sends what was posted: to be called before every wait. May
    /// throw protocol_violation: there is no room for what came and was not read.
    void end_turn();

    /// Puts a line into the outbox, to be sent by shared_buffers::flush(). false: the other side reads so
    /// slowly that there is no room for it. After give_up(), nothing is sent any more.
    bool post(std::string_view line);

    /// So much is in the outbox that the turn should end.
    bool is_full() const;

    /// Something in the outbox is not to be sent yet.
    bool is_held() const { return held_ > 0; }

    /// Something in the outbox found no room in the socket: drain() is to send it.
    bool is_blocked() const { return write_by_ != time_point::max(); }
    awaitable<void> drain();

    /// The last line that is sent, in place of all that waits to be sent (but for the rest of a line that has
    /// begun), and finish().
    void give_up(std::string_view line, std::error_code why);

    /// Nothing more is to be read. What is in the outbox may be sent.
    void finish(std::error_code why = asio::error::shut_down);

    /// Waits, after the last line was sent, until the other side has closed too, for a short time: to close
    /// while something is unread would take back what the other side has not received yet.
    awaitable<void> linger();

    void close(std::error_code why);

    /// Throws std::system_error after finish() or close(); so do input() and next_line().
    void throw_if_ended() const;

    /// Ends it (asio::error::timed_out) if its time is up: finish() where nothing came, close() where nothing
    /// could be sent. Returns when that will be at the earliest.
    time_point check_deadlines(time_point now);

    /// Where the other side has reached this one.
    std::string local_host() const;

private:
    friend class shared_buffers;

    void send();
    void count_buffered();
    bool takes_too_much(std::size_t more) const;
    std::size_t sendable() const { return outbox_.size() - held_; }
    void release(std::uint32_t bytes);
    frame_buffer& unread() { return unread_ ? *unread_ : shared_.input_; }

    // Where its executor may be of any kind, as that of tcp::socket, a socket that waits takes 100 bytes
    // more.
    using plain_socket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;
    static plain_socket plain(tcp::socket socket);
    awaitable<void> wait_for(plain_socket::wait_type what);
    std::size_t read_some(std::span<std::byte> into, std::error_code& error);
    bool was_reset() const;
    std::size_t write_some(std::error_code& error);

    plain_socket socket_;
    std::unique_ptr<tls_channel> tls_;  // none: plain TCP
    shared_buffers& shared_;
    duration silence_limit_;
    std::unique_ptr<frame_buffer> unread_;  // what came and was not answered in the last turn, if anything
    std::string outbox_;
    time_point heard_by_ = time_point::max();  // while it waits
    time_point write_by_ = time_point::max();
    std::error_code ended_;      // why, once it is
    std::error_code waked_;      // why a wait ended: what follows it finds out by itself
    std::uint32_t counted_ = 0;  // bytes of it in shared_buffers::buffered_
    std::uint32_t held_ = 0;     // of the outbox, at its end
    std::uint32_t marked_ = 0;   // of these, at their beginning
    bool is_unflushed_ = false;
    bool shaking_hands_;
    bool is_welcome_ = false;
    bool is_heard_ = true;
    bool waits_ = false;
    bool has_given_up_ = false;
};

}  // namespace p2p
