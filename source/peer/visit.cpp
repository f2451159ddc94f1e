#include "peer/visit.hpp"

#include "core/hosts/zone.hpp"
#include "net/connect.hpp"
#include "net/stream.hpp"
#include "peer/options.hpp"
#include "protocol/json.hpp"

#include <fmt/format.h>

#include <set>

namespace p2p {

namespace {

constexpr duration answer_limit = std::chrono::seconds{4};

/// Sends one line to a tracker and hands each answer of the kind to `take`, until that says it was the last.
template <class Answer, class Take>
awaitable<void> ask_tracker(endpoint tracker, connecting how, std::string question, Take take) {
    std::string trouble;
    try {
        const std::unique_ptr<stream> opened = co_await open_stream(tracker, std::move(how));
        stream& line = *opened;
        line.silence_limit(answer_limit);
        line.post(question);
        co_await line.flush();
        for (bool more = true; more;) {
            const std::string_view text = co_await line.read_line();
            const auto message = read_from_tracker(text);
            if (!message) throw protocol_violation(message.error());
            if (const auto* error = std::get_if<error_message>(&*message)) throw protocol_violation(*error);
            if (const auto* answer = std::get_if<Answer>(&*message)) more = take(*answer);
        }
        co_return;
    } catch (const protocol_violation& violation) {
        trouble = printable(violation.what());
    } catch (const std::system_error& failure) {
        trouble = why_unreachable(failure, tracker.port);
    } catch (const std::exception& fault) {
        trouble = printable(fault.what());
    }
    throw session_failure(exit_code::network,
                          fmt::format("cannot reach the tracker at {}: {}", tracker.to_string(), trouble));
}

awaitable<std::vector<endpoint>> holders_at(endpoint tracker, connecting how, file_set_id id) {
    std::vector<endpoint> holders;
    const to_tracker::locate question{published_set(id), {}};
    const auto take = [&](const from_tracker::locations& answer) {
        for (const holder& one : answer.holders)
            holders.push_back({in_zone_of(tracker.host, one.host), one.port});
        return answer.more;
    };
    co_await ask_tracker<from_tracker::locations>(tracker, std::move(how), to_line(question), take);
    co_return holders;
}

awaitable<std::vector<set_listing>> sets_at(endpoint tracker, connecting how,
                                            std::optional<std::string> name) {
    std::vector<set_listing> sets;
    const to_tracker::list question{std::nullopt, std::move(name)};
    const auto take = [&sets](const from_tracker::filesets& answer) {
        sets.insert(sets.end(), answer.sets.begin(), answer.sets.end());
        return answer.more;
    };
    co_await ask_tracker<from_tracker::filesets>(std::move(tracker), std::move(how), to_line(question), take);
    co_return sets;
}

/// Asks one tracker after the other, until `take` says that what one told is enough; throws the last failure
/// where none of them answers.
template <class Ask, class Take>
awaitable<void> ask_in_order(const std::vector<endpoint>& trackers, Ask ask, Take take) {
    std::optional<session_failure> trouble;
    bool answered = false;
    for (const endpoint& tracker : trackers) {
        try {
            const auto answer = co_await ask(tracker);
            answered = true;
            if (take(answer)) co_return;
        } catch (const session_failure& failure) {
            trouble = failure;
        }
    }
    if (!answered && trouble) throw *trouble;
}

}  // namespace

awaitable<std::vector<set_listing>> list_sets(std::vector<endpoint> trackers, connecting how) {
    std::vector<set_listing> sets;
    const auto ask = [&how](const endpoint& tracker) { return sets_at(tracker, how, std::nullopt); };
    const auto take = [&sets](const std::vector<set_listing>& answer) {
        sets = answer;
        return true;
    };
    co_await ask_in_order(trackers, ask, take);
    co_return sets;
}

awaitable<file_set_id> find_by_name(std::vector<endpoint> trackers, connecting how, std::string name) {
    std::set<file_set_id> ids;
    std::set<file_set_id> without_peers;  // of those, only where there is no other
    const auto ask = [&how, &name](const endpoint& tracker) { return sets_at(tracker, how, name); };
    const auto take = [&](const std::vector<set_listing>& sets) {
        for (const set_listing& one : sets)
            (one.seeders + one.leechers > 0 ? ids : without_peers).insert(one.set.id);
        return !ids.empty();
    };
    co_await ask_in_order(trackers, ask, take);
    if (ids.empty()) ids = std::move(without_peers);
    if (ids.empty())
        throw session_failure(exit_code::incomplete,
                              fmt::format("the tracker knows no file-set called {}", printable(name)));
    if (ids.size() > 1) {
        std::string all;
        for (const file_set_id& id : ids) all += (all.empty() ? "" : ", ") + id.to_hex();
        throw session_failure(exit_code::usage, fmt::format("several file-sets are called {}, give an id: {}",
                                                            printable(name), all));
    }
    co_return *ids.begin();
}

awaitable<found_holders> find_holders(std::vector<endpoint> trackers, connecting how, file_set_id id) {
    found_holders found;
    const auto ask = [&](const endpoint& tracker) {
        found.tracker = tracker;
        return holders_at(tracker, how, id);
    };
    const auto take = [&found](const std::vector<endpoint>& named) {
        found.holders = named;
        return !named.empty();
    };
    co_await ask_in_order(trackers, ask, take);
    co_return found;
}

}  // namespace p2p
