// One connection to another peer, both ways: the download loop reads what the other side says and sends, the
// upload loop writes what this side says and the chunks that the session has it serve. Two coroutines, owned
// by run().
#pragma once

#include "core/base/units.hpp"
#include "core/chunks/chunk_set.hpp"
#include "core/transfer/idle_talk.hpp"
#include "core/transfer/upload_queue.hpp"
#include "net/event.hpp"
#include "net/stream.hpp"
#include "net/task_group.hpp"
#include "peer/status.hpp"
#include "protocol/messages.hpp"
#include "storage/chunk_store.hpp"

#include <atomic>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace p2p {

class session;

class connection {
public:
    /// The other side has opened it, and said `hello`; or (no hello) this side has, and says hello first.
    /// `where` the other side accepts connections: as a tracker said, or as it said itself.
    connection(session& owner, std::unique_ptr<stream> line, std::optional<peer_to_peer::hello> hello,
               endpoint where, peer_id id);

    /// Until the connection ends, for whatever reason; only a cancellation and failures of this side are
    /// thrown.
    awaitable<void> run();

    // What the session has it do. All return at once.
    void ask(std::optional<chunk_index> chunk);
    void cancel(std::optional<chunk_index> chunk);
    void tell(const chunk_set& new_offers);
    void serve(wanted what);
    void stop_serving(std::optional<chunk_index> chunk);
    void finish() { line_->finish(); }

    peer_id id() const { return id_; }
    /// By this side.
    bool opened() const { return !hello_; }
    std::uint64_t instance() const { return instance_; }
    const chunk_set& has() const { return has_; }
    const chunk_set& given() const { return given_; }
    const std::string& label() const { return label_; }
    const endpoint& address() const { return address_; }
    byte_count received() const { return line_->received(); }
    byte_count sent() const { return line_->sent(); }

private:
    // A chunk that comes in. What is not atomic belongs to the pool while content is read, and to the
    // io_context's thread otherwise.
    struct arrival {
        arrival(const chunk_claim& right, std::unique_ptr<incoming_chunk> into)
            : claim(right), file(std::move(into)) {}

        /// On the pool.
        void take(std::span<const std::byte> bytes);

        chunk_claim claim;
        std::unique_ptr<incoming_chunk> file;
        byte_count received = 0;
        tl::expected<std::optional<hashed_chunk>, std::string> finished{std::nullopt};
        std::atomic<bool> cancelled = false;
    };
    struct upload {                        // the chunk that goes out
        std::optional<chunk_index> asked;  // none: any
        chunk_index chunk;
        storage_job<std::unique_ptr<outgoing_chunk>> open;
        std::unique_ptr<outgoing_chunk> from{};  // once its first part was asked for
        byte_count sent = 0;
        bool cancelled = false;
    };

    awaitable<void> converse();
    awaitable<void> shake_hands();
    void say_hello();
    void join(const peer_to_peer::hello& hello);

    awaitable<void> download_loop();
    void handle(const peer_to_peer::message& message);
    awaitable<void> handle_part(peer_to_peer::chunk_part part);
    void begin_arrival(const peer_to_peer::chunk_part& part);
    awaitable<void> store(std::shared_ptr<arrival> into, byte_count size, std::function<void()> all_came);
    awaitable<void> store_last(std::shared_ptr<arrival> into, byte_count size);
    void end_arrival(const arrival& whole);
    void drop(const error_message& why, unsigned offences);
    void count_idle_lines(unsigned idle_lines);
    void learn(const chunk_set& chunks);
    void post(std::string_view line);
    void refuse(std::optional<chunk_index> chunk, std::string reason);

    awaitable<void> upload_loop();
    awaitable<void> rest();
    awaitable<void> send_news();
    awaitable<void> send_manifest();
    void begin_upload();
    awaitable<void> upload_part();
    tl::expected<std::optional<file_range>, std::string> prepare_part(upload& out,
                                                                      peer_to_peer::chunk_part& part);
    void end_upload();
    byte_count part_size() const;

    session& owner_;
    std::unique_ptr<stream> line_;
    std::optional<peer_to_peer::hello> hello_;
    endpoint address_;
    peer_id id_;
    std::uint64_t instance_ = 0;
    std::string label_;
    chunk_set has_;
    chunk_set news_;      // what it is to be told that this side has
    chunk_set offered_;   // what it was told
    chunk_set given_;     // what was sent to it, though it may not have said yet that it has it
    task_group storing_;  // what the last parts of chunks need after they were read
    event part_read_;
    std::exception_ptr reading_failed_;
    std::shared_ptr<arrival> arrival_;
    std::shared_ptr<arrival> ending_;  // its last part comes, or is being hashed
    std::vector<std::byte> gathered_;
    std::deque<peer_to_peer::get_manifest> manifest_requests_;
    std::optional<wanted> wanted_;  // what to serve, until it is chosen and opened
    std::optional<upload> upload_;
    idle_talk idle_talk_;
};

}  // namespace p2p
