#include "tracker/server.hpp"

#include "net/listener.hpp"
#include "protocol/json.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <variant>

namespace p2p {

namespace {

std::string label(const file_set_key& set) {
    return fmt::format("{} ({} chunks)", printable(set.name), set.count);
}

std::string label(const set_summary& set) {
    constexpr std::size_t first_digits = 8;
    return fmt::format("{} ({}, {} chunks, id {}…)", printable(set.name), show_size(set.size), set.count,
                       set.id.to_hex().substr(0, first_digits));
}

// What a visitor may ask without being a peer.
bool is_for_visitors(const to_tracker::message& message) {
    const auto* locate = std::get_if<to_tracker::locate>(&message);
    return std::holds_alternative<to_tracker::list>(message) ||
           (locate != nullptr && locate->set.is_published());
}

std::string host_of(const tcp::endpoint& remote) {
    const auto address = remote.address();
    // An IPv4 peer of a dual-stack listener is to look the same as that of an IPv4 one.
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
    return address.to_string();
}

}  // namespace

tracker_server::client::client(tcp::socket socket, const tracker_server& server) : line(std::move(socket)) {
    host = host_of(line.remote());
    line.silence_limit(server.options_.hello_limit);
}

tracker_server::tracker_server(asio::any_io_executor executor, tracker_options options)
    : executor_(executor),
      options_(std::move(options)),
      registry_(options_.agreement, options_.seed),
      catalogue_(options_.seed),
      acceptor_(listen_on(executor, options_.listen)),
      connections_(executor) {}

std::uint16_t tracker_server::port() const {
    return acceptor_.local_endpoint().port();
}

awaitable<void> tracker_server::run() {
    return connections_.around(
        accept_loop(acceptor_, [this](tcp::socket socket) { arrived(std::move(socket)); }));
}

void tracker_server::arrived(tcp::socket socket) {
    if (connections_.size() >= options_.most_connections) {
        spdlog::warn("more than {} connections: one is turned away", options_.most_connections);
        return;
    }
    connections_.spawn(serve(std::move(socket)));
}

awaitable<void> tracker_server::serve(tcp::socket socket) {
    client from(std::move(socket), *this);
    task_group writing(executor_);
    writing.spawn(from.line.write_lines());
    try {
        co_await writing.around(converse(from));
    } catch (const std::system_error&) {
        // The other side is gone: there is nothing left to send it.
    }
}

// One peer, from its hello to its goodbye. Whatever ends the conversation ends only this connection.
awaitable<void> tracker_server::converse(client& from) {
    std::string why = "said goodbye";
    try {
        co_await read_lines(from);
    } catch (const protocol_violation& violation) {
        push(from, to_line(violation.answer));
        why = violation.what();
    } catch (const std::system_error& failure) {
        why = failure.code() == asio::error::timed_out ? "was silent for too long" : failure.code().message();
    }
    forget(from, why);
    from.line.finish();
}

awaitable<void> tracker_server::read_lines(client& from) {
    for (;;) {
        const std::string_view text = co_await from.line.read_line();
        if (!co_await handle_line(from, text)) co_return;
    }
}

// false: the conversation is over.
awaitable<bool> tracker_server::handle_line(client& from, std::string_view text) {
    auto read = read_to_tracker(text);
    if (!read) {
        if (read.error().code == "bad_json") throw protocol_violation(read.error());
        push(from, to_line(read.error()));
        co_return true;
    }
    if (const auto* hello = std::get_if<to_tracker::hello>(&*read)) {
        welcome(from, *hello);
        co_return true;
    }
    if (from.id == peer_id{} && !is_for_visitors(*read))
        throw protocol_violation({"hello_first", "the first message must be hello"});

    if (const auto* published = std::get_if<to_tracker::publish>(&*read)) {
        publish(from, published->set);
    } else if (const auto* announce = std::get_if<to_tracker::announce>(&*read)) {
        handle(from, *announce);
    } else if (auto* locate = std::get_if<to_tracker::locate>(&*read)) {
        if (locate->set.is_published())
            locate_published(from, *locate->set.id);
        else
            co_await locate_chunks(from, std::move(*locate));
    } else if (const auto* withdraw = std::get_if<to_tracker::withdraw>(&*read)) {
        handle(from, *withdraw);
    } else if (auto* list = std::get_if<to_tracker::list>(&*read)) {
        co_await handle(from, std::move(*list));
    } else if (std::holds_alternative<ping_message>(*read)) {
        push(from, to_line(from_tracker::pong{}));
    } else {
        co_return false;
    }
    co_return true;
}

void tracker_server::welcome(client& from, const to_tracker::hello& hello) {
    if (hello.version != protocol_version)
        throw protocol_violation(
            {"unsupported_version", fmt::format("this tracker speaks version {}", protocol_version)});
    if (from.id != peer_id{}) throw protocol_violation({"bad_field", "hello was said before"});

    const std::string& host = hello.advertise.empty() ? from.host : hello.advertise;
    const auto joined = registry_.join({hello.name, {host, hello.transfer_port}, from.host});
    from.id = joined.peer;
    from.line.silence_limit(options_.silence_limit);
    if (joined.replaced) {
        client& old = *clients_.at(*joined.replaced);
        clients_.erase(*joined.replaced);
        catalogue_.leave(*joined.replaced);
        old.id = peer_id{};
        push(old, to_line(error_message{"replaced", "another connection came for the same address"}));
        old.line.finish();
    }
    clients_[from.id] = &from;
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
    if (catalogue_.publish(from.id, set)) spdlog::info("{} published by {}", p2p::label(set), label(from.id));
}

void tracker_server::handle(client& from, const to_tracker::announce& announce) {
    if (announce.set.is_published()) return announce_published(from, *announce.set.id, announce.held);
    const registry_news news = registry_.announce(from.id, announce.set, announce.chunks);
    log_news(announce.set, news);
    const auto others = registry_.other_counts(announce.set);
    if (news.new_member && !others.empty())
        spdlog::warn("{} says that {} has {} chunks, others say {}: these are different sets", label(from.id),
                     printable(announce.set.name), announce.set.count, fmt::join(others, ", "));

    chunk_set announced;
    for (const chunk_claim& claim : announce.chunks) announced.insert(claim.chunk);
    push_standing(from, announce.set, announced);
    push_news(announce.set, news);
}

void tracker_server::announce_published(client& from, const file_set_id& id, const chunk_set& held) {
    const auto taken = catalogue_.announce(from.id, id, held);
    if (!taken) {
        push(from, to_line(error_message{"not_published", "no peer has published a file-set with this id"}));
        return;
    }
    auto pieces = taken->to_ranges(max_ranges_length);
    if (pieces.empty()) pieces.emplace_back();
    for (const std::string& ranges : pieces) {
        from_tracker::announced answer{published_set(id), {}, {}, {}, {}};
        answer.agreed = *chunk_set::parse(ranges, max_chunk_count);
        push(from, to_line(answer));
    }
}

void tracker_server::handle(client& from, const to_tracker::withdraw& withdraw) {
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

void tracker_server::locate_published(client& from, const file_set_id& id) {
    const auto asker = from.id == peer_id{} ? std::nullopt : std::optional{from.id};
    from_tracker::locations answer{published_set(id), {}, {}, {}, false};
    for (const peer_id peer : catalogue_.locate(asker, id, max_holders_per_message))
        answer.holders.push_back(holder_for(peer, {}));
    push(from, to_line(answer));
}

awaitable<void> tracker_server::handle(client& from, to_tracker::list list) {
    const auto all = catalogue_.list(list.id, list.name);
    auto next = all.begin();
    do {
        const auto left = static_cast<std::size_t>(all.end() - next);
        const auto end = next + static_cast<std::ptrdiff_t>(std::min(left, max_sets_per_message));
        const from_tracker::filesets answer{{next, end}, end != all.end()};
        push(from, to_line(answer));
        next = end;
        co_await next_turn(from);
    } while (next != all.end());
}

awaitable<void> tracker_server::locate_chunks(client& from, to_tracker::locate locate) {
    registry_.wait_for(from.id, locate.set, locate.chunks);
    const chunk_set agreed = registry_.agreed_in(locate.set, locate.chunks);
    const auto unknown = (locate.chunks - agreed).to_ranges(max_ranges_length);
    auto next_agreed = agreed.next(chunk_index{1});
    auto next_unknown = unknown.begin();
    do {
        chunk_set now;
        for (; next_agreed && now.size() < max_claims_per_message;
             next_agreed = agreed.next({next_agreed->value + 1}))
            now.insert(*next_agreed);
        location where = registry_.locate(from.id, locate.set, now, max_holders_per_message);
        from_tracker::locations answer{locate.set, std::move(where.agreed), holders_of(where), {}, false};
        if (next_unknown != unknown.end())
            answer.unknown = *chunk_set::parse(*next_unknown++, locate.set.count);
        answer.more = next_agreed || next_unknown != unknown.end();
        push(from, to_line(answer));
        co_await next_turn(from);
    } while (next_agreed || next_unknown != unknown.end());
}

// A long answer goes out line by line, as fast as the peer reads it, and lets the other peers have their
// turn.
awaitable<void> tracker_server::next_turn(client& to) {
    co_await asio::post(executor_, use_awaitable);
    co_await to.line.room_in_outbox();
}

void tracker_server::log_news(const file_set_key& set, const registry_news& news) const {
    for (const promotion& promoted : news.promotions) {
        std::vector<std::string> voters;
        for (const peer_id voter : promoted.voters) voters.push_back(label(voter));
        spdlog::info("{}: chunk {} agreed: {}, {} bytes, by {}", p2p::label(set), promoted.agreed.chunk.value,
                     promoted.agreed.hash.to_hex(), promoted.agreed.size, fmt::join(voters, ", "));
    }
    for (const dispute& disputed : news.disputes)
        spdlog::warn("{}: chunk {} disputed: {} has {}, {} bytes; agreed is {}", p2p::label(set),
                     disputed.claim.chunk.value, label(disputed.peer), disputed.claim.hash.to_hex(),
                     disputed.claim.size, disputed.agreed.to_hex());
}

void tracker_server::push_news(const file_set_key& set, const registry_news& news) {
    for (const auto& [peer, chunks] : news.restated) push_standing(*clients_.at(peer), set, chunks);
    for (const auto& [peer, chunks] : news.available) push_available(*clients_.at(peer), set, chunks);
}

void tracker_server::push_standing(client& to, const file_set_key& set, const chunk_set& chunks) {
    standing stands = registry_.standing_of(to.id, set, chunks);
    auto others = registry_.other_counts(set);
    others.resize(std::min(others.size(), max_other_counts));
    const from_tracker::announced answer{set, std::move(stands.agreed), std::move(stands.pending),
                                         std::move(stands.disputed), std::move(others)};
    push(to, to_line(answer));
}

void tracker_server::push_available(client& to, const file_set_key& set, const chunk_set& chunks) {
    for (chunk_set left = chunks; !left.empty();) {
        const chunk_set now = left.take(max_claims_per_message);
        left -= now;
        location where = registry_.locate(to.id, set, now, max_holders_per_message);
        from_tracker::agreed news{set, {}, holders_of(where)};
        news.chunks = std::move(where.agreed);
        push(to, to_line(news));
    }
}

// A peer that does not read what it is sent loses its connection, not the others theirs.
void tracker_server::push(client& to, std::string_view line) const {
    try {
        to.line.post(line);
    } catch (const std::system_error&) {
        spdlog::warn("{} reads too slowly: its connection is closed", to.host);
        to.line.close();
    }
}

holder tracker_server::holder_for(peer_id id, chunk_set chunks) const {
    const peer_info& peer = registry_.peer(id);
    return {id, peer.name, peer.address.host, peer.address.port, std::move(chunks)};
}

std::vector<holder> tracker_server::holders_of(const location& where) const {
    std::vector<holder> holders;
    for (const auto& [id, chunks] : where.holders) holders.push_back(holder_for(id, chunks));
    return holders;
}

std::string tracker_server::label(peer_id id) const {
    const peer_info& peer = registry_.peer(id);
    return fmt::format("{} at {}", printable(peer.name), printable(peer.address.to_string()));
}

}  // namespace p2p
