#include "peer/connection.hpp"

#include "core/set/manifest.hpp"
#include "net/fault.hpp"
#include "net/on_pool.hpp"
#include "net/task_group.hpp"
#include "peer/hello.hpp"
#include "peer/session.hpp"
#include "protocol/json.hpp"
#include "protocol/pieces.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>

namespace p2p {

namespace {

constexpr duration ping_after = std::chrono::seconds{10};

constexpr byte_count largest_part = 1024 * 1024;
static_assert(largest_part <= max_part_size);
constexpr byte_count smallest_part = 16 * 1024;

// Pieces of the manifest that one peer may have asked for and not got yet.
constexpr std::size_t most_manifest_requests = 16;

// How much the end of a connection weighs against the host at its other end (peer_book_options).
constexpr unsigned offence = 1;
constexpr unsigned offence_of_wrong_chunks = 5;

const error_message too_much_talk{"idle_talk", "too many lines that bring nothing"};

}  // namespace

connection::connection(session& owner, std::unique_ptr<stream> line, std::optional<peer_to_peer::hello> hello,
                       endpoint where, peer_id id)
    : owner_(owner),
      line_(std::move(line)),
      hello_(std::move(hello)),
      address_(std::move(where)),
      id_(id),
      label_(printable(address_.to_string())),
      storing_(owner.owner().executor()),
      part_read_(owner.owner().executor()) {}

awaitable<void> connection::run() {
    task_group writing(co_await asio::this_coro::executor);
    writing.spawn(upload_loop());
    try {
        co_await writing.join_after(converse());
    } catch (const std::system_error&) {
        // The other side is gone: there is nothing left to send it.
    } catch (...) {
        log_fault(label_, std::current_exception());
    }
}

awaitable<void> connection::converse() {
    // Whatever ends the conversation: the session must not speak to this connection any more.
    struct farewell {
        connection& self;
        ~farewell() {
            self.line_->finish();
            self.line_->read_no_more();
            try {
                self.owner_.connection_ended(self);
            } catch (...) {
                log_fault(self.label_, std::current_exception());
            }
        }
    } const at_the_end{*this};
    std::string why;
    try {
        co_await shake_hands();
        co_await storing_.join_after(download_loop());
    } catch (const protocol_violation& violation) {
        if (violation.answer.code != "refused") owner_.offended(*this, offence);
        post(to_line(violation.answer));
        why = violation.what();
    } catch (const remote_error& failure) {
        why = failure.message;
    } catch (const std::system_error& failure) {
        const bool silent = failure.code() == asio::error::timed_out;
        if (silent) post(to_line(too_silent()));
        why = silent ? "silent for too long" : failure.code().message();
    } catch (...) {
        log_fault(label_, std::current_exception());
        post(to_line(internal_error));
        why = internal_error.message;
    }
    spdlog::debug("connection with {} ended: {}", label_, why);
}

awaitable<void> connection::shake_hands() {
    if (hello_) {
        join(*hello_);
        say_hello();
    } else {
        say_hello();
        const peer_to_peer::hello answer = co_await read_hello(*line_, owner_.owner().options().limits.hello);
        if (answer.set != owner_.set())
            throw protocol_violation({"unknown_fileset", "that hello is about another file-set"});
        join(answer);
    }
    line_->silence_limit(owner_.owner().options().limits.silence);
}

void connection::say_hello() {
    peer_to_peer::hello hello;
    hello.name = owner_.owner().options().name;
    hello.instance = owner_.owner().instance();
    hello.transfer_port = owner_.owner().port();
    hello.set = owner_.set();
    const chunk_set& offered = owner_.known().offered();
    const auto pieces = in_pieces(offered);
    if (!pieces.empty()) hello.chunks = offered_ = pieces.front();
    line_->post(to_line(hello));
    tell(offered);
}

// Who the other side is decides whether this connection stays.
void connection::join(const peer_to_peer::hello& hello) {
    if (const auto last = hello.chunks.last(); last && last->value > owner_.store().count())
        throw protocol_violation({"bad_field", "chunks: the set has not so many"});
    instance_ = hello.instance;
    label_ = fmt::format("{} at {}", printable(hello.name), printable(address_.to_string()));
    if (const std::string refused = owner_.joined(*this, instance_, address_); !refused.empty())
        throw protocol_violation({"refused", refused});
    learn(hello.chunks);
    if (opened()) fault_point(hello);
}

// --- download

awaitable<void> connection::download_loop() {
    for (;;) {
        const std::string_view text = co_await line_->read_line();
        auto message = read_peer_to_peer(text, owner_.store().count());
        if (!message) throw protocol_violation(message.error());
        if (const auto* part = std::get_if<peer_to_peer::chunk_part>(&*message))
            co_await handle_part(*part);
        else if (const auto* unasked = std::get_if<peer_to_peer::manifest_part>(&*message))
            co_await line_->skip_content(unasked->size);
        else
            handle(*message);
        fault_point(*message);
    }
}

void connection::handle(const peer_to_peer::message& message) {
    if (const auto* have = std::get_if<peer_to_peer::have>(&message)) {
        if (have->chunks.is_subset_of(has_)) count_idle_lines(1);
        learn(have->chunks - has_);
    } else if (const auto* request = std::get_if<peer_to_peer::request>(&message)) {
        const auto fate = owner_.upload_wanted(*this, {request->chunk, request->except});
        if (fate == session::request_is::one_too_many)
            throw protocol_violation({"too_many_requests", "too many requests wait for this peer"});
        if (fate == session::request_is::not_served) {
            count_idle_lines(1);
            refuse(request->chunk, "this peer serves no more requests");
        }
    } else if (const auto* cancel = std::get_if<peer_to_peer::cancel>(&message)) {
        owner_.upload_cancelled(*this, cancel->chunk);
    } else if (const auto* piece = std::get_if<peer_to_peer::get_manifest>(&message)) {
        if (!owner_.store().published())
            throw protocol_violation({"bad_field", "get_manifest: a chunk folder has none"});
        if (manifest_requests_.size() >= most_manifest_requests)
            throw protocol_violation({"too_many_requests", "too many parts of the manifest are asked for"});
        if (owner_.manifest_wanted(*this)) {
            manifest_requests_.push_back(*piece);
            line_->wake();
        } else {
            count_idle_lines(1);
            post(to_line(peer_to_peer::refuse_manifest{
                "busy sending the manifest to others: ask another peer, or this one again later"}));
        }
    } else if (const auto* refused = std::get_if<peer_to_peer::refuse>(&message)) {
        if (arrival_ && arrival_->claim.chunk == refused->chunk) arrival_.reset();
        owner_.peer_refused(*this, refused->chunk);
    } else if (std::holds_alternative<peer_to_peer::refuse_manifest>(message)) {
        count_idle_lines(1);  // nobody has asked for it here
    } else if (const auto* error = std::get_if<error_message>(&message)) {
        throw remote_error(*error);
    } else if (std::holds_alternative<ping_message>(message)) {
        count_idle_lines(1);
    } else if (std::holds_alternative<peer_to_peer::hello>(message)) {
        throw protocol_violation({"bad_field", "hello was said before"});
    }
}

void connection::learn(const chunk_set& chunks) {
    has_ |= chunks;
    owner_.peer_has(*this, chunks);
}

awaitable<void> connection::handle_part(peer_to_peer::chunk_part part) {
    if (part.offset == 0) begin_arrival(part);
    if (!arrival_ || arrival_->claim.chunk != part.chunk) {
        co_await line_->skip_content(part.size);
        co_return;
    }
    if (part.offset != arrival_->received || part.total != arrival_->claim.size)
        throw protocol_violation({"bad_field", "the parts of a chunk must come in order"});
    const std::shared_ptr<arrival> into = arrival_;
    if (part.total == 0) {
        const auto job = [&into] { into->take({}); };
        co_await on_pool(owner_.pool(), job);
        arrival_.reset();
        end_arrival(*into);
        co_return;
    }
    if (part.offset + part.size < part.total) {
        const auto nobody_waits = [] {};
        co_await store(into, part.size, nobody_waits);
        co_return;
    }
    // While a chunk is hashed to its end, the next one may come.
    ending_ = std::exchange(arrival_, nullptr);
    storing_.spawn(store_last(into, part.size));
    co_await part_read_.wait();
    if (reading_failed_) std::rethrow_exception(reading_failed_);
}

void connection::begin_arrival(const peer_to_peer::chunk_part& part) {
    if (arrival_ && !arrival_->cancelled)
        throw protocol_violation({"bad_field", "a chunk began before the last one was over"});
    arrival_.reset();
    if (auto claim = owner_.chunk_begins(*this, part))
        arrival_ = std::make_shared<arrival>(*claim, owner_.store().receive(*claim));
    else
        post(to_line(peer_to_peer::cancel{part.chunk}));  // of this chunk, there may be a copy that is wanted
}

void connection::arrival::take(std::span<const std::byte> bytes) {
    received += bytes.size();
    if (!finished || cancelled) return;
    if (const auto written = file->write(bytes); !written)
        finished = tl::unexpected{written.error()};
    else if (received == claim.size)
        finished = file->finish();
}

awaitable<void> connection::store(std::shared_ptr<arrival> into, byte_count size,
                                  std::function<void()> all_came) {
    stream::content_sink sink;
    sink.take = [to = into.get()](std::span<const std::byte> bytes) { to->take(bytes); };
    sink.came = [this, to = into.get()](std::size_t bytes) {
        owner_.chunk_progresses(*this, bytes, !to->cancelled);
    };
    sink.all_came = std::move(all_came);
    co_await line_->read_content(owner_.pool(), size, std::move(sink));
    if (into->finished || into->cancelled.exchange(true)) co_return;
    owner_.fail(exit_code::storage, into->finished.error());
}

awaitable<void> connection::store_last(std::shared_ptr<arrival> into, byte_count size) {
    try {
        const auto next_may_come = [this] { part_read_.set(); };
        co_await store(into, size, next_may_come);
    } catch (...) {
        reading_failed_ = std::current_exception();
        part_read_.set();
        co_return;
    }
    if (ending_ == into) ending_.reset();
    end_arrival(*into);
}

void connection::end_arrival(const arrival& whole) {
    if (whole.cancelled) return;
    if (*whole.finished)
        owner_.chunk_arrived(*this, **whole.finished);
    else if (owner_.chunk_was_wrong(*this, whole.claim.chunk))
        drop({"wrong_chunks", "too many chunks came with wrong content"}, offence_of_wrong_chunks);
}

void connection::drop(const error_message& why, unsigned offences) {
    owner_.offended(*this, offences);
    owner_.connection_ended(*this);
    post(to_line(why));
    line_->finish();
}

// A line, or several, that brought nothing. For the download loop.
void connection::count_idle_lines(unsigned idle_lines) {
    if (idle_talk_.is_too_much(idle_lines, std::chrono::steady_clock::now()))
        throw protocol_violation(too_much_talk);
}

// --- what the session has it say

void connection::post(std::string_view line) {
    try {
        line_->post(line);
    } catch (const std::system_error&) {
        spdlog::debug("{} reads too slowly: its connection is closed", label_);
        line_->give_up(to_line(error_message{"reads_too_slowly", "too much waits to be read"}));
    }
}

void connection::ask(std::optional<chunk_index> chunk) {
    peer_to_peer::request request{chunk, {}};
    if (!chunk) request.except = owner_.except_for(*this).take(most_excepted);
    post(to_line(request));
}

void connection::cancel(std::optional<chunk_index> chunk) {
    for (const auto& coming : {arrival_, ending_})
        if (coming && coming->claim.chunk == chunk) coming->cancelled = true;
    post(to_line(peer_to_peer::cancel{chunk}));
}

void connection::refuse(std::optional<chunk_index> chunk, std::string reason) {
    post(to_line(peer_to_peer::refuse{chunk, std::move(reason)}));
}

// Everything, also what the other side has itself: copies are counted, and a seeder must know what is lacking
// here.
void connection::tell(const chunk_set& new_offers) {
    news_ |= new_offers;
    news_ -= offered_;
    line_->wake();
}

// --- upload

void connection::serve(wanted what) {
    wanted_ = std::move(what);
    line_->wake();
}

void connection::stop_serving(std::optional<chunk_index> chunk) {
    if (upload_ && chunk == upload_->chunk) upload_->cancelled = true;
    if (!wanted_ || wanted_->chunk != chunk) return;
    wanted_.reset();
    end_upload();
}

awaitable<void> connection::upload_loop() {
    try {
        for (;;) {
            co_await line_->flush();
            if (line_->finishing()) break;
            if (!news_.empty())
                co_await send_news();
            else if (!manifest_requests_.empty())
                co_await send_manifest();
            else if (wanted_)
                begin_upload();
            else if (upload_)
                co_await upload_part();
            else
                co_await rest();
        }
    } catch (...) {
        line_->close();  // so that the download loop ends as well
        throw;
    }
    co_await line_->linger();
    line_->close();
}

awaitable<void> connection::rest() {
    const time_point idle_until = std::chrono::steady_clock::now() + ping_after;
    co_await line_->wait_for_work(idle_until);
    if (std::chrono::steady_clock::now() >= idle_until) post(to_line(ping_message{}));
}

// The news of a large set may take many lines: they go out one by one.
awaitable<void> connection::send_news() {
    const std::vector<chunk_set> pieces = in_pieces(std::exchange(news_, {}));
    for (const chunk_set& piece : pieces) {
        offered_ |= piece;
        post(to_line(peer_to_peer::have{piece}));
        co_await line_->flush();
    }
}

awaitable<void> connection::send_manifest() {
    const peer_to_peer::get_manifest asked = manifest_requests_.front();
    manifest_requests_.pop_front();
    const auto published = owner_.store().published();
    const std::string& text = published->text();
    if (asked.offset >= text.size()) {
        post(to_line(peer_to_peer::refuse_manifest{"the manifest is shorter"}));
        owner_.manifest_sent(*this, true);
        co_return;
    }
    peer_to_peer::manifest_part piece;
    piece.offset = asked.offset;
    piece.total = text.size();
    piece.size = std::min({asked.size, largest_part, piece.total - piece.offset});
    const std::string header = to_line(piece);
    co_await line_->send_content(header, std::as_bytes(std::span{text}.subspan(piece.offset, piece.size)));
    owner_.manifest_sent(*this, piece.offset + piece.size == piece.total);
}

void connection::begin_upload() {
    const wanted what = std::move(*wanted_);
    wanted_.reset();
    const auto chunk = owner_.choose_upload(*this, what);
    const unsigned in_vain = !chunk ? 1 : given_.contains(*chunk) ? idle_talk::lines_of_a_chunk : 0;
    if (in_vain > 0 && idle_talk_.is_too_much(in_vain, std::chrono::steady_clock::now())) {
        drop(too_much_talk, offence);
        return;
    }
    if (!chunk) {
        refuse(what.chunk, "there is no such chunk here");
        end_upload();
        return;
    }
    given_.insert(*chunk);
    upload_.emplace(upload{what.chunk, *chunk, owner_.store().open_job(*chunk)});
}

awaitable<void> connection::upload_part() {
    upload& out = *upload_;
    peer_to_peer::chunk_part part;
    part.chunk = out.chunk;
    part.offset = out.sent;
    const auto job = [this, &out, &part] { return prepare_part(out, part); };
    const auto found = co_await on_pool(owner_.pool(), job);
    if (!found) {
        owner_.chunk_lost(out.chunk, found.error());
        refuse(out.sent > 0 ? out.chunk : out.asked, "this chunk is not here any more");
        end_upload();
        co_return;
    }
    const std::string header = to_line(part);
    try {
        if (*found)
            co_await line_->send_file(header, (*found)->file, (*found)->offset, part.size);
        else
            co_await line_->send_content(header, gathered_);
    } catch (const std::system_error& failure) {
        if (failure.code() == std::error_code(EIO, std::generic_category()))
            owner_.chunk_lost(out.chunk, failure.what());
        throw;
    }
    out.sent += part.size;
    owner_.upload_progresses(part.size);
    if (out.sent == part.total || out.cancelled) end_upload();
}

// On the pool. The chunk is opened with its first part.
tl::expected<std::optional<file_range>, std::string> connection::prepare_part(
    upload& out, peer_to_peer::chunk_part& part) {
    if (!out.from) {
        auto opened = out.open();
        if (!opened) return tl::unexpected{opened.error()};
        out.from = std::move(*opened);
    }
    part.total = out.from->size();
    part.size = std::min(part.total - part.offset, part_size());
    return out.from->part(part.offset, part.size, gathered_);
}

void connection::end_upload() {
    upload_.reset();
    owner_.upload_ended(*this);
}

// Small enough that news and cancellations find a gap soon, large enough that headers cost nothing.
byte_count connection::part_size() const {
    constexpr byte_count slices_per_part = 4;
    return std::clamp(slices_per_part * owner_.owner().upload_slice(), smallest_part, largest_part);
}

}  // namespace p2p
