// A whole tracker, with real sockets: whatever its clients do, everything that it says is a message, and when
// they are gone it knows nobody any more.
//
// Each line of the input is a step; what it begins with says what is done, and in which of four connections:
//     0 .. 3   sends the rest of the line, and a line end
//     A .. D   sends the rest of the line
//     r, c, h, x   and a digit: reads what has come, closes, closes for sending only, resets
//     L        and a digit: sends more than a line may have
//     +        and a step: the tracker does nothing between this one and the next
// A first line "quorum 1" lets one peer be believed; "tight" does so too, and sets every limit so low that a
// few steps reach it.
#include "connection.hpp"
#include "core/chunks/chunk_set.hpp"
#include "fuzz.hpp"
#include "net/asio.hpp"
#include "net/logging.hpp"
#include "protocol/json.hpp"
#include "tracker/server.hpp"
#include "waiting.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace p2p;
using fuzz::require;

constexpr std::size_t connections = 4;
constexpr std::size_t most_steps = 200;

// More than any input of most_steps makes necessary.
constexpr std::size_t most_handlers_in_a_step = 100'000;

// Only where the kernel is slow to hand over what was sent.
constexpr std::chrono::seconds patience{10};

class tracker {
public:
    explicit tracker(const tracker_options& options) : server_(io_.get_executor(), options) {
        asio::co_spawn(io_, server_.run(),
                       asio::bind_cancellation_slot(stop_.slot(), [this](const std::exception_ptr& failure) {
                           require(!failure || is_cancellation(failure), "no client ends the tracker");
                           ended_ = true;
                       }));
    }

    ~tracker() {
        stop_.emit(asio::cancellation_type::terminal);
        run_until([this] { return ended_; });
        require(ended_, "the tracker stops when it is asked to");
    }

    std::uint16_t port() const { return server_.port(); }
    std::size_t connections() const { return server_.connections(); }

    void run_until_idle() {
        for (std::size_t handlers = 0; io_.poll_one() > 0; ++handlers)
            require(handlers < most_handlers_in_a_step, "what one client asks for comes to an end");
    }

    template <class Condition>
    void run_until(Condition holds) {
        fuzz::run_until(io_, *this, patience, holds);
    }

private:
    asio::io_context io_{1};
    asio::cancellation_signal stop_;
    tracker_server server_;
    bool ended_ = false;
};

tracker_options believing(unsigned quorum) {
    tracker_options made;
    made.listen = {"127.0.0.1", 0};
    made.agreement.quorum = quorum;
    made.allow_advertise = true;
    return made;
}

tracker_options tight() {
    tracker_options made = believing(1);
    made.reports.reports_to_ban = 1;
    made.reports.most_reports = 2;
    made.connections = {.in_all = connections, .per_host = connections - 1};
    made.messages.name = 8;
    made.buffers.buffered = 2048;
    made.buffers.in_all = 4096;
    made.sets = {.sets_per_peer = 2, .chunks_per_peer = 20, .sets = 3, .chunks = 120};
    made.announce_rate = 1;
    return made;
}

/// One connection to the tracker, which reads all that comes as messages.
class client : public fuzz::connection {
public:
    using connection::connection;

    /// False once nothing more will come.
    bool receive() {
        return connection::receive([this] { read(); });
    }

    std::vector<from_tracker::message>& got() { return got_; }

private:
    void read() {
        for (;;) {
            const auto line = frames().next_line();
            require(line.has_value(), "the tracker sends no line that is too long");
            if (!*line) return;
            auto message = read_from_tracker(**line);
            require(message.has_value(), "what the tracker says is a message");
            got_.push_back(*std::move(message));
        }
    }

    std::vector<from_tracker::message> got_;
};

class session {
public:
    explicit session(const tracker_options& options)
        : tracker_(options),
          largest_set_(options.sets.chunks_per_peer > few_chunks ? max_chunk_count : few_chunks) {}

    void step(std::string_view line) {
        const bool goes_on = line.starts_with('+');
        if (goes_on) line.remove_prefix(1);
        if (!line.empty()) act(line.front(), line.substr(1));
        if (!goes_on) tracker_.run_until_idle();
    }

    void end() {
        for (auto& one : clients_) {
            if (one) one->receive();
            one.reset();
        }
        tracker_.run_until([&] { return tracker_.connections() == 0; });
        require(tracker_.connections() == 0, "a connection ends with its client");
        check_forgotten();
    }

private:
    void act(char what, std::string_view rest) {
        if (what >= '0' && what < '0' + static_cast<char>(connections)) {
            remember_set(rest);
            return at(what - '0').send(std::string{rest} + '\n');
        }
        if (what >= 'A' && what < 'A' + static_cast<char>(connections)) return at(what - 'A').send(rest);
        if (rest.empty() || rest.front() < '0' || rest.front() >= '0' + static_cast<char>(connections))
            return;
        auto& which = clients_[static_cast<std::size_t>(rest.front() - '0')];
        if (what == 'L') return at(rest.front() - '0').send(std::string(max_line_length + 2, 'x'));
        if (!which) return;
        switch (what) {
            case 'r': which->receive(); break;
            case 'h': which->shut_down_sending(); break;
            case 'x': which.reset(); break;
            case 'c':
                which->close();
                which.reset();
                break;
            default: break;
        }
    }

    client& at(int number) {
        auto& one = clients_[static_cast<std::size_t>(number)];
        if (!one) one.emplace(tracker_.port());
        return *one;
    }

    void remember_set(std::string_view line) {
        constexpr std::size_t most =
            2;  // one that comes late may ask about so many, also where limits are tight
        const auto message = read_to_tracker(line);
        const auto* announced = message ? std::get_if<to_tracker::announce>(&*message) : nullptr;
        if (announced != nullptr && !announced->set.is_published() && sets_.size() < most &&
            announced->set.count <= largest_set_)
            sets_.insert(announced->set);
    }

    /// Somebody who comes later hears of no peer.
    void check_forgotten() {
        client late{tracker_.port(), INADDR_LOOPBACK + 1};  // another host: the first may have to wait
        late.send(to_line(to_tracker::hello{.name = "late", .transfer_port = 1, .advertise = {}}));
        for (const file_set_key& set : sets_) {
            constexpr std::uint32_t some = 9;
            late.send(to_line(to_tracker::locate{set, chunk_set::first(std::min(set.count, some))}));
        }
        late.send(to_line(to_tracker::list{}));
        const auto& got = late.got();
        const auto has_all = [&] {
            return !late.receive() ||
                   (!got.empty() && std::holds_alternative<from_tracker::filesets>(got.back()));
        };
        tracker_.run_until(has_all);
        require(!got.empty() && std::holds_alternative<from_tracker::filesets>(got.back()),
                "the tracker still answers");
        for (const set_listing& set : std::get<from_tracker::filesets>(got.back()).sets)
            require(set.seeders == 0 && set.leechers == 0, "who is gone has no published set");
        for (const auto& message : got)
            if (const auto* where = std::get_if<from_tracker::locations>(&message))
                require(where->holders.empty(), "who is gone holds nothing");
    }

    static constexpr std::uint32_t few_chunks = 1000;

    tracker tracker_;
    std::uint32_t largest_set_;  // that somebody who comes late may ask about
    std::array<std::optional<client>, connections> clients_;
    std::set<file_set_key> sets_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const bool silent = (start_logging("off"), true);
    std::string_view steps = fuzz::text_of(data, size);
    const auto begins = [&](std::string_view first_line) {
        if (!silent || !steps.starts_with(first_line)) return false;
        steps.remove_prefix(first_line.size());
        return true;
    };
    session running{begins("tight\n") ? tight() : believing(begins("quorum 1\n") ? 1 : 2)};
    for (std::size_t n = 0; n < most_steps && !steps.empty(); ++n) {
        const auto [step, rest] = fuzz::cut_line(steps);
        running.step(step);
        steps = rest;
    }
    running.end();
    return 0;
}
