#include "peer/manifest_fetch.hpp"

#include "core/base/backoff.hpp"
#include "core/transfer/manifest_sources.hpp"
#include "net/connect.hpp"
#include "net/event.hpp"
#include "net/fault.hpp"
#include "net/on_pool.hpp"
#include "net/stream.hpp"
#include "net/task_group.hpp"
#include "peer/hello.hpp"
#include "peer/options.hpp"
#include "peer/visit.hpp"
#include "protocol/json.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

namespace p2p {

namespace {

// A tracker that was not reached by then is given up.
constexpr duration first_contact_limit = std::chrono::seconds{5};
// Soon at first: whoever was sent away because others were getting the manifest can ask those.
constexpr duration ask_again_first = std::chrono::milliseconds{20};
constexpr duration ask_again_cap = std::chrono::milliseconds{500};

// Pieces of a manifest that are asked for at a time: enough to hide the round trip.
constexpr byte_count piece_size = 256 * 1024;
constexpr unsigned most_open = 8;

// Somebody else is asked as well when nothing has begun to come after so long, or nothing comes any more; and
// whatever comes, after `long_enough`, for it may be a lie that has no end.
constexpr duration for_a_beginning = std::chrono::milliseconds{100};
constexpr duration for_more = std::chrono::milliseconds{500};
constexpr duration long_enough = std::chrono::seconds{2};
constexpr std::size_t most_at_a_time = 4;
constexpr std::size_t most_while_it_comes = 2;

// Who has nothing by then becomes a member of the set, so that others connect to it: it may be that it cannot
// connect to them. So many of these are asked at a time.
constexpr duration for_holders_to_answer = std::chrono::seconds{1};
constexpr std::size_t most_visitors = 4;

time_point now() {
    return std::chrono::steady_clock::now();
}

/// The other side does not give it at present, which is no fault.
struct manifest_refused : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Of a visitor, only the host is known.
std::string name_of(const endpoint& who) {
    return printable(who.port == 0 ? who.host : who.to_string());
}

/// What has come, from one peer or from several, one after the other.
struct partial_manifest {
    std::string text;
    std::optional<byte_count> total;
    std::set<endpoint> senders;

    bool is_whole() const { return total && text.size() == *total; }
};

class manifest_search final : public visited {
public:
    manifest_search(peer& self, std::vector<endpoint> trackers, file_set_id id, duration patience,
                    std::function<bool()> is_unwanted)
        : self_(self),
          trackers_(std::move(trackers)),
          id_(id),
          patience_(patience),
          is_unwanted_(std::move(is_unwanted)),
          random_(self.instance()),
          news_(self.executor()),
          attempts_(self.executor()) {}
    ~manifest_search() override { self_.remove(published_set(id_), *this); }

    /// Whoever comes by itself, and may have the manifest.
    void take(std::unique_ptr<stream> line, std::string host, peer_to_peer::hello hello,
              connection_counter::ticket ticket) override {
        if (is_done() || visitors_ >= most_visitors || hello.instance == self_.instance()) return;
        // Apart from those that are connected to by this peer, and known by where: it could say any port.
        const endpoint who{std::move(host), 0};
        if (sources_.worth_asking({who}, now(), random_).empty()) return;
        ++visitors_;
        attempts_.spawn(visit(std::move(line), who, std::move(ticket)));
    }

    awaitable<found_manifest> run() {
        co_await attempts_.join_after(search());
        if (refused_) throw *refused_;
        if (!right_ && unreachable_) throw *unreachable_;
        if (!right_ && is_unwanted())
            throw session_failure(exit_code::incomplete,
                                  fmt::format("{}: stopped before it had begun to fetch", id_.to_hex()));
        if (!right_)
            throw session_failure(exit_code::incomplete,
                                  fmt::format("cannot get {}: {}", id_.to_hex(), trouble_));
        found_manifest found{right_, std::move(holders_), std::move(member_)};
        co_return found;
    }

private:
    // What one holder may take of time, for the connection, its first answer and each piece; and of memory.
    struct terms {
        duration patience;
        byte_count largest;
    };

    awaitable<void> search() {
        const time_point started = now();
        give_up_at_ = started + patience_;
        backoff pause(ask_again_first, ask_again_cap, random_());
        bool answered = false;
        while (!is_done()) {
            std::optional<session_failure> failed;
            try {
                const connecting how = self_.to_tracker();
                found_holders found = co_await find_holders(trackers_, how, id_);
                holders_ = std::move(found.holders);
                answered = true;
                if (!holders_.empty() && now() >= started + for_holders_to_answer) join_at(found.tracker);
            } catch (const session_failure& failure) {
                failed = failure;
            }
            if (failed && !answered) {
                if (!unreachable_) spdlog::warn("{}", failed->what());
                unreachable_ = failed;
                if (now() >= started + first_contact_limit) break;
            } else {
                unreachable_.reset();
                if (holders_.empty() && !std::exchange(has_said_so_, true))
                    spdlog::info("waiting for a peer that has {}", id_.to_hex());
            }
            if (std::exchange(progressed_, false)) pause.reset();
            co_await ask_in_turn(holders_);
            co_await time_for(now() + pause.next());
        }
        attempts_.cancel();
    }

    void join_at(const endpoint& tracker) {
        if (member_) return;
        self_.add(published_set(id_), *this);
        member_ = std::make_unique<const early_member>(self_, tracker, id_);
    }

    // In random order: not all who come at once to the same one.
    awaitable<void> ask_in_turn(std::vector<endpoint> holders) {
        const std::vector<endpoint> in_turn = sources_.worth_asking(std::move(holders), now(), random_);
        for (const endpoint& who : in_turn) {
            if (asked_.contains(who)) continue;
            co_await time_for(now());
            if (is_done()) co_return;
            asked_.insert(who);
            last_start_ = now();
            coming_until_ = last_start_ + for_a_beginning;
            attempts_.spawn(attempt(who));
        }
    }

    bool is_done() const { return right_ || refused_ || is_unwanted() || now() >= give_up_at_; }
    bool is_unwanted() const { return self_.stopping() || (is_unwanted_ && is_unwanted_()); }

    // Waits until then, and until somebody else is to be asked.
    awaitable<void> time_for(time_point then) {
        for (;;) {
            const time_point next = std::max(then, time_for_another());
            if (is_done() || now() >= next) co_return;
            co_await news_.wait_until(std::min(next, give_up_at_));
        }
    }

    time_point time_for_another() const {
        if (asked_.empty()) return time_point::min();
        if (asked_.size() >= most_at_a_time) return time_point::max();
        const time_point silent = coming_until_;
        return asked_.size() < most_while_it_comes ? std::min(silent, last_start_ + long_enough) : silent;
    }

    awaitable<void> attempt(endpoint who) {
        struct at_the_end {
            manifest_search& search;
            const endpoint& who;
            ~at_the_end() {
                search.asked_.erase(who);
                search.news_.set();
            }
        } const leaving{*this, who};
        co_await ask(who, nullptr);
    }

    awaitable<void> visit(std::unique_ptr<stream> line, endpoint who,
                          connection_counter::ticket /* kept until it ends */) {
        struct at_the_end {
            manifest_search& search;
            ~at_the_end() {
                --search.visitors_;
                search.news_.set();
            }
        } const leaving{*this};
        co_await ask(who, std::move(line));
    }

    // `line`: the connection that it has opened; none: it is connected to.
    awaitable<void> ask(const endpoint& who, std::unique_ptr<stream> line) {
        partial_manifest got = std::exchange(left_over_, {});
        const terms with{sources_.patience(who), sources_.largest(who)};
        try {
            const bool is_visitor = line != nullptr;
            if (!is_visitor) line = co_await connect(who, with);
            co_await fetch_through(*line, is_visitor, who, with, got);
        } catch (const manifest_refused& refusal) {
            trouble_ = fmt::format("{}: {}", name_of(who), refusal.what());
            has_told_why_ = true;
        } catch (const protocol_violation& violation) {
            sources_.failed(who, now());
            trouble_ = fmt::format("{}: {}", name_of(who), printable(violation.what()));
        } catch (const remote_error& failure) {
            sources_.failed(who, now());
            trouble_ = fmt::format("{}: {}", name_of(who), failure.message);
            has_told_why_ = true;
        } catch (const std::system_error& failure) {
            if (failure.code() == asio::error::operation_aborted) throw;
            sources_.failed(who, now());
            const std::string why = why_unreachable(failure, who.port);
            if (!has_told_why_) trouble_ = fmt::format("{}: {}", name_of(who), why);
        } catch (...) {
            log_fault(name_of(who), std::current_exception());
            sources_.failed(who, now());
            trouble_ = fmt::format("{}: {}", name_of(who), message_of(std::current_exception()));
        }
        if (got.is_whole())
            co_await judge(who, std::move(got));
        else if (got.text.size() > left_over_.text.size() && !from_one_only_)
            left_over_ = std::move(got);
    }

    awaitable<void> judge(endpoint who, partial_manifest whole) {
        const auto check = [this, &whole] { return manifest::parse_if(id_, std::move(whole.text)); };
        auto verdict = co_await on_pool(self_.pool(), check);
        if (!verdict) {
            refused_.emplace(exit_code::incomplete, "the manifest is refused: " + verdict.error());
            co_return;
        }
        if (*verdict) {
            right_ = std::make_shared<const manifest>(std::move(**verdict));
            co_return;
        }
        spdlog::warn("{}: {} sent a wrong manifest", id_.to_hex(), name_of(who));
        trouble_ = "only wrong manifests came";
        if (whole.senders.size() == 1)
            sources_.lied(who);
        else
            several_lie();
        furthest_ = 0;
    }

    // Nobody knows which of them does: from now on, each attempt is with one alone.
    void several_lie() {
        from_one_only_ = true;
        left_over_ = {};
    }

    awaitable<std::unique_ptr<stream>> connect(const endpoint& who, terms with) {
        connecting how = self_.to_peer();
        how.limit = with.patience;
        return open_stream(who, how);
    }

    // Whoever breaks the protocol is told so.
    awaitable<void> fetch_through(stream& line, bool is_visitor, const endpoint& who, terms with,
                                  partial_manifest& got) {
        std::optional<protocol_violation> broken;
        try {
            co_await converse(line, is_visitor, who, with, got);
        } catch (const protocol_violation& violation) {
            broken = violation;
        }
        if (!broken) co_return;
        co_await line.say_and_close(to_line(broken->answer));
        throw protocol_violation(*broken);
    }

    awaitable<void> converse(stream& line, bool is_visitor, const endpoint& who, terms with,
                             partial_manifest& got) {
        greet(line);
        co_await line.flush();
        if (!is_visitor) {
            const peer_to_peer::hello answer = co_await read_hello(line, with.patience);
            check(answer);
        }
        co_await fetch_over(line, who, with, got);
    }

    void greet(stream& line) {
        peer_to_peer::hello hello;
        hello.name = self_.options().name;
        hello.instance = self_.instance();
        hello.transfer_port = self_.port();
        hello.set = published_set(id_);
        line.post(to_line(hello));
    }

    void check(const peer_to_peer::hello& answer) const {
        if (answer.set != published_set(id_))
            throw protocol_violation({"unknown_fileset", "another file-set"});
        if (answer.instance == self_.instance()) throw protocol_violation({"bad_field", "this peer itself"});
    }

    awaitable<void> fetch_over(stream& line, const endpoint& who, terms with, partial_manifest& got) {
        line.silence_limit(with.patience);
        byte_count asked = got.text.size();
        unsigned open = 0;
        time_point late = now() + with.patience;
        while (!got.is_whole()) {
            for (; open < most_open && (got.total ? asked < *got.total : open == 0); ++open) {
                line.post(to_line(peer_to_peer::get_manifest{asked, piece_size}));
                asked += piece_size;
            }
            co_await line.flush();
            if (co_await read_piece(line, who, with, got)) {
                --open;
                late = now() + with.patience;
                piece_came(got.text.size());
            } else if (now() > late) {
                throw std::system_error(asio::error::timed_out);  // it talks about other things
            }
        }
    }

    // false: that line was about something else.
    awaitable<bool> read_piece(stream& line, const endpoint& who, terms with, partial_manifest& got) {
        const std::string_view text = co_await line.read_line();
        const auto message = read_peer_to_peer(text, max_chunk_count);
        if (!message) throw protocol_violation(message.error());
        fault_point(*message);
        if (const auto* refusal = std::get_if<peer_to_peer::refuse_manifest>(&*message))
            throw manifest_refused(
                fmt::format("it does not send the manifest: {}", printable(refusal->reason)));
        if (const auto* error = std::get_if<error_message>(&*message)) throw remote_error(*error);
        if (std::holds_alternative<peer_to_peer::chunk_part>(*message))
            throw protocol_violation({"bad_field", "no chunk was asked for"});
        if (std::holds_alternative<peer_to_peer::get_manifest>(*message))
            line.post(to_line(peer_to_peer::refuse_manifest{"this peer looks for it, too"}));
        const auto* piece = std::get_if<peer_to_peer::manifest_part>(&*message);
        if (!piece) co_return false;
        if (const byte_count most = self_.options().limits.manifest; piece->total > most) {
            const error_message why{"manifest_too_large",
                                    fmt::format("its manifest has {}, more than {} (see --max-manifest)",
                                                show_size(piece->total), show_size(most))};
            if (!std::exchange(told_of_limit_, true))
                spdlog::warn("{}: {}: {}", id_.to_hex(), name_of(who), why.message);
            throw protocol_violation(why);
        }
        if (piece->total > with.largest)
            throw protocol_violation({"bad_field", "so large a manifest is not taken from it yet"});
        if (piece->total != got.total.value_or(piece->total)) {
            several_lie();
            got = {};
            throw protocol_violation({"bad_field", "others say that the manifest has another size"});
        }
        const byte_count expected = std::min(piece_size, piece->total - got.text.size());
        if (piece->offset != got.text.size() || piece->size != expected)
            throw protocol_violation(
                {"bad_field", "that is not the piece of the manifest that was asked for"});
        got.total = piece->total;
        got.senders.insert(who);
        const byte_count size = piece->size;
        const time_point late = now() + with.patience;
        constexpr byte_count at_once = 64 * 1024;  // memory is taken as bytes come
        for (byte_count came = 0; came < size;) {
            if (now() > late) throw std::system_error(asio::error::timed_out);
            const std::size_t at = got.text.size();
            got.text.resize(at + std::min(size - came, at_once));
            const auto room = std::as_writable_bytes(std::span{got.text}.subspan(at));
            const std::size_t n = co_await line.read_content(room);
            got.text.resize(at + n);
            came += n;
        }
        co_return true;
    }

    void piece_came(byte_count so_far) {
        coming_until_ = std::max(coming_until_, now() + for_more);
        if (so_far < furthest_ + piece_size) return;
        furthest_ = so_far;
        give_up_at_ = now() + patience_;
        progressed_ = true;
    }

    peer& self_;
    std::vector<endpoint> trackers_;
    std::vector<endpoint> holders_;
    file_set_id id_;
    duration patience_;
    std::function<bool()> is_unwanted_;
    std::optional<session_failure> unreachable_;  // no tracker has answered yet
    std::mt19937_64 random_;
    manifest_sources sources_;
    std::shared_ptr<const manifest> right_;
    std::optional<session_failure> refused_;  // it has the id that was asked for, and is none
    partial_manifest left_over_;              // of an attempt that ended too soon, for the next one
    bool from_one_only_ = false;
    std::set<endpoint> asked_;  // at present
    std::size_t visitors_ = 0;  // that are asked at present, too
    std::unique_ptr<const early_member> member_;
    time_point last_start_{};    // of an attempt
    time_point coming_until_{};  // nobody else need be asked before that
    byte_count furthest_ = 0;
    bool progressed_ = false;
    time_point give_up_at_{};
    bool has_said_so_ = false;
    bool told_of_limit_ = false;
    std::string trouble_ = "nobody has it";
    bool has_told_why_ = false;  // somebody who has it: that says more than that he is silent now
    event news_;                 // an attempt has ended
    task_group attempts_;
};

}  // namespace

awaitable<found_manifest> fetch_manifest(peer& self, std::vector<endpoint> trackers, file_set_id id,
                                         duration patience, std::function<bool()> is_unwanted) {
    manifest_search search(self, std::move(trackers), id, patience, std::move(is_unwanted));
    co_return co_await search.run();
}

}  // namespace p2p
