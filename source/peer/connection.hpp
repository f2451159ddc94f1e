// One connection to another peer, both ways: the download loop reads what the other side says and sends, the
// upload loop writes what this side says and the chunks that the session has it serve. Two coroutines, owned
// by run().
#pragma once

#include "core/chunk_set.hpp"
#include "core/upload_queue.hpp"
#include "net/stream.hpp"
#include "peer/status.hpp"
#include "protocol/messages.hpp"
#include "storage/chunk_store.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace p2p {

class session;

class connection {
public:
    /// `opened`: by this side, which then says hello first.
    connection(session& owner, tcp::socket socket, bool opened, peer_id id);

    /// Until the connection ends, for whatever reason; only a cancellation and failures of this side are
    /// thrown.
    awaitable<void> run();

    // What the session has it do. All return at once.
    void ask(std::optional<chunk_index> chunk);
    void cancel(std::optional<chunk_index> chunk);
    void tell(const chunk_set& new_offers);
    void serve(wanted what);
    void stop_serving(std::optional<chunk_index> chunk);
    void finish() { line_.finish(); }

    peer_id id() const { return id_; }
    bool opened() const { return opened_; }
    std::uint64_t instance() const { return instance_; }
    const chunk_set& has() const { return has_; }
    const chunk_set& given() const { return given_; }
    const std::string& label() const { return label_; }
    byte_count received() const { return line_.received(); }
    byte_count sent() const { return line_.sent(); }

private:
    struct arrival {  // the chunk that comes in
        chunk_claim claim;
        std::unique_ptr<incoming_chunk> file;
        byte_count received = 0;
        bool cancelled = false;
    };
    struct upload {  // the chunk that goes out
        chunk_index chunk;
        stored_chunk from;
        byte_count sent = 0;
        bool cancelled = false;
    };

    awaitable<void> converse();
    awaitable<void> shake_hands();
    void say_hello();
    awaitable<void> read_hello();
    [[noreturn]] void throw_remote_error(const error_message& error) const;

    awaitable<void> download_loop();
    void handle(const peer_to_peer::message& message);
    awaitable<void> handle_part(peer_to_peer::chunk_part part);
    void begin_arrival(const peer_to_peer::chunk_part& part);
    awaitable<void> store_part(byte_count size);
    awaitable<void> end_arrival();
    awaitable<void> skip(byte_count size);
    void learn(const chunk_set& chunks);
    void post(std::string_view line);
    void refuse(std::optional<chunk_index> chunk, std::string reason);

    awaitable<void> upload_loop();
    awaitable<void> rest();
    awaitable<void> begin_upload();
    awaitable<void> upload_part();
    void end_upload();
    byte_count part_size() const;

    session& owner_;
    stream line_;
    bool opened_;
    peer_id id_;
    std::uint64_t instance_ = 0;
    std::string label_;
    chunk_set has_;
    chunk_set told_;   // what the other side knows that this side has
    chunk_set given_;  // what was sent to it, though it may not have said yet that it has it
    std::optional<arrival> arrival_;
    std::vector<std::byte> buffer_;
    std::optional<wanted> wanted_;  // what to serve, until it is chosen and opened
    std::optional<upload> upload_;
};

}  // namespace p2p
