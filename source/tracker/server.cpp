#include "tracker/server.hpp"

#include "core/hosts/site.hpp"
#include "core/hosts/zone.hpp"
#include "net/event.hpp"
#include "net/fault.hpp"
#include "net/host.hpp"
#include "net/listener.hpp"
#include "net/service_manager.hpp"
#include "net/stream.hpp"
#include "protocol/json.hpp"
#include "protocol/pieces.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <span>
#include <variant>

namespace p2p {

namespace {

// What a line costs besides, that names holders of a published set.
constexpr std::uint64_t cost_of_holders = 10;

buffer_limits limits_of(const tracker_options& options) {
    buffer_limits limits = options.buffers;
    limits.line = options.messages.line;
    return limits;
}

std::string label(const file_set_key& set) {
    if (set.is_published()) return "the published set " + set.id->to_hex();
    return fmt::format("{} ({})", printable(set.name), show_count(set.count, "chunk"));
}

std::string label(const set_summary& set) {
    constexpr std::size_t first_digits = 8;
    return fmt::format("{} ({}, {}, id {}…)", printable(set.name), show_size(set.size),
                       show_count(set.count, "chunk"), set.id.to_hex().substr(0, first_digits));
}

// The others leave a stream that can be trusted.
bool ends_connection(const error_message& unreadable) {
    return unreadable.code == "bad_json" || unreadable.code == "unsupported_version";
}

// What a visitor may ask without being a peer.
bool is_for_visitors(const to_tracker::message& message) {
    const auto* locate = std::get_if<to_tracker::locate>(&message);
    return std::holds_alternative<to_tracker::list>(message) ||
           (locate != nullptr && locate->set.is_published());
}

// Chunks that a message counts as, by the work that it makes: a large bitmap is work too.
std::uint64_t cost_of(const to_tracker::message& message, std::string_view text) {
    constexpr std::uint32_t bits_for_one = 16 * 1024;
    const auto cost = [text](const chunk_set& chunks) {
        const auto last = chunks.last();
        return 1 + static_cast<std::uint64_t>(std::ranges::count(text, ',')) +
               (last ? last->value / bits_for_one : 0);
    };
    if (const auto* announce = std::get_if<to_tracker::announce>(&message)) {
        if (announce->set.is_published()) return cost(announce->held);
        std::uint32_t last = 0;
        for (const chunk_claim& claim : announce->chunks) last = std::max(last, claim.chunk.value);
        return 1 + announce->chunks.size() + last / bits_for_one;
    }
    if (const auto* locate = std::get_if<to_tracker::locate>(&message)) return cost(locate->chunks);
    if (const auto* withdraw = std::get_if<to_tracker::withdraw>(&message))
        return cost(withdraw->chunks.value_or(chunk_set{}));
    return 1;
}

protocol_violation said_before() {
    return protocol_violation({"bad_field", "hello was said before"});
}

protocol_violation beyond(set_limit which, const set_limits& limits) {
    switch (which) {
        case set_limit::sets_per_peer:
            return protocol_violation(
                {"too_many_sets",
                 fmt::format("a peer may be a member of {} file-sets of a kind", limits.sets_per_peer)});
        case set_limit::chunks_per_peer:
            return protocol_violation(
                {"too_many_chunks", fmt::format("a peer may announce {} chunks", limits.chunks_per_peer)});
        default: break;
    }
    return protocol_violation({"tracker_full", "this tracker has no room for more file-sets or chunks"});
}

std::string why_it_ended(const std::error_code& why) {
    if (why == asio::error::shut_down) return "said goodbye";
    if (why == asio::error::timed_out) return "was silent for too long";
    if (why == asio::error::no_buffer_space) return "it reads too slowly";
    return why.message();
}

}  // namespace

/// A connection, and who it is.
struct tracker_server::client {
    client(tracker_server& of, tcp::socket socket, connection_counter::ticket counted, std::string from)
        : server(of),
          host(std::move(from)),
          line(std::move(socket), of.buffers_, of.options_.hello_limit, of.options_.secured.get()),
          meter(of.debts_.take(site_of(host))),
          ticket(std::move(counted)) {
        server.connected_.insert(this);
    }
    client(const client&) = delete;
    client& operator=(const client&) = delete;
    ~client() {
        server.forget(*this, "its connection ended");  // where nobody has said why
        server.debts_.leave(site_of(host), meter, server.rate_, std::chrono::steady_clock::now());
        server.connected_.erase(this);
    }

    tracker_server& server;
    std::string host;
    tracker_connection line;
    peer_id id;  // 0: a visitor, or no hello yet
    announce_meter meter;
    connection_counter::ticket ticket;
    to_tracker::ping said;  // last
};

tracker_server::tracker_server(asio::any_io_executor executor, tracker_options options)
    : executor_(executor),
      options_(std::move(options)),
      rate_{.per_second = options_.announce_rate, .burst = std::uint64_t{2} * options_.sets.chunks_per_peer},
      counter_(options_.connections),
      registry_(options_.agreement, options_.seed, options_.sets),
      catalogue_(options_.seed, options_.sets),
      reputation_(options_.reports),
      acceptor_(listen_on(executor, options_.listen)),
      tasks_(executor),
      buffers_(limits_of(options_)),
      state_(executor, options_.state, buffers_) {}

tracker_server::~tracker_server() = default;

std::uint16_t tracker_server::port() const {
    return acceptor_.local_endpoint().port();
}

awaitable<void> tracker_server::run() {
    return tasks_.join_after(begin());
}

// Whoever connects meanwhile waits until all is there again.
awaitable<void> tracker_server::begin() {
    if (state_.keeps()) {
        co_await restore();
        tasks_.spawn(state_.run());
    }
    tasks_.spawn(watch_deadlines());
    tasks_.spawn(accept_loop(acceptor_, [this](tcp::socket socket, std::string host) {
        arrived(std::move(socket), std::move(host));
    }));
    tell_service_manager("READY=1");
}

awaitable<void> tracker_server::restore() {
    const auto check = [](bool has_room, const std::string& set) {
        if (!has_room) spdlog::warn("{} is not remembered: there is no room for it", set);
    };
    state_reader to{[&](const file_set_key& set, std::span<const chunk_claim> agreed) {
                        check(registry_.restore(set, agreed), p2p::label(set));
                    },
                    [&](const set_summary& set) { check(catalogue_.restore(set), p2p::label(set)); }};
    co_await state_.load(std::move(to));  // on another thread, while nothing else goes on here
    spdlog::info("remembers {} chunk folders and {} published sets", registry_.set_count(),
                 catalogue_.set_count());
}

// Few points in time stand for all: a set may be there a sixteenth longer.
void tracker_server::forget_long_abandoned(time_point now) {
    constexpr int points = 16;
    if (abandoned_.empty() || now >= abandoned_.back().until + options_.forget_after / points)
        abandoned_.push_back({now, registry_.abandoned_so_far(), catalogue_.abandoned_so_far()});
    while (!abandoned_.empty() && now >= abandoned_.front().until + options_.forget_after) {
        registry_.forget_abandoned(abandoned_.front().chunk_folders);
        catalogue_.forget_abandoned(abandoned_.front().published);
        abandoned_.pop_front();
    }
    keep_forgotten();
}

void tracker_server::keep_forgotten() {
    const auto keep = [this](file_set_key set) {
        spdlog::info("{} is forgotten: nobody has it any more", p2p::label(set));
        if (state_.keeps()) state_.keep(forgotten_set{std::move(set)});
    };
    for (const file_set_key& set : registry_.take_forgotten()) keep(set);
    for (const file_set_id& id : catalogue_.take_forgotten()) keep(published_set(id));
}

void tracker_server::keep_agreed(const file_set_key& set, const registry_news& news) {
    if (!state_.keeps()) return;
    for (const promotion& promoted : news.promotions) {
        agreement made{set, promoted.agreed, {}};
        for (const peer_id voter : promoted.voters) {
            const peer_info& peer = registry_.peer(voter);
            made.voters.push_back({peer.name, peer.address, peer.voter_host});
        }
        state_.keep(std::move(made));
    }
}

void tracker_server::arrived(tcp::socket socket, std::string host) {
    auto ticket = counter_.enter(site_of(host));
    if (!ticket) {
        ++counts_.refused_connections;
        log_refused(refused_for::limits, host, ticket.error());
        const error_message why{"too_many_connections", ticket.error()};
        turn_away(std::move(socket), options_.secured ? "" : to_line(why));
        return;
    }
    try {
        auto arrived =
            std::make_unique<client>(*this, std::move(socket), std::move(*ticket), std::move(host));
        tasks_.spawn(serve(std::move(arrived)));
    } catch (const std::system_error& failure) {
        spdlog::warn("a connection is lost as it comes: {}", failure.code().message());
    }
}

// Whoever comes again and again, to be refused, does not fill the log, nor keep others out of it that are
// refused for something else.
void tracker_server::log_refused(refused_for what, const std::string& host, std::string_view why) {
    const auto untold =
        refusals_.at(static_cast<std::size_t>(what)).happened(std::chrono::steady_clock::now());
    if (!untold) return;
    spdlog::warn("{} is refused: {}{}", host, printable(why),
                 *untold > 0 ? fmt::format(" (and {} more since the last such line)", *untold) : "");
}

// One look at everybody is less work than a timer for each. No deadline that is set later is due before the
// next.
awaitable<void> tracker_server::watch_deadlines() {
    const duration shortest = std::min({options_.hello_limit, options_.silence_limit, farewell_limit});
    for (;;) {
        const time_point now = std::chrono::steady_clock::now();
        time_point next = now + shortest;
        for (client* const one : connected_) next = std::min(next, one->line.check_deadlines(now));
        forget_long_abandoned(now);
        co_await sleep_until(next);
    }
}

// One connection, from its first line to its last. Whatever ends the conversation ends only this connection.
// All in one coroutine: each that it waited in would take memory for every idle peer.
awaitable<void> tracker_server::serve(std::unique_ptr<client> owned) {
    client& from = *owned;
    try {
        while (from.line.is_shaking_hands()) co_await from.line.shake_hands();
        for (;;) {
            if (from.line.has_more())
                co_await next_turn(from);
            else
                co_await from.line.input();
            from.line.receive();
            while (const auto text = from.line.next_line()) {
                awaitable<void> rest = handle_line(from, *text);
                if (rest.valid()) co_await std::move(rest);
                if (from.line.is_full()) co_await next_turn(from);
            }
            from.line.end_turn();
            if (from.line.is_blocked()) co_await from.line.drain();
        }
    } catch (const protocol_violation& violation) {
        push(from, to_line(violation.answer));
        if (from.id == peer_id{}) log_refused(refused_for::words, from.host, violation.what());
        forget(from, violation.what());
    } catch (const std::system_error& failure) {
        if (failure.code().category() == make_error_code(tls_errc::no_tls).category())
            log_refused(refused_for::secret, from.host, failure.code().message());  // its socket is closed
        if (failure.code() == asio::error::timed_out)
            push(from, to_line(error_message{"timed_out", "no whole message came for too long"}));
        forget(from, why_it_ended(failure.code()));
    } catch (...) {
        log_fault(from.id == peer_id{} ? from.host : label(from.id), std::current_exception());
        push(from, to_line(internal_error));
        forget(from, internal_error.message);
    }
    try {
        from.line.finish();
        from.line.end_turn();
        while (from.line.is_held()) co_await state_.next_release();
        if (from.line.is_blocked()) co_await from.line.drain();
        co_await from.line.linger();
    } catch (...) {
        if (is_cancellation(std::current_exception())) throw;
        log_fault(from.host, std::current_exception());
    }
}

// The others have theirs. A peer that does not read has none until it does: nobody listens to it meanwhile.
awaitable<void> tracker_server::next_turn(client& from) {
    from.line.end_turn();
    co_await asio::post(executor_, use_awaitable);
    while (from.line.is_full() && from.line.is_held()) co_await state_.next_release();
    if (from.line.is_blocked()) co_await from.line.drain();
    from.line.throw_if_ended();
}

// An answer of many lines is returned, to be waited for.
awaitable<void> tracker_server::handle_line(client& from, std::string_view text) {
    if (from.id != peer_id{}) from.line.heard();
    auto read = read_to_tracker(text, options_.messages);
    if (!read) {
        ++counts_.refused_messages;
        if (from.id != peer_id{} && is_hello(text, options_.messages)) throw said_before();
        if (ends_connection(read.error())) throw protocol_violation(read.error());
        charge(from, 1);
        push(from, to_line(read.error()));
        return {};
    }
    ++counts_.messages.at(read->index());
    awaitable<void> rest = handle(from, *read, text);
    fault_point(*read);
    return rest;
}

awaitable<void> tracker_server::handle(client& from, to_tracker::message& message, std::string_view text) {
    if (const auto* hello = std::get_if<to_tracker::hello>(&message)) {
        welcome(from, *hello);
        return {};
    }
    if (from.id == peer_id{} && !is_for_visitors(message))
        throw protocol_violation({"hello_first", "the first message must be hello"});
    from.line.heard();
    charge(from, cost_of(message, text));

    if (const auto* announce = std::get_if<to_tracker::announce>(&message)) {
        handle(from, *announce);
    } else if (auto* locate = std::get_if<to_tracker::locate>(&message)) {
        if (!locate->set.is_published()) return locate_chunks(from, std::move(*locate));
        locate_published(from, *locate->set.id);
    } else if (const auto* published = std::get_if<to_tracker::publish>(&message)) {
        publish(from, published->set);
    } else if (const auto* withdraw = std::get_if<to_tracker::withdraw>(&message)) {
        handle(from, *withdraw);
    } else if (const auto* report = std::get_if<to_tracker::report>(&message)) {
        handle(from, *report);
    } else if (auto* list = std::get_if<to_tracker::list>(&message)) {
        return handle(from, std::move(*list));
    } else if (const auto* ping = std::get_if<to_tracker::ping>(&message)) {
        from.said = *ping;
        push(from, to_line(from_tracker::pong{}));
    } else {
        from.line.finish();
    }
    return {};
}

void tracker_server::charge(client& from, std::uint64_t chunks) const {
    if (from.meter.take(chunks, rate_, std::chrono::steady_clock::now())) return;
    throw protocol_violation(
        {"too_fast",
         fmt::format("more than {} chunks in a second are announced or asked for", rate_.per_second)});
}

void tracker_server::welcome(client& from, const to_tracker::hello& hello) {
    if (from.id != peer_id{}) throw said_before();

    if (!options_.allow_advertise && !hello.advertise.empty() && hello.advertise != from.host)
        throw protocol_violation({"advertise_not_allowed",
                                  fmt::format("this tracker sends others to the address that it sees, {}: "
                                              "leave --advertise away, or start it with --allow-advertise",
                                              from.host)});
    const std::string reachable_at = hello.advertise.empty() ? without_zone(from.host) : hello.advertise;
    const auto joined =
        registry_.join({hello.name, {reachable_at, hello.transfer_port}, site_of(from.host), hello.instance});
    if (!joined)
        throw protocol_violation(
            {"port_taken", fmt::format("another peer at this address uses port {}", hello.transfer_port)});
    from.id = joined->peer;
    from.line.welcomed(options_.silence_limit);
    if (joined->replaced) {
        client& old = *clients_.at(*joined->replaced);
        clients_.erase(*joined->replaced);
        catalogue_.leave(*joined->replaced);
        old.id = peer_id{};
        push(old, to_line(error_message{"replaced", "another connection came for the same address"}));
        old.line.finish();
    }
    clients_[from.id] = &from;
    ++counts_.joined;
    spdlog::info("{} joined", label(from.id));
    const auto silence =
        std::chrono::duration_cast<std::chrono::milliseconds>(options_.silence_limit).count();
    push(from,
         to_line(from_tracker::welcome{protocol_version, from.id, static_cast<std::uint32_t>(silence)}));
}

void tracker_server::forget(client& from, std::string_view why) {
    if (from.id == peer_id{}) return;
    spdlog::info("{} left: {}", label(from.id), why);
    clients_.erase(from.id);
    catalogue_.leave(from.id);
    registry_.leave(from.id);
    from.id = peer_id{};
}

void tracker_server::publish(client& from, const set_summary& set) {
    if (refuse_if_banned(from, published_set(set.id))) return;
    const auto outcome = catalogue_.publish(from.id, set);
    if (!outcome) throw beyond(outcome.error(), options_.sets);
    if (*outcome == catalogue::publishing::counts) {
        keep_forgotten();
        if (state_.keeps()) state_.keep(set);
    }
    if (*outcome != catalogue::publishing::repeated)
        spdlog::info("{} published by {}", p2p::label(set), label(from.id));
}

void tracker_server::handle(client& from, const to_tracker::announce& announce) {
    if (refuse_if_banned(from, announce.set)) return;
    if (announce.set.is_published()) return announce_published(from, *announce.set.id, announce.held);
    const registry_news news = registry_.announce(from.id, announce.set, announce.chunks);
    keep_forgotten();
    keep_agreed(announce.set, news);
    counts_.announced_chunks += announce.chunks.size();
    counts_.agreed_chunks += news.promotions.size();
    counts_.disputes += news.disputes.size();
    log_news(announce.set, news);
    const auto others = registry_.other_counts(from.id, announce.set, max_other_counts);
    if (news.new_member && !others.empty())
        spdlog::warn("{} says that {} has {}, others say {}: these are different sets", label(from.id),
                     printable(announce.set.name), show_count(announce.set.count, "chunk"),
                     fmt::join(others, ", "));

    chunk_set announced;
    for (const chunk_claim& claim : announce.chunks) announced.insert(claim.chunk);
    push_standing(from, announce.set, announced);
    push_news(announce.set, news);
    if (news.exceeded) throw beyond(*news.exceeded, options_.sets);
}

void tracker_server::announce_published(client& from, const file_set_id& id, const chunk_set& held) {
    const auto taken = catalogue_.announce(from.id, id, held);
    if (!taken && taken.error()) throw beyond(*taken.error(), options_.sets);
    if (!taken) {
        push(from, to_line(error_message{"not_published", "this tracker knows no file-set with this id"}));
        return;
    }
    auto pieces = taken->to_ranges(max_ranges_length);
    if (pieces.empty()) pieces.emplace_back();
    for (const std::string& ranges : pieces)
        push(from, to_line(from_tracker::known_announced{published_set(id), ranges}));
}

void tracker_server::handle(client& from, const to_tracker::withdraw& withdraw) {
    if (refuse_if_banned(from, withdraw.set)) return;
    // Whatever the peer holds, what is agreed is looked through.
    constexpr std::uint64_t looked_through_for_one = 16;
    if (!withdraw.set.is_published() && !withdraw.chunks)
        charge(from, registry_.agreed_count(withdraw.set) / looked_through_for_one);
    if (withdraw.set.is_published()) {
        if (withdraw.chunks)
            catalogue_.withdraw(from.id, *withdraw.set.id, *withdraw.chunks);
        else
            catalogue_.leave(from.id, *withdraw.set.id);
    } else if (withdraw.chunks) {
        registry_.withdraw(from.id, withdraw.set, *withdraw.chunks);
    } else {
        registry_.leave_set(from.id, withdraw.set);
    }
}

// What follows from it, the reputation decides.
void tracker_server::handle(client& from, const to_tracker::report& report) {
    if (refuse_if_banned(from, report.set)) return;
    const auto accused = find(from, {report.host, report.port});
    if (!accused || *accused == from.id || !is_member(*accused, report.set) ||
        !is_member(from.id, report.set))
        return;
    const complaint what{report.set, registry_.peer(*accused).address, registry_.peer(from.id).address,
                         registry_.peer(from.id).voter_host};
    const auto hosts = [&] { return hosts_beside(report.set, *accused); };
    const auto follows = reputation_.report(what, hosts, std::chrono::steady_clock::now());
    if (follows == reputation::outcome::ignored) return;
    ++counts_.reports;
    spdlog::info("{} reports that {} sends wrong bytes, of chunk {} of {}", label(from.id), label(*accused),
                 report.chunk.value, p2p::label(report.set));
    if (follows == reputation::outcome::banned) put_out(*accused, report.set);
}

bool tracker_server::is_member(peer_id peer, const file_set_key& set) const {
    return set.is_published() ? catalogue_.is_member(peer, *set.id) : registry_.is_member(peer, set);
}

std::size_t tracker_server::hosts_beside(const file_set_key& set, peer_id accused) const {
    std::set<std::string_view> hosts;
    for (const peer_id one : set.is_published() ? catalogue_.members(*set.id) : registry_.members(set))
        if (one != accused) hosts.insert(registry_.peer(one).voter_host);
    return hosts.size();
}

// It is no member any more: nobody is sent to it, and it has no vote.
void tracker_server::put_out(peer_id banned, const file_set_key& set) {
    ++counts_.bans;
    spdlog::warn("{} is put out of {}: too many hosts report that it sends wrong bytes", label(banned),
                 p2p::label(set));
    if (set.is_published())
        catalogue_.leave(banned, *set.id);
    else
        registry_.leave_set(banned, set);
    tell_put_out(*clients_.at(banned), set);
}

// true: and it is told so.
bool tracker_server::refuse_if_banned(client& from, const file_set_key& set) {
    if (from.id == peer_id{}) return false;
    const endpoint& address = registry_.peer(from.id).address;
    if (!reputation_.is_banned(set, address, std::chrono::steady_clock::now())) return false;
    log_refused(refused_for::wrong_bytes, address.host, "it is put out of " + p2p::label(set));
    tell_put_out(from, set);
    return true;
}

void tracker_server::tell_put_out(client& from, const file_set_key& set) const {
    push(from,
         to_line(error_message{
             "banned", fmt::format("peers on several hosts report that this one sends wrong bytes of {}: "
                                   "it is not named to others any more, check its disk and memory",
                                   p2p::label(set))}));
}

std::vector<peer_id> tracker_server::at_odds_with(peer_id peer, const file_set_key& set) const {
    std::vector<peer_id> others;
    if (peer == peer_id{}) return others;
    const auto now = std::chrono::steady_clock::now();
    for (const endpoint& address : reputation_.at_odds_with(set, registry_.peer(peer).address, now))
        if (const auto one = registry_.find(address)) others.push_back(*one);
    return others;
}

void tracker_server::locate_published(client& from, const file_set_id& id) {
    charge(from, cost_of_holders);
    const auto asker = from.id == peer_id{} ? std::nullopt : std::optional{from.id};
    if (refuse_if_banned(from, published_set(id))) return;
    const std::vector<peer_id> left_out = at_odds_with(from.id, published_set(id));
    charge(from, left_out.size());
    const std::string here = this_host(from);
    std::vector<known_holder> members;
    for (const peer_id peer : catalogue_.locate(asker, id, max_holders_per_message, left_out))
        members.push_back(holder_for(peer, {}, here));
    push(from, to_line(from_tracker::known_locations{published_set(id), {}, members, {}, false}));
}

// A long answer goes out line by line, as fast as the peer reads it.
awaitable<void> tracker_server::handle(client& from, to_tracker::list list) {
    std::optional<set_summary> after;
    for (;;) {
        // One more than a line holds: it shows whether another follows.
        std::vector<set_listing> now =
            catalogue_.list(list.id, list.name, after ? &*after : nullptr, max_sets_per_message + 1);
        const bool more = now.size() > max_sets_per_message;
        if (more) now.pop_back();
        charge(from, now.size());
        if (!now.empty()) after = now.back().set;
        push(from, to_line(from_tracker::filesets{std::move(now), more}));
        if (!more) co_return;
        co_await next_turn(from);
    }
}

awaitable<void> tracker_server::locate_chunks(client& from, to_tracker::locate locate) {
    if (refuse_if_banned(from, locate.set)) co_return;
    const auto limit = registry_.wait_for(from.id, locate.set, locate.chunks);
    keep_forgotten();
    if (limit) throw beyond(*limit, options_.sets);
    const chunk_set agreed = registry_.agreed_in(locate.set, locate.chunks);
    const std::vector<chunk_set> unknown = in_pieces(locate.chunks - agreed);
    const std::string here = this_host(from);
    auto next_agreed = agreed.next(chunk_index{1});
    auto next_unknown = unknown.begin();
    for (;;) {
        std::vector<chunk_index> now;
        for (; next_agreed && now.size() < max_claims_per_message;
             next_agreed = agreed.next({next_agreed->value + 1}))
            now.push_back(*next_agreed);
        const chunk_set unknown_now = next_unknown == unknown.end() ? chunk_set{} : *next_unknown++;
        const bool more = next_agreed || next_unknown != unknown.end();
        charge(from, now.size());
        const std::vector<peer_id> left_out = at_odds_with(from.id, locate.set);
        const location where = registry_.locate(from.id, locate.set, now, max_holders_per_message, left_out);
        push(from, to_line(from_tracker::known_locations{locate.set, where.agreed, holders_of(where, here),
                                                         unknown_now, more}));
        if (!more) co_return;
        co_await next_turn(from);
    }
}

std::pair<to_tracker::ping, time_point> tracker_server::last_words(peer_id peer) const {
    const client& one = *clients_.at(peer);
    return {one.said, one.line.silent_since(std::chrono::steady_clock::now())};
}

void tracker_server::log_news(const file_set_key& set, const registry_news& news) const {
    for (const promotion& promoted : news.promotions) {
        if (!spdlog::should_log(spdlog::level::debug)) break;
        std::vector<std::string> voters;
        for (const peer_id voter : promoted.voters) voters.push_back(label(voter));
        spdlog::debug("{}: chunk {} agreed: {}, {} bytes, by {}", p2p::label(set),
                      promoted.agreed.chunk.value, promoted.agreed.hash.to_hex(), promoted.agreed.size,
                      fmt::join(voters, ", "));
    }
    if (!news.promotions.empty() && registry_.agreed_count(set) == set.count)
        spdlog::info("{}: every chunk is agreed", p2p::label(set));
    if (news.disputes.empty()) return;
    const dispute& first = news.disputes.front();
    const std::size_t more = news.disputes.size() - 1;
    spdlog::warn("{}: chunk {} disputed: {} has {}, {} bytes; agreed is {}{}", p2p::label(set),
                 first.claim.chunk.value, label(first.peer), first.claim.hash.to_hex(), first.claim.size,
                 first.agreed.to_hex(), more > 0 ? fmt::format("; and {} more", more) : "");
}

void tracker_server::push_news(const file_set_key& set, const registry_news& news) {
    for (const auto& [peer, chunks] : news.restated) push_standing(*clients_.at(peer), set, chunks);
    for (const auto& [peer, chunks] : news.available) push_available(*clients_.at(peer), set, chunks);
}

void tracker_server::push_standing(client& to, const file_set_key& set, const chunk_set& chunks) {
    standing stands = registry_.standing_of(to.id, set, chunks);
    auto others = registry_.other_counts(to.id, set, max_other_counts);
    const from_tracker::announced answer{set, std::move(stands.agreed), std::move(stands.pending),
                                         std::move(stands.disputed), std::move(others)};
    push(to, to_line(answer));
}

void tracker_server::push_available(client& to, const file_set_key& set, const chunk_set& chunks) {
    const std::string here = this_host(to);
    std::vector<chunk_index> now;
    for (const chunk_index chunk : chunks) {
        now.push_back(chunk);
        if (now.size() < max_claims_per_message && chunk != *chunks.last()) continue;
        const std::vector<peer_id> left_out = at_odds_with(to.id, set);
        const location where = registry_.locate(to.id, set, now, max_holders_per_message, left_out);
        push(to, to_line(from_tracker::known_agreed{set, where.agreed, holders_of(where, here)}));
        now.clear();
    }
}

// A peer that does not read what it is sent loses its connection, not the others theirs.
void tracker_server::push(client& to, std::string_view line) const {
    if (to.line.post(line)) return;
    spdlog::warn("{} reads too slowly: its connection is closed",
                 to.id == peer_id{} ? to.host : label(to.id));
    to.line.give_up(to_line(error_message{"reads_too_slowly", "too much waits to be read"}),
                    asio::error::no_buffer_space);
}

// Peers on the tracker's own host may have come by an address that only means something there. To others they
// are where the tracker is, by the address that each of them knows it by. Empty: `to` is here, too.
std::string tracker_server::this_host(const client& to) const {
    return is_loopback(to.host) ? "" : without_zone(to.line.local_host());
}

// The peer that `by` was told to be there.
std::optional<peer_id> tracker_server::find(const client& by, const endpoint& where) const {
    const std::string host = without_zone(where.host);
    if (host == this_host(by))
        for (const char* const loopback : {"127.0.0.1", "::1"})
            if (const auto peer = registry_.find({loopback, where.port})) return peer;
    return registry_.find({host, where.port});
}

known_holder tracker_server::holder_for(peer_id id, std::span<const chunk_index> chunks,
                                        const std::string& this_host) const {
    const peer_info& peer = registry_.peer(id);
    const bool is_here = !this_host.empty() && is_loopback(peer.address.host);
    return {id, peer.name, is_here ? this_host : peer.address.host, peer.address.port, chunks};
}

std::vector<known_holder> tracker_server::holders_of(const location& where,
                                                     const std::string& this_host) const {
    std::vector<known_holder> holders;
    holders.reserve(where.holders.size());
    for (const auto& [id, chunks] : where.holders) holders.push_back(holder_for(id, chunks, this_host));
    return holders;
}

std::string tracker_server::label(peer_id id) const {
    const peer_info& peer = registry_.peer(id);
    return fmt::format("{} at {}", printable(peer.name), printable(peer.address.to_string()));
}

}  // namespace p2p
