#include "peer/tracker_link.hpp"

#include "net/task_group.hpp"
#include "peer/session.hpp"
#include "protocol/json.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace p2p {

namespace {

constexpr duration connect_limit = std::chrono::seconds{5};
constexpr duration welcome_limit = std::chrono::seconds{10};
constexpr duration first_backoff = std::chrono::milliseconds{250};
constexpr duration longest_backoff = std::chrono::seconds{15};

// A one-shot command that has not found a tracker by then has failed.
constexpr duration first_contact_limit = std::chrono::seconds{5};

// New chunks are collected for so long before they are announced.
constexpr duration announce_delay = std::chrono::milliseconds{50};

// How often a peer that still lacks chunks asks who else has them: soon at first, for a swarm that has just
// been started comes together within moments.
constexpr duration locate_soon = std::chrono::milliseconds{250};
constexpr duration locate_later = std::chrono::seconds{5};

time_point now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

tracker_link::tracker_link(session& owner)
    : owner_(owner),
      backoff_(first_backoff, longest_backoff, owner.instance()),
      random_(owner.instance()),
      work_(owner.executor()) {}

tracker_link::~tracker_link() = default;

void tracker_link::announce_soon() {
    work_.set();
}

void tracker_link::say_goodbye() {
    goodbye_ = true;
    work_.set();
}

awaitable<void> tracker_link::run() {
    const time_point started = now();
    const std::string tracker = owner_.options().tracker.to_string();
    while (!goodbye_) {
        const std::string why = co_await one_connection();
        owner_.tracker_left();
        if (goodbye_) break;
        const std::string trouble =
            fmt::format("{} the tracker at {}: {}", ever_welcomed_ ? "lost" : "cannot reach", tracker, why);
        spdlog::warn("{}", trouble);
        time_point again = now() + backoff_.next();
        if (const auto limit = started + first_contact_limit; !ever_welcomed_) {
            if (now() >= limit) owner_.tracker_unreachable(trouble);
            if (now() < limit) again = std::min(again, limit);
        }
        co_await sleep_until(again);
    }
}

// Returns why it ended.
awaitable<std::string> tracker_link::one_connection() {
    std::string why = "it closed the connection";
    try {
        const endpoint& where = owner_.options().tracker;
        stream line(co_await connect_to(where.host, where.port, connect_limit));
        line.silence_limit(welcome_limit);
        connected_ = true;
        task_group writing(owner_.executor());
        writing.spawn(line.write_lines());
        writing.spawn(talk_loop(line));
        co_await writing.around(read_loop(line));
    } catch (const protocol_violation& violation) {
        why = fmt::format("it does not speak the protocol ({})", printable(violation.what()));
    } catch (const std::system_error& failure) {
        if (failure.code() == asio::error::timed_out)
            why = "no answer";
        else if (failure.code() != asio::error::eof)
            why = failure.code().message();
    }
    connected_ = welcomed_ = false;
    co_return why;
}

awaitable<void> tracker_link::read_loop(stream& line) {
    for (;;) {
        const std::string_view text = co_await line.read_line();
        handle(line, text);
    }
}

void tracker_link::handle(stream& line, std::string_view text) {
    const auto message = read_from_tracker(text);
    if (!message) throw protocol_violation(message.error());
    if (const auto* welcome = std::get_if<from_tracker::welcome>(&*message)) {
        own_id_ = welcome->peer;
        const std::chrono::milliseconds silence{welcome->silence_limit_ms};
        ping_every_ = silence / 3;
        line.silence_limit(silence);
        welcomed_ = ever_welcomed_ = true;
        backoff_.reset();
        work_.set();
    } else if (const auto* standing = std::get_if<from_tracker::announced>(&*message)) {
        if (standing->set == owner_.set()) owner_.standing_changed(*standing);
    } else if (const auto* answer = std::get_if<from_tracker::locations>(&*message)) {
        if (answer->set == owner_.set()) owner_.located(answer->chunks, answer->holders, own_id_);
    } else if (const auto* news = std::get_if<from_tracker::agreed>(&*message)) {
        if (news->set == owner_.set()) owner_.located(news->chunks, news->holders, own_id_);
    } else if (const auto* error = std::get_if<error_message>(&*message)) {
        spdlog::warn("the tracker says: {} ({})", printable(error->message), printable(error->code));
    }
}

awaitable<void> tracker_link::talk_loop(stream& line) {
    const peer_options& options = owner_.options();
    line.post(to_line(to_tracker::hello{protocol_version, options.name, owner_.port(), options.advertise}));
    while (!welcomed_ && !goodbye_) co_await work_.wait();

    if (welcomed_) co_await announce_and_listen(line);
    line.post(to_line(to_tracker::leave{}));
    line.finish();
}

awaitable<void> tracker_link::announce_and_listen(stream& line) {
    (void)owner_.known().new_claims();  // all of them are announced now
    co_await announce(line, owner_.known().claims());
    co_await locate(line, owner_.missing());

    duration locate_after = locate_soon;
    time_point locate_at = now() + locate_after;
    time_point ping_at = now() + ping_every_;
    while (!goodbye_) {
        co_await work_.wait_until(std::min(locate_at, ping_at));
        if (owner_.known().has_news_for_tracker()) {
            if (!goodbye_) co_await sleep_for(announce_delay);
            withdraw(line, owner_.known().new_losses());
            co_await announce(line, owner_.known().new_claims());
        }
        if (now() >= locate_at) {
            co_await locate(line, sample_of_missing());
            locate_after = std::min(locate_after * 2, locate_later);
            locate_at = now() + locate_after;
        }
        if (now() >= ping_at) {
            line.post(to_line(ping_message{}));
            ping_at = now() + ping_every_;
        }
    }
}

// An announcement without chunks makes this peer known as a member of the set.
awaitable<void> tracker_link::announce(stream& line, std::vector<chunk_claim> claims) {
    auto next = claims.begin();
    do {
        const auto end = next + std::min<std::ptrdiff_t>(claims.end() - next, max_claims_per_message);
        line.post(to_line(to_tracker::announce{owner_.set(), {next, end}}));
        co_await line.room_in_outbox();
        next = end;
    } while (next != claims.end());
}

awaitable<void> tracker_link::locate(stream& line, chunk_set chunks) {
    for (const std::string& ranges : chunks.to_ranges(max_ranges_length)) {
        line.post(to_line(to_tracker::locate{owner_.set(), *chunk_set::parse(ranges, max_chunk_count)}));
        co_await line.room_in_outbox();
    }
}

void tracker_link::withdraw(stream& line, const chunk_set& chunks) {
    for (const std::string& ranges : chunks.to_ranges(max_ranges_length))
        line.post(to_line(to_tracker::withdraw{owner_.set(), *chunk_set::parse(ranges, max_chunk_count)}));
}

// Enough to hear of new peers; what becomes agreed is pushed.
chunk_set tracker_link::sample_of_missing() {
    const chunk_set& missing = owner_.missing();
    if (missing.size() <= max_claims_per_message) return missing;
    chunk_set sample;
    for (std::size_t i = 0; i < max_claims_per_message; ++i) {
        const chunk_index from{static_cast<std::uint32_t>(random_() % owner_.set().count) + 1};
        if (const auto chunk = missing.next(from)) sample.insert(*chunk);
    }
    return sample;
}

}  // namespace p2p
