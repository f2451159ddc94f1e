#include "main/client/controls.hpp"

#include "main/client/common.hpp"
#include "main/client/output.hpp"
#include "net/event.hpp"
#include "net/task_group.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace p2p::client {

namespace {

constexpr duration between_looks = std::chrono::seconds{1};

control::refused refuse(exit_code code, std::string why) {
    return {static_cast<int>(code), std::move(why)};
}

std::string id_of(const session& one) {
    return one.set().is_published() ? one.set().id->to_hex() : std::string{};
}

}  // namespace

controls::controls(peer& self, session_options added, std::optional<swarm_key> key, bool stay)
    : self_(self), options_of_added_(std::move(added)), key_(std::move(key)), stay_(stay) {}

control::answer controls::carry_out(const control::request& what) {
    try {
        return std::visit([this](const auto& one) { return answer(one); }, what);
    } catch (...) {
        const std::string why = hide_keys(message_of(std::current_exception()));
        spdlog::error("a request could not be carried out: {}", why);
        return refuse(exit_code::failure, why);
    }
}

std::vector<std::string> controls::fileset_names() const {
    std::vector<std::string> names;
    for (const session* one : self_.sessions()) names.push_back(one->options().label);
    return names;
}

awaitable<void> controls::watch() {
    for (;;) {
        const time_point now = std::chrono::steady_clock::now();
        std::map<const session*, rates> seen;
        for (const session* one : self_.sessions()) {
            rates& of = seen[one] = std::move(rates_[one]);
            const activity is = one->going_on();
            of.received.add(is.received, now);
            of.sent.add(is.sent, now);
        }
        rates_ = std::move(seen);
        co_await sleep_for(between_looks);
    }
}

std::vector<session*> controls::named(const std::string& fileset) const {
    std::vector<session*> some;
    for (session* one : self_.sessions())
        if (fileset.empty() || one->options().label == fileset || id_of(*one) == fileset) some.push_back(one);
    return some;
}

template <class Do>
control::answer controls::for_each(const std::string& fileset, Do what) {
    const std::vector<session*> some = named(fileset);
    if (some.empty() && !fileset.empty())
        return refuse(exit_code::usage, fmt::format("there is no file-set {} here", printable(fileset)));
    for (session* one : some) what(*one);
    return control::done{};
}

// --- looking

control::set_status controls::status_of(const session& one) const {
    const peer_status s = one.status();
    control::set_status is;
    is.now = one.going_on();
    is.id = id_of(one);
    is.chunks = s.count;
    is.chunks_present = s.present.size();
    is.chunks_fetched = s.fetched;
    is.wrong_chunks = s.wrong;
    is.sources = s.sources;
    is.receivers = s.receivers;
    is.seconds = std::chrono::duration<double>(s.elapsed).count();
    is.has_tracker = s.tracker_connected;
    if (const auto of = rates_.find(&one); of != rates_.end()) {
        is.received_per_second = of->second.received.per_second().value_or(0);
        is.sent_per_second = of->second.sent.per_second().value_or(0);
    }
    return is;
}

control::answer controls::answer(const control::status&) {
    const peer_options& options = self_.options();
    control::whole_status whole{options.name, self_.port(), options.limit_up, options.limit_down};
    for (const session* one : self_.sessions()) whole.filesets.push_back(status_of(*one));
    // What is looked at before there is a session for it.
    for (activity& one : self_.going_on().now()) {
        const bool has_session = std::ranges::any_of(
            whole.filesets, [&](const control::set_status& known) { return known.now.name == one.name; });
        if (has_session) continue;
        control::set_status before;
        before.now = std::move(one);
        whole.filesets.push_back(std::move(before));
    }
    return whole;
}

control::answer controls::answer(const control::peers& asked) {
    control::connected_peers all;
    const auto look = [&all](const session& one) {
        const peer_status s = one.status();
        for (const connection_status& c : s.connections)
            all.peers.push_back({s.fileset, c.label, c.has, s.count, c.open_requests, c.received, c.sent});
    };
    const control::answer looked = for_each(asked.fileset, look);
    return std::holds_alternative<control::done>(looked) ? control::answer{std::move(all)} : looked;
}

control::answer controls::answer(const control::chunks& asked) {
    control::all_chunks all;
    const auto look = [&all](const session& one) {
        const peer_status s = one.status();
        all.filesets.push_back({s.fileset, s.count, s.present, s.offered, s.disputed});
    };
    const control::answer looked = for_each(asked.fileset, look);
    return std::holds_alternative<control::done>(looked) ? control::answer{std::move(all)} : looked;
}

// --- doing

control::answer controls::answer(const control::add& asked) {
    const auto from = parse_link(asked.link);
    if (!from) return refuse(exit_code::usage, from.error());
    if (!named(from->id.to_hex()).empty() || is_waiting_for(from->id.to_hex()))
        return refuse(exit_code::usage, fmt::format("{} is here already", printable(from->name)));
    fetch_order what;
    what.from = *from;
    what.destination = asked.destination;
    if (!what.from.key) what.from.key = key_at_hand(*from, what.destination);
    // One port has one secret.
    const bool has_own_secret = self_.options().secured && !key_;
    if (what.from.key != key_ && !has_own_secret)
        return refuse(exit_code::usage,
                      "the link does not have the secret of this peer: "
                      "get it with a command of its own");
    what.session = options_of_added_;
    what.session.watch = events_of_sessions();
    what.session.fetch = true;
    what.session.needs_tracker = false;
    what.stay = stay_;
    const auto added = std::make_shared<added_set>(added_set{from->id.to_hex(), from->name});
    waiting_.push_back(added);
    what.on_found = [this, added](const events::found& found) {
        waiting_.remove(added);
        tell(found);
    };
    what.is_unwanted = [added] { return added->is_unwanted; };
    self_.spawn(fetch(std::move(what), added));
    return control::done{};
}

// One that fails does not end the others.
awaitable<void> controls::fetch(fetch_order what, std::shared_ptr<added_set> added) {
    try {
        co_await fetch_set(self_, std::move(what));
    } catch (const session_failure& failure) {
        if (!added->is_unwanted) code_ = note_failure(code_, failure);
    } catch (...) {
        if (is_cancellation(std::current_exception())) throw;
        const std::string why = message_of(std::current_exception());
        code_ = note_failure(code_, session_failure(exit_code::failure, why));
    }
    waiting_.remove(added);
}

bool controls::is_waiting_for(const std::string& fileset) const {
    return std::ranges::any_of(waiting_,
                               [&](const auto& one) { return one->id == fileset || one->name == fileset; });
}

control::answer controls::answer(const control::pause& asked) {
    return for_each(asked.fileset, [](session& one) { one.pause(); });
}

control::answer controls::answer(const control::resume& asked) {
    return for_each(asked.fileset, [](session& one) { one.resume(); });
}

control::answer controls::answer(const control::remove& asked) {
    if (asked.fileset.empty()) return refuse(exit_code::usage, "which file-set?");
    const bool is_waiting = is_waiting_for(asked.fileset);
    for (const auto& one : waiting_)
        one->is_unwanted |= one->id == asked.fileset || one->name == asked.fileset;
    if (is_waiting && named(asked.fileset).empty()) return control::done{};
    return for_each(asked.fileset, [](session& one) { one.stop(); });
}

control::answer controls::answer(const control::limit& asked) {
    if (asked.up) self_.limit_up(*asked.up);
    if (asked.down) self_.limit_down(*asked.down);
    return control::done{};
}

control::answer controls::answer(const control::log& asked) {
    const auto level = spdlog::level::from_str(asked.level);
    if (level == spdlog::level::off && asked.level != "off")
        return refuse(exit_code::usage, fmt::format("there is no log level {}", printable(asked.level, 40)));
    spdlog::set_level(level);
    return control::done{};
}

control::answer controls::answer(const control::stop&) {
    self_.stop();
    return control::done{};
}

}  // namespace p2p::client
