#include "tracker/connection.hpp"

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
    for (std::size_t i = 0; i < unflushed_.size(); ++i) {
        const auto one = unflushed_[i];
        one->is_unflushed_ = false;
        one->send();
    }
    unflushed_.clear();
}

tracker_connection::tracker_connection(tcp::socket socket, shared_buffers& shared, duration silence_limit)
    : socket_(plain(std::move(socket))), shared_(shared), silence_limit_(silence_limit) {}

tracker_connection::plain_socket tracker_connection::plain(tcp::socket socket) {
    tune(socket, {});
    const asio::any_io_executor any = socket.get_executor();
    const auto* const executor = any.target<asio::io_context::executor_type>();
    const tcp protocol = socket.local_endpoint().protocol();
    plain_socket same(*executor, protocol, socket.release());
    same.non_blocking(true);
    return same;
}

void tracker_connection::wait_for_input() {
    waits_for_input_ = true;
    read_by_ = std::chrono::steady_clock::now() + silence_limit_;
    socket_.async_wait(plain_socket::wait_read,
                       [self = shared_from_this()](std::error_code) { self->read(); });
}

void tracker_connection::read() {
    waits_for_input_ = false;
    read_by_ = time_point::max();
    if (is_over()) return;
    frame_buffer& frames = unread_ ? *unread_ : shared_.input_;
    const std::span<std::byte> room = frames.prepare();
    std::error_code error;
    const std::size_t n = socket_.read_some(asio::buffer(room.data(), room.size()), error);
    if (error == asio::error::would_block) return wait_for_input();
    if (error) {
        end(error.message());
        return shared_.flush();
    }
    frames.commit(n);
    take_turn();
}

void tracker_connection::take_turn() {
    waits_for_input_ = false;
    if (is_over()) return;
    has_work_ = answer_lines(unread_ ? *unread_ : shared_.input_);
    if (unread_ && unread_->buffered() == 0) unread_.reset();
    if (shared_.input_.buffered() > 0) unread_ = std::make_unique<frame_buffer>(shared_.input_.take_rest());
    shared_.flush();
    continue_when_there_is_room();
}

// true: it is not through.
bool tracker_connection::answer_lines(frame_buffer& from) {
    try {
        while (outbox_.size() < most_said_in_a_turn) {
            if (continue_answer()) continue;
            const auto line = from.next_line();
            if (!line) throw protocol_violation(line.error());
            if (!*line) return false;
            received(**line);
            if (is_over()) return false;
        }
        return true;
    } catch (const protocol_violation& violation) {
        post(to_line(violation.answer));
        end(violation.what());
        return false;
    }
}

// A peer that does not read is not listened to: the system makes it wait.
void tracker_connection::continue_when_there_is_room() {
    if (waits_for_input_ || is_over() || outbox_.size() >= most_said_in_a_turn) return;
    if (!has_work_) return wait_for_input();
    waits_for_input_ = true;
    asio::post(socket_.get_executor(), [self = shared_from_this()] { self->take_turn(); });
}

bool tracker_connection::post(std::string_view line) {
    flush_later();
    if (is_too_slow_) return true;
    is_too_slow_ = outbox_.size() + line.size() > outbox_limit;
    if (is_too_slow_) return false;
    if (outbox_.empty()) std::swap(outbox_, shared_.spare_output_);
    outbox_ += line;
    return true;
}

void tracker_connection::flush_later() {
    if (std::exchange(is_unflushed_, true)) return;
    shared_.unflushed_.push_back(shared_from_this());
}

void tracker_connection::send() {
    if (!socket_.is_open()) return;
    if (is_too_slow_) {
        end("it reads too slowly");
        return close();
    }
    if (write_by_ != time_point::max()) return;  // until there is room
    while (!outbox_.empty()) {
        std::error_code error;
        const std::size_t n = socket_.write_some(asio::buffer(outbox_), error);
        if (error == asio::error::would_block) return wait_for_room();
        if (error) {
            end(error.message());
            return close();
        }
        outbox_.erase(0, n);
    }
    std::swap(outbox_, shared_.spare_output_);
    std::string{}.swap(outbox_);
    if (finishing_) close();
}

void tracker_connection::wait_for_room() {
    write_by_ = std::chrono::steady_clock::now() + (finishing_ ? farewell_limit : write_limit);
    socket_.async_wait(plain_socket::wait_write, [self = shared_from_this()](std::error_code) {
        self->write_by_ = time_point::max();
        self->send();
        self->continue_when_there_is_room();
    });
}

void tracker_connection::end(std::string_view why) {
    if (is_over()) return;
    ended(why);
    finish();
}

void tracker_connection::finish() {
    finishing_ = true;
    flush_later();
    if (write_by_ != time_point::max())
        write_by_ = std::min(write_by_, std::chrono::steady_clock::now() + farewell_limit);
}

void tracker_connection::close() {
    if (!socket_.is_open()) return;
    std::error_code ignored;
    socket_.close(ignored);
    closed();
}

time_point tracker_connection::check_deadlines(time_point now) {
    const time_point due = std::min(read_by_, write_by_);
    if (due > now) return due;
    end("was silent for too long");
    close();
    return time_point::max();
}

std::string tracker_connection::remote_host() const {
    std::error_code ignored;
    const auto address = socket_.remote_endpoint(ignored).address();
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
    return address.to_string();
}

}  // namespace p2p
