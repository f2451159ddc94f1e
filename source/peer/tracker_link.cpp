#include "peer/tracker_link.hpp"

#include "core/hosts/zone.hpp"
#include "core/set/manifest.hpp"
#include "net/connect.hpp"
#include "net/fault.hpp"
#include "net/task_group.hpp"
#include "peer/peer.hpp"
#include "peer/session.hpp"
#include "protocol/json.hpp"
#include "protocol/pieces.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace p2p {

namespace {

constexpr duration welcome_limit = std::chrono::seconds{5};
constexpr duration first_backoff = std::chrono::milliseconds{250};
constexpr duration longest_backoff = std::chrono::seconds{15};

// All peers lose a tracker at the same moment: they come back one after the other.
constexpr duration return_within = std::chrono::seconds{2};

// A one-shot command that has not found a tracker by then has failed.
constexpr duration first_contact_limit = std::chrono::seconds{5};

// What happens within so long is told together.
constexpr duration gathering_time = std::chrono::milliseconds{50};

// How often a peer announces new chunks while they come: soon at first, rarely later, for whoever is
// connected hears of them from the peer itself.
constexpr duration announce_soon_after = std::chrono::milliseconds{50};
constexpr duration announce_later = std::chrono::seconds{2};

// How fast content goes is said so often, while any does.
constexpr duration between_rates = std::chrono::seconds{2};

// How often a peer that still lacks chunks asks who else has them: soon at first, for a swarm that has just
// been started comes together within moments.
constexpr duration locate_soon = std::chrono::milliseconds{250};
constexpr duration locate_later = std::chrono::seconds{5};

// The same of a peer that only looks for others whom it can serve: as long as nobody has connected to it,
// it may be that nobody can; once somebody has, hardly anybody needs that.
constexpr duration look_often = std::chrono::seconds{10};
constexpr duration look_rarely = std::chrono::seconds{20};

// Of one set, while the tracker is away or not told of the set yet.
constexpr std::size_t most_reports_waiting = 100;

time_point now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

tracker_link::tracker_link(peer& owner, endpoint tracker)
    : owner_(owner),
      tracker_(std::move(tracker)),
      backoff_(first_backoff, longest_backoff, owner.instance()),
      random_(owner.instance()),
      work_(owner.executor()) {}

tracker_link::~tracker_link() = default;

void tracker_link::add(session& who) {
    const auto joined = std::ranges::find_if(
        topics_, [&who](const auto& about) { return about->is_joined && about->set == who.set(); });
    if (joined == topics_.end())
        topics_.push_back(std::make_shared<topic>(topic{&who, who.set()}));
    else
        **joined = topic{&who, who.set()};
    if (hopeless_) who.tracker_unreachable(*this, trouble_);
    if (!refused_.empty()) who.fail(exit_code::network, refused_);
    work_.set();
}

void tracker_link::remove(session& who) {
    for (const auto& about : topics_)
        if (about->who == &who) about->who = nullptr;
    work_.set();
}

void tracker_link::join(const file_set_id& set) {
    topics_.push_back(std::make_shared<topic>(topic{nullptr, published_set(set), true}));
    work_.set();
}

void tracker_link::leave(const file_set_id& set) {
    for (const auto& about : topics_)
        if (about->is_joined && about->set == published_set(set)) about->is_joined = false;
    work_.set();
}

void tracker_link::report(const session& who, const endpoint& where, chunk_index chunk) {
    for (const auto& about : topics_)
        if (about->who == &who && about->reports.size() < most_reports_waiting)
            about->reports.push_back({about->set, chunk, where.host, where.port});
    work_.set();
}

void tracker_link::say_goodbye() {
    goodbye_ = true;
    work_.set();
}

awaitable<void> tracker_link::run() {
    const time_point started = now();
    for (;;) {
        const std::string why = co_await one_connection();
        const bool was_welcome = std::exchange(welcomed_, false);
        owner_.tracker_left();
        if (goodbye_ || !refused_.empty() || topics_.empty()) break;
        if (std::exchange(moved_, false)) continue;
        trouble_ = fmt::format("{} the tracker at {}: {}", ever_welcomed_ ? "lost" : "cannot reach",
                               tracker_.to_string(), why);
        if (std::exchange(said_, trouble_) != trouble_) spdlog::warn("{}", trouble_);
        time_point again = now() + (was_welcome ? backoff_.within(return_within) : backoff_.next());
        tell_sessions(was_welcome ? &session::tracker_lost : &session::tracker_failed);
        if (const auto limit = started + first_contact_limit; !ever_welcomed_) {
            hopeless_ = now() >= limit;
            for (const auto& about : topics_)
                if (hopeless_ && about->who) about->who->tracker_unreachable(*this, trouble_);
            if (!hopeless_) again = std::min(again, limit);
        }
        co_await sleep_until(again);
    }
    ended_ = true;
}

void tracker_link::tell_sessions(void (session::*what)(const tracker_link&)) {
    const std::vector<std::shared_ptr<topic>> topics = topics_;
    for (const auto& about : topics)
        if (about->who) (about->who->*what)(*this);
}

// Returns why it ended.
awaitable<std::string> tracker_link::one_connection() {
    std::string why = "it closed the connection";
    try {
        const std::unique_ptr<stream> opened = co_await owner_.open_tracker(tracker_);
        stream& line = *opened;
        line.silence_limit(welcome_limit);
        connected_ = true;
        task_group writing(owner_.executor());
        writing.spawn(line.write_lines());
        writing.spawn(talk_loop(line));
        co_await writing.join_after(read_loop(line));
    } catch (const protocol_violation& violation) {
        why = fmt::format("it does not speak the protocol ({})", printable(violation.what()));
    } catch (const std::system_error& failure) {
        if (failure.code() != asio::error::eof) why = why_unreachable(failure, tracker_.port);
    } catch (...) {
        log_fault(fmt::format("the tracker at {}", tracker_.to_string()), std::current_exception());
        why = message_of(std::current_exception());
    }
    connected_ = false;
    std::erase_if(topics_, [](const auto& about) { return about->is_done(); });
    for (const auto& about : topics_) forget_connection(*about);
    co_return why;
}

void tracker_link::forget_connection(topic& about) {
    about.introduced = false;
    about.announced.clear();
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
    const bool was_told_off = told_off_;
    told_off_ = std::holds_alternative<error_message>(*message);
    if (const auto* welcome = std::get_if<from_tracker::welcome>(&*message)) {
        own_id_ = welcome->peer;
        const std::chrono::milliseconds silence{welcome->silence_limit_ms};
        ping_every_ = silence / 3;
        line.silence_limit(silence);
        welcomed_ = ever_welcomed_ = true;
        if (!std::exchange(said_, {}).empty())
            spdlog::info("the tracker at {} answers", tracker_.to_string());
        hopeless_ = false;
        // Where the last connection ended with an error, this one may do so too.
        if (!was_told_off) backoff_.reset();
        tell_sessions(&session::tracker_answered);
        work_.set();
    } else if (const auto* standing = std::get_if<from_tracker::announced>(&*message)) {
        if (session* who = find(standing->set)) who->standing_changed(*standing);
    } else if (const auto* answer = std::get_if<from_tracker::locations>(&*message)) {
        located(answer->set, answer->chunks, answer->holders);
    } else if (const auto* news = std::get_if<from_tracker::agreed>(&*message)) {
        located(news->set, news->chunks, news->holders);
    } else if (const auto* error = std::get_if<error_message>(&*message)) {
        handle(*error);
    }
    fault_point(*message);
}

void tracker_link::located(const file_set_key& set, const std::vector<chunk_claim>& agreed,
                           std::vector<holder> holders) {
    for (holder& one : holders) one.host = in_zone_of(tracker_.host, one.host);
    if (session* who = find(set)) who->located(agreed, holders, own_id_);
}

// What no second attempt can change ends the sessions, for good.
void tracker_link::handle(const error_message& error) {
    if (error.code == "port_taken" && owner_.take_another_port()) {
        moved_ = true;
        return;
    }
    if (error.code != "advertise_not_allowed") {
        spdlog::warn("the tracker at {} says: {} ({})", tracker_.to_string(), printable(error.message),
                     printable(error.code));
        return;
    }
    refused_ = fmt::format("the tracker at {} refuses this peer: {}", tracker_.to_string(),
                           printable(error.message));
    for (const auto& about : topics_)
        if (about->who) about->who->fail(exit_code::network, refused_);
}

session* tracker_link::find(const file_set_key& set) const {
    const auto at =
        std::ranges::find_if(topics_, [&set](const auto& about) { return about->who && about->set == set; });
    return at == topics_.end() ? nullptr : (*at)->who;
}

awaitable<void> tracker_link::talk_loop(stream& line) {
    const peer_options& options = owner_.options();
    line.post(to_line(to_tracker::hello{protocol_version, options.name, owner_.port(), options.advertise,
                                        owner_.instance()}));
    while (!welcomed_ && !goodbye_) co_await work_.wait();

    if (welcomed_) co_await talk(line);
    line.post(to_line(to_tracker::leave{}));
    line.finish();
}

awaitable<void> tracker_link::talk(stream& line) {
    time_point ping_at = now() + ping_every_;
    traffic_ = {now(), owner_.received(), owner_.sent()};
    rates_ = rates_said_ = {};
    while (!goodbye_ && !topics_.empty()) {
        const std::vector<std::shared_ptr<topic>> topics = topics_;
        for (const auto& about : topics) co_await talk_about(line, *about);
        std::erase_if(topics_, [](const auto& about) { return about->is_done(); });
        if (now() >= traffic_.at + between_rates) measure();
        if (now() >= ping_at || rates_ != rates_said_) {
            line.post(to_line(rates_said_ = rates_));
            ping_at = now() + ping_every_;
        }
        const time_point next = std::min({next_turn(), ping_at, traffic_.at + between_rates});
        co_await work_.wait_until(next);
        if (!goodbye_) co_await sleep_for(gathering_time);
    }
}

void tracker_link::measure() {
    const traffic before = std::exchange(traffic_, {now(), owner_.received(), owner_.sent()});
    const double seconds = std::chrono::duration<double>(traffic_.at - before.at).count();
    const auto rate = [seconds](byte_count earlier, byte_count later) {  // sets that were left count no more
        return later <= earlier ? 0 : static_cast<byte_count>(static_cast<double>(later - earlier) / seconds);
    };
    rates_ = {rate(before.received, traffic_.received), rate(before.sent, traffic_.sent)};
}

time_point tracker_link::next_turn() const {
    time_point next = time_point::max();
    for (const auto& about : topics_) {
        if (!about->who || !about->introduced) continue;
        next = std::min(next, about->locate_at);
        if (has_news(*about)) next = std::min(next, about->announce_at);
    }
    return next;
}

// Whoever has ended meanwhile is not spoken of any more, but for the goodbye.
awaitable<void> tracker_link::talk_about(stream& line, topic& about) {
    if (about.who && !about.introduced) co_await introduce(line, about);
    if (about.is_joined && !std::exchange(about.introduced, true))
        line.post(to_line(to_tracker::announce{about.set, {}, {}}));
    for (const to_tracker::report& one : std::exchange(about.reports, {})) line.post(to_line(one));
    if (about.who) co_await tell_losses(line, about);
    if (about.who && has_news(about) && (now() >= about.announce_at || about.who->complete()))
        co_await tell_news(line, about);
    if (about.who && now() >= about.locate_at) {
        locate_again(about);
        co_await locate(line, about, sample_of_missing(*about.who));
    }
    if (about.is_done() && about.introduced)
        line.post(to_line(to_tracker::withdraw{about.set, std::nullopt}));
}

awaitable<void> tracker_link::introduce(stream& line, topic& about) {
    about.introduced = true;
    about.announce_after = announce_soon_after;
    about.locate_after = locate_soon;
    about.locate_at = now() + locate_soon;
    if (const auto published = about.who->store().published())
        line.post(to_line(to_tracker::publish{
            {published->id(), std::string{published->name()}, published->size(), published->chunk_count()}}));
    about.announced = about.who->known().owned();
    co_await announce(line, about, about.announced);
    if (about.who) co_await locate(line, about, about.who->missing());
}

bool tracker_link::has_news(const topic& about) {
    return about.who->known().owned() != about.announced;
}

// At once: nobody is to be sent for what is not there any more.
awaitable<void> tracker_link::tell_losses(stream& line, topic& about) {
    const chunk_set losses = about.announced - about.who->known().owned();
    about.announced -= losses;
    if (!losses.empty()) co_await withdraw(line, about, losses);
}

awaitable<void> tracker_link::tell_news(stream& line, topic& about) {
    const bool long_ago = now() >= about.announce_at + announce_later;
    about.announce_after =
        long_ago ? announce_soon_after : std::min(about.announce_after * 2, announce_later);
    about.announce_at = now() + about.announce_after;
    const chunk_set news = about.who->known().owned() - about.announced;
    about.announced |= news;
    if (!news.empty()) co_await announce(line, about, news);
}

// An announcement without chunks makes this peer known as a member of the set.
awaitable<void> tracker_link::announce(stream& line, topic& about, chunk_set chunks) {
    if (about.set.is_published() && !chunks.empty()) {
        for (const chunk_set& piece : in_pieces(chunks)) {
            line.post(to_line(to_tracker::announce{about.set, {}, piece}));
            co_await line.room_in_outbox();
        }
        co_return;
    }
    do {
        std::vector<chunk_claim> claims;
        const chunk_set now = chunks.take(max_claims_per_message);
        for (const chunk_index chunk : now) claims.push_back(about.who->known().claim(chunk));
        chunks -= now;
        line.post(to_line(to_tracker::announce{about.set, std::move(claims), {}}));
        co_await line.room_in_outbox();
    } while (about.who && !chunks.empty());
}

// When to ask next. Those that look for others are many, and need not come at the same moment.
void tracker_link::locate_again(topic& about) {
    about.locate_after *= 2;
    if (about.who->fetches()) {
        about.locate_after = std::min(about.locate_after, locate_later);
    } else {
        const duration most = about.who->was_reached() ? look_rarely : look_often;
        about.locate_after = std::min(about.locate_after, most - backoff_.within(most / 4));
    }
    about.locate_at = now() + about.locate_after;
}

// Where nothing is missing, or the set is published, whom there is is all that needs to be known.
awaitable<void> tracker_link::locate(stream& line, topic& about, chunk_set chunks) {
    if (about.set.is_published() || chunks.empty()) {
        line.post(to_line(to_tracker::locate{about.set, {}}));
        co_return;
    }
    for (const chunk_set& piece : in_pieces(chunks)) {
        line.post(to_line(to_tracker::locate{about.set, piece}));
        co_await line.room_in_outbox();
    }
}

awaitable<void> tracker_link::withdraw(stream& line, topic& about, chunk_set chunks) {
    for (const chunk_set& piece : in_pieces(chunks)) {
        line.post(to_line(to_tracker::withdraw{about.set, piece}));
        co_await line.room_in_outbox();
    }
}

// Enough to hear of new peers; what becomes agreed is pushed.
chunk_set tracker_link::sample_of_missing(const session& who) {
    const chunk_set& missing = who.missing();
    if (missing.size() <= max_claims_per_message) return missing;
    chunk_set sample;
    for (std::size_t i = 0; i < max_claims_per_message; ++i) {
        const chunk_index from{static_cast<std::uint32_t>(random_() % missing.last()->value) + 1};
        if (const auto chunk = missing.next(from)) sample.insert(*chunk);
    }
    return sample;
}

}  // namespace p2p
