#include "peer/visit.hpp"

#include "core/backoff.hpp"
#include "core/manifest_sources.hpp"
#include "net/event.hpp"
#include "net/on_pool.hpp"
#include "net/stream.hpp"
#include "peer/hello.hpp"
#include "peer/options.hpp"
#include "protocol/json.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>
#include <set>

namespace p2p {

namespace {

constexpr duration answer_limit = std::chrono::seconds{10};
// A tracker that was not reached by then is given up.
constexpr duration first_contact_limit = std::chrono::seconds{5};
// Soon at first: whoever was sent away because others were getting the manifest can ask those.
constexpr duration ask_again_first = std::chrono::milliseconds{20};
constexpr duration ask_again_cap = std::chrono::milliseconds{500};

// Pieces of a manifest that are asked for at a time: enough to hide the round trip.
constexpr byte_count piece_size = 256 * 1024;
constexpr unsigned most_open = 8;

time_point now() {
    return std::chrono::steady_clock::now();
}

std::string what_went_wrong(const std::system_error& failure) {
    return failure.code() == asio::error::timed_out ? "no answer" : failure.code().message();
}

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
        trouble = what_went_wrong(failure);
    }
    throw session_failure(exit_code::network,
                          fmt::format("cannot reach the tracker at {}: {}", tracker.to_string(), trouble));
}

awaitable<std::vector<endpoint>> find_holders(endpoint tracker, connecting how, file_set_id id) {
    std::vector<endpoint> holders;
    const to_tracker::locate question{published_set(id), {}};
    const auto take = [&holders](const from_tracker::locations& answer) {
        for (const holder& one : answer.holders) holders.push_back({one.host, one.port});
        return answer.more;
    };
    co_await ask_tracker<from_tracker::locations>(std::move(tracker), std::move(how), to_line(question),
                                                  take);
    co_return holders;
}

/// A manifest on its way, from one peer at a time. Only the whole of it shows whether it is right; where
/// several peers sent parts of a wrong one, nobody knows who lied, and it is fetched from single ones from
/// then on.
class manifest_download {
public:
    manifest_download(peer& self, file_set_id id) : self_(self), id_(id) {}

    byte_count received() const { return text_.size(); }
    std::string take() { return std::exchange(text_, {}); }
    bool is_whole() const { return total_ && text_.size() == *total_; }

    /// The bytes that came were wrong. Who lied, if that is known.
    std::optional<endpoint> start_again() {
        std::optional<endpoint> liar;
        if (senders_.size() == 1) liar = *senders_.begin();
        if (senders_.size() > 1) from_one_only_ = true;
        forget();
        return liar;
    }

    /// `patience`: for the connection, for the first answer, and for each piece. `largest`: nothing is taken
    /// of a manifest that is to become larger.
    awaitable<void> fetch_from(endpoint who, duration patience, byte_count largest) {
        if (from_one_only_) forget();
        patience_ = patience;
        largest_ = largest;
        connecting how = self_.to_peer();
        how.limit = patience;
        const std::unique_ptr<stream> opened = co_await open_stream(who, how);
        stream& line = *opened;
        peer_to_peer::hello hello;
        hello.name = self_.options().name;
        hello.instance = self_.instance();
        hello.transfer_port = self_.port();
        hello.set = published_set(id_);
        line.post(to_line(hello));
        co_await line.flush();
        const peer_to_peer::hello answer = co_await read_hello(line, patience);
        if (answer.set != hello.set) throw protocol_violation({"unknown_fileset", "another file-set"});
        line.silence_limit(patience);
        co_await fetch_on(line, who);
    }

private:
    void forget() {
        text_.clear();
        total_.reset();
        senders_.clear();
    }

    awaitable<void> fetch_on(stream& line, const endpoint& who) {
        byte_count asked = text_.size();
        unsigned open = 0;
        time_point late = now() + patience_;
        while (!is_whole()) {
            for (; open < most_open && (total_ ? asked < *total_ : open == 0); ++open) {
                line.post(to_line(peer_to_peer::get_manifest{asked, piece_size}));
                asked += piece_size;
            }
            co_await line.flush();
            if (co_await read_piece(line, who)) {
                --open;
                late = now() + patience_;
            } else if (now() > late) {
                throw std::system_error(asio::error::timed_out);  // it talks about other things
            }
        }
    }

    // false: that line was about something else.
    awaitable<bool> read_piece(stream& line, const endpoint& who) {
        const std::string_view text = co_await line.read_line();
        const auto message = read_peer_to_peer(text, max_chunk_count);
        if (!message) throw protocol_violation(message.error());
        if (std::holds_alternative<peer_to_peer::refuse>(*message) ||
            std::holds_alternative<error_message>(*message))
            throw protocol_violation({"refused", "it does not send the manifest"});
        const auto* piece = std::get_if<peer_to_peer::manifest_part>(&*message);
        if (!piece) co_return false;
        if (const byte_count most = self_.options().limits.manifest; piece->total > most) {
            const error_message why{"manifest_too_large",
                                    fmt::format("its manifest has {}, more than {} (see --max-manifest)",
                                                show_size(piece->total), show_size(most))};
            line.post(to_line(why));
            co_await line.flush();
            throw protocol_violation(why);
        }
        if (piece->total > largest_)
            throw protocol_violation({"bad_field", "so large a manifest is not taken from it yet"});
        if (piece->total != total_.value_or(piece->total)) {
            // One of the two lies, and nobody knows which.
            from_one_only_ = true;
            forget();
            throw protocol_violation({"bad_field", "others say that the manifest has another size"});
        }
        const byte_count expected = std::min(piece_size, piece->total - text_.size());
        if (piece->offset != text_.size() || piece->size != expected)
            throw protocol_violation(
                {"bad_field", "that is not the piece of the manifest that was asked for"});
        if (!total_) text_.reserve(piece->total);  // memory is taken as bytes come
        total_ = piece->total;
        senders_.insert(who);
        const byte_count size = piece->size;
        const time_point late = now() + patience_;
        for (byte_count got = 0; got < size;) {
            if (now() > late) throw std::system_error(asio::error::timed_out);
            const std::size_t at = text_.size();
            text_.resize(at + std::min<byte_count>(size - got, 64 * 1024));
            const auto room = std::as_writable_bytes(std::span{text_}.subspan(at));
            const std::size_t n = co_await line.read_content(room);
            text_.resize(at + n);
            got += n;
        }
        co_return true;
    }

    peer& self_;
    file_set_id id_;
    std::string text_;
    std::optional<byte_count> total_;
    std::set<endpoint> senders_;
    bool from_one_only_ = false;
    duration patience_{};
    byte_count largest_ = 0;
};

/// Asks each tracker, and hands what it says to `take`; throws the last failure where none of them answers.
template <class Ask, class Take>
awaitable<void> ask_each(const std::vector<endpoint>& trackers, Ask ask, Take take) {
    std::optional<session_failure> trouble;
    bool answered = false;
    for (const endpoint& tracker : trackers) {
        try {
            const auto told = co_await ask(tracker);
            take(told);
            answered = true;
        } catch (const session_failure& failure) {
            trouble = failure;
        }
    }
    if (!answered && trouble) throw *trouble;
}

/// Everybody whom a tracker names.
awaitable<std::vector<endpoint>> find_holders_anywhere(std::vector<endpoint> trackers, connecting how,
                                                       file_set_id id) {
    std::vector<endpoint> holders;
    const auto ask = [&how, id](const endpoint& tracker) { return find_holders(tracker, how, id); };
    const auto take = [&holders](const std::vector<endpoint>& more) {
        holders.insert(holders.end(), more.begin(), more.end());
    };
    co_await ask_each(trackers, ask, take);
    co_return holders;
}

}  // namespace

awaitable<std::vector<set_listing>> list_sets(endpoint tracker, connecting how, std::optional<file_set_id> id,
                                              std::optional<std::string> name) {
    std::vector<set_listing> sets;
    const to_tracker::list question{id, std::move(name)};
    const auto take = [&sets](const from_tracker::filesets& answer) {
        sets.insert(sets.end(), answer.sets.begin(), answer.sets.end());
        return answer.more;
    };
    co_await ask_tracker<from_tracker::filesets>(std::move(tracker), std::move(how), to_line(question), take);
    co_return sets;
}

awaitable<file_set_id> find_by_name(std::vector<endpoint> trackers, connecting how, std::string name) {
    std::set<file_set_id> ids;
    const auto ask = [&how, &name](const endpoint& tracker) {
        return list_sets(tracker, how, std::nullopt, name);
    };
    const auto take = [&ids](const std::vector<set_listing>& sets) {
        for (const set_listing& one : sets) ids.insert(one.set.id);
    };
    co_await ask_each(trackers, ask, take);
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

awaitable<std::shared_ptr<const manifest>> fetch_manifest(peer& self, std::vector<endpoint> trackers,
                                                          file_set_id id, duration patience) {
    manifest_download download(self, id);
    manifest_sources sources;
    std::string trouble = "nobody has it";
    byte_count before = 0;
    const time_point started = now();
    time_point give_up_at = started + patience;
    bool told = false;
    std::mt19937_64 random(self.instance());
    backoff pause(ask_again_first, ask_again_cap, random());
    while (now() < give_up_at) {
        std::optional<session_failure> unreachable;
        std::vector<endpoint> holders;
        try {
            holders = co_await find_holders_anywhere(trackers, self.to_tracker(), id);
        } catch (const session_failure& failure) {
            unreachable = failure;
        }
        if (unreachable && now() >= started + first_contact_limit) throw *unreachable;
        // In random order: not all who come at once to the same one.
        const std::vector<endpoint> in_turn = sources.worth_asking(holders, now(), random);
        for (const endpoint& who : in_turn) {
            try {
                co_await download.fetch_from(who, sources.patience(who), sources.largest(who));
            } catch (const protocol_violation& violation) {
                if (violation.answer.code != "refused") sources.failed(who, now());
                trouble = fmt::format("{}: {}", who.to_string(), printable(violation.what()));
            } catch (const std::system_error& failure) {
                if (failure.code() == asio::error::operation_aborted) throw;
                sources.failed(who, now());
                trouble = fmt::format("{}: {}", who.to_string(), what_went_wrong(failure));
            }
            if (download.is_whole() || download.received() >= before + piece_size) {
                give_up_at = now() + patience;
                before = download.received();
                pause.reset();
            }
            if (!download.is_whole()) continue;
            const auto check = [&] { return manifest::parse_if(id, download.take()); };
            auto right = co_await on_pool(self.pool(), check);
            if (!right)
                throw session_failure(exit_code::incomplete, "the manifest is refused: " + right.error());
            if (*right) co_return std::make_shared<const manifest>(std::move(**right));
            spdlog::warn("{} sent a wrong manifest", who.to_string());
            trouble = "only wrong manifests came";
            if (const auto liar = download.start_again()) sources.lied(*liar);
            before = 0;
        }
        if (holders.empty() && !std::exchange(told, true))
            spdlog::info("waiting for a peer that has {}", id.to_hex());
        const duration wait = pause.next();
        co_await sleep_for(wait);
    }
    throw session_failure(exit_code::incomplete, fmt::format("cannot get {}: {}", id.to_hex(), trouble));
}

}  // namespace p2p
