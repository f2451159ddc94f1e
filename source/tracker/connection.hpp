// One connection of a tracker: lines in, lines out, with a deadline on every wait. A tracker has thousands,
// and most of them wait most of the time. So they are no coroutines, and own no buffers while they wait: what
// comes is read into one that all of them share, and what one read brought is answered with one write.
#pragma once

#include "core/types.hpp"
#include "net/asio.hpp"
#include "protocol/framing.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace p2p {

class tracker_connection;

/// How long a connection that is to end may take to send what is in its outbox.
inline constexpr duration farewell_limit = std::chrono::seconds{2};

/// What the connections of a tracker share.
class shared_buffers {
public:
    shared_buffers();

    /// Sends what was posted, on whichever connections.
    void flush();

private:
    friend class tracker_connection;
    frame_buffer input_;
    std::string spare_output_;  // the memory of the last outbox that was sent
    std::vector<std::shared_ptr<tracker_connection>> unflushed_;
};

/// It lives as long as anything waits for its socket. To whoever derives from it, nothing is said after
/// closed().
class tracker_connection : public std::enable_shared_from_this<tracker_connection> {
public:
    /// The socket's executor must be that of an io_context; `shared` must outlive close(). Nothing happens
    /// before start().
    tracker_connection(tcp::socket socket, shared_buffers& shared, duration silence_limit);
    tracker_connection(const tracker_connection&) = delete;
    tracker_connection& operator=(const tracker_connection&) = delete;
    virtual ~tracker_connection() = default;

    void start() { wait_for_input(); }

    /// From the next wait on, it ends when nothing at all comes for so long.
    void silence_limit(duration limit) { silence_limit_ = limit; }

    /// Puts a line into the outbox, which shared_buffers::flush() sends. false: the other side reads so
    /// slowly that too much is in it; the connection will end.
    bool post(std::string_view line);

    /// Reads nothing any more, sends what is in the outbox, and closes. shared_buffers::flush() must follow.
    void finish();

    void close();

    /// Ends it if its time is up. Returns when that will be at the earliest.
    time_point check_deadlines(time_point now);

    /// The address of the other side. An IPv4 peer of a dual-stack listener looks like that of an IPv4 one.
    std::string remote_host() const;

protected:
    /// A line came. What is posted meanwhile goes out together with the answers to the lines that came with
    /// it. May throw protocol_violation.
    virtual void received(std::string_view line) = 0;

    /// Posts the next line of an answer that takes several; false: nothing is left of it. Such an answer goes
    /// out as fast as the other side reads, and lets other connections have their turns.
    virtual bool continue_answer() = 0;

    /// It ends by itself, for this reason. What is posted now is the last that is sent.
    virtual void ended(std::string_view why) = 0;

    virtual void closed() = 0;

private:
    friend class shared_buffers;

    void wait_for_input();
    void read();
    void take_turn();
    bool answer_lines(frame_buffer& from);
    void continue_when_there_is_room();
    void send();
    void wait_for_room();
    void flush_later();
    void end(std::string_view why);
    bool is_over() const { return finishing_ || !socket_.is_open(); }

    // Where its executor may be of any kind, as that of tcp::socket, a socket that waits takes 100 bytes
    // more.
    using plain_socket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;
    static plain_socket plain(tcp::socket socket);

    plain_socket socket_;
    shared_buffers& shared_;
    duration silence_limit_;
    std::unique_ptr<frame_buffer> unread_;  // what came and is not answered yet, if anything
    std::string outbox_;
    time_point read_by_ = time_point::max();
    time_point write_by_ = time_point::max();
    bool waits_for_input_ = false;  // or for its next turn
    bool has_work_ = false;         // its turn ended before it was through
    bool is_unflushed_ = false;
    bool is_too_slow_ = false;
    bool finishing_ = false;
};

}  // namespace p2p
