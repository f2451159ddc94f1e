#include "crowd.hpp"

#include "protocol/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <system_error>

namespace p2p::bench {

namespace {

constexpr std::size_t read_size = std::size_t{256} * 1024;
constexpr int longest_silence_ms = 60'000;

// More peers than that would find the tracker's queue of new connections full.
constexpr std::size_t joining_at_once = 500;

// Of a line, so much is looked at.
constexpr std::size_t type_length = 24;

[[noreturn]] void throw_errno(const std::string& what) {
    throw std::system_error{errno, std::generic_category(), what};
}

}  // namespace

/// One run of a talk: who said and heard how much.
class crowd::round {
public:
    round(crowd& all, const talk& what)
        : all_(all), what_(what), answer_(fmt::format(R"({{"type":"{}")", what.answer)) {
        if (what.first + what.peers > all.peers_.size()) throw std::logic_error("the crowd is smaller");
        for (peer& one : all_.peers_) one.said = one.heard = 0;
    }

    talked run() {
        const time_point began = now_ = std::chrono::steady_clock::now();
        if (what_.time) end_ = began + *what_.time;
        for (std::size_t i = 0; i < what_.peers; ++i) speak(what_.first + i);
        while (result_.answers < said_) look();
        result_.took = std::chrono::steady_clock::now() - began;
        return std::move(result_);
    }

private:
    void look() {
        std::array<epoll_event, 256> ready{};
        const int n = ::epoll_wait(all_.events_.get(), ready.data(), static_cast<int>(ready.size()),
                                   longest_silence_ms);
        if (n < 0 && errno != EINTR) throw_errno("epoll_wait");
        if (n == 0) throw std::runtime_error("the tracker has stopped answering");
        now_ = std::chrono::steady_clock::now();
        for (int i = 0; i < n; ++i) {
            const auto& [events, who] = ready[static_cast<std::size_t>(i)];
            if ((events & EPOLLIN) != 0) listen(who.u64);
            if ((events & EPOLLOUT) != 0) send(who.u64);
        }
    }

    bool goes_on(const peer& one) const { return what_.time ? now_ < end_ : one.said < what_.each; }

    void speak(std::size_t who) {
        peer& one = all_.peers_[who];
        const bool waited = !one.unsent.empty();
        for (; one.said < one.heard + what_.in_flight && goes_on(one); ++one.said, ++said_)
            one.unsent += what_.line(who, one.said);
        one.said_at = now_;
        if (!waited) send(who);
    }

    void send(std::size_t who) {
        peer& one = all_.peers_[who];
        if (!one.unsent.empty()) {
            const ssize_t n = ::send(one.socket.get(), one.unsent.data(), one.unsent.size(), MSG_DONTWAIT);
            if (n < 0 && errno != EAGAIN) throw_errno("the tracker has closed a connection");
            one.unsent.erase(0, static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
        }
        if (one.unsent.empty() != one.wants_to_write) return;
        one.wants_to_write = !one.wants_to_write;
        all_.watch(who, EPOLL_CTL_MOD);
    }

    void listen(std::size_t who) {
        peer& one = all_.peers_[who];
        const ssize_t n = ::recv(one.socket.get(), all_.buffer_.data(), all_.buffer_.size(), MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) throw std::runtime_error("the tracker has closed a connection");
        for (std::string_view left{all_.buffer_.data(), static_cast<std::size_t>(n)}; !left.empty();) {
            const std::size_t end = left.find('\n');
            const std::string_view piece = left.substr(0, end);
            if (one.beginning.size() < type_length)
                one.beginning += piece.substr(0, type_length - one.beginning.size());
            if (end == std::string_view::npos) break;
            hear(one, left);
            one.beginning.clear();
            left.remove_prefix(end + 1);
        }
        speak(who);
    }

    // What is pushed meanwhile is no answer.
    void hear(peer& one, std::string_view line) {
        if (one.beginning.starts_with(R"({"type":"error")"))
            throw std::runtime_error(fmt::format("the tracker says {}", line.substr(0, line.find('\n'))));
        if (!one.beginning.starts_with(answer_)) return;
        ++one.heard;
        ++result_.answers;
        if (what_.in_flight == 1) result_.waits.push_back(now_ - one.said_at);
    }

    crowd& all_;
    const talk& what_;
    std::string answer_;
    talked result_;
    std::size_t said_ = 0;
    time_point now_{};
    time_point end_{};
};

crowd::crowd(std::uint16_t tracker)
    : tracker_(tracker), events_(::epoll_create1(EPOLL_CLOEXEC)), buffer_(read_size) {
    if (!events_) throw_errno("epoll_create");
}

void crowd::join(std::size_t peers) {
    const std::size_t all = peers_.size() + peers;
    while (peers_.size() < all) {
        const std::size_t old = peers_.size();
        while (peers_.size() < std::min(all, old + joining_at_once)) connect_one();
        say_hello(old);
    }
}

void crowd::connect_one() {
    unique_fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!socket && (errno == EMFILE || errno == ENFILE))
        throw std::runtime_error(
            fmt::format("no descriptor is left after {} connections: "
                        "raise the limit (ulimit -n), or ask for fewer",
                        peers_.size()));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(tracker_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    if (!socket || ::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
        throw_errno("connect");
    peers_.push_back({std::move(socket), {}, {}});
    watch(peers_.size() - 1, EPOLL_CTL_ADD);
}

void crowd::watch(std::size_t who, int operation) {
    const peer& one = peers_[who];
    epoll_event what{EPOLLIN | (one.wants_to_write ? EPOLLOUT : 0U), {.u64 = who}};
    if (::epoll_ctl(events_.get(), operation, one.socket.get(), &what) != 0) throw_errno("epoll_ctl");
}

// Every peer has a port of its own: by it, the tracker tells them apart.
void crowd::say_hello(std::size_t first) {
    std::vector<std::string> lines;
    for (std::size_t who = first; who < peers_.size(); ++who)
        lines.push_back(to_line(to_tracker::hello{
            protocol_version, fmt::format("peer {}", who), static_cast<std::uint16_t>(who + 1), {}}));
    run({.line = [&](std::size_t who, std::size_t) -> std::string_view { return lines[who - first]; },
         .answer = "welcome",
         .first = first,
         .peers = lines.size()});
}

talked crowd::run(const talk& what) {
    return round(*this, what).run();
}

}  // namespace p2p::bench
