// What programs keep in memory for those who mean them harm: the most that they have while it goes on.

#include "benches.hpp"
#include "protocol/json.hpp"
#include "storage/unique_fd.hpp"
#include "support/child_process.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <fstream>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>

namespace p2p::bench {

namespace {

constexpr double mib = 1 << 20U;

[[noreturn]] void throw_errno(const std::string& what) {
    throw std::system_error{errno, std::generic_category(), what};
}

/// A connection to 127.0.0.1 that takes what comes and never waits.
class attacker {
public:
    explicit attacker(std::uint16_t port) : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (!socket_ && errno == EMFILE)
            throw std::runtime_error("no descriptor is left: raise the limit (ulimit -n), or ask for fewer");
        if (!socket_ || ::connect(socket_.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
            throw_errno("connect");
    }

    /// Sends as much as there is room for.
    std::size_t send(std::string_view bytes) {
        const ssize_t n = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN) is_open_ = false;
        return n < 0 ? 0 : static_cast<std::size_t>(n);
    }

    /// Sends all of it, unless the connection ends.
    void send_all(std::string_view bytes) {
        while (!bytes.empty() && is_open_) {
            bytes.remove_prefix(send(bytes));
            hear();
            pollfd room{socket_.get(), POLLOUT | POLLIN, 0};
            if (!bytes.empty()) ::poll(&room, 1, 1000);
        }
    }

    /// Takes what has come.
    void hear() {
        std::array<char, 16384> some;
        for (;;) {
            const ssize_t n = ::recv(socket_.get(), some.data(), some.size(), MSG_DONTWAIT);
            if (n < 0 && errno == EAGAIN) return;
            if (n <= 0) {
                is_open_ = false;
                return;
            }
            const std::string_view heard{some.data(), static_cast<std::size_t>(n)};
            if (heard.find(R"({"type":"error")") != std::string_view::npos) was_told_ = true;
        }
    }

    /// false: nothing comes.
    bool wait_for_something(int ms = 10'000) const {
        pollfd what{socket_.get(), POLLIN, 0};
        return ::poll(&what, 1, ms) > 0;
    }
    void hear_to_the_end() {
        constexpr int long_enough_ms = 1000;
        while (is_open_ && wait_for_something(long_enough_ms)) hear();
    }

    bool is_open() const { return is_open_; }
    bool was_told() const { return was_told_; }

private:
    unique_fd socket_;
    bool is_open_ = true;
    bool was_told_ = false;
};

/// A port that is free, as far as one can know.
std::uint16_t free_port() {
    const unique_fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (!socket || ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 ||
        ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&at), &size) != 0)
        throw_errno("bind");
    return ntohs(at.sin_port);
}

/// A program that listens there and is quiet about it, and the most memory that was seen.
class victim {
public:
    victim(const std::string& name, std::uint16_t port, std::vector<std::string> arguments)
        : program_(built_beside(name), std::move(arguments)), port_(port) {
        wait_until([port] { return listens(port); }, name + " listens");
        most_ = before_ = program_.resident_memory();
    }

    std::uint16_t port() const { return port_; }
    void look() { most_ = std::max(most_, program_.resident_memory()); }
    void add_to(report& found) const {
        found.add("resident memory before", static_cast<double>(before_) / mib, "MiB");
        found.add("the most while it went on", static_cast<double>(most_) / mib, "MiB");
    }

private:
    static bool listens(std::uint16_t port) {
        try {
            attacker{port};
            return true;
        } catch (const std::system_error&) {
            return false;
        }
    }

    child_process program_;
    std::uint16_t port_;
    byte_count before_ = 0;
    byte_count most_ = 0;
};

victim new_tracker() {
    const std::uint16_t port = free_port();
    return {"p2ptracker",
            port,
            // All of them come from this host.
            {"--listen", "127.0.0.1:" + std::to_string(port), "--quorum", "1", "--max-connections-per-host",
             "20000", "--log-level", "warn"}};
}

std::string hello(std::size_t number) {
    return to_line(
        to_tracker::hello{protocol_version, "mallory", static_cast<std::uint16_t>(number % 65'535 + 1), {}});
}

// Each sends as much as is taken, and after that as much again, until time is up.
report endless_lines(const hostile_options& told, bool with_hello) {
    report found{fmt::format("tracker: {} connections, each with an endless line {}", told.connections,
                             with_hello ? "after its hello" : "instead of a hello"),
                 {}};
    victim tracker = new_tracker();
    std::vector<attacker> all;
    for (std::size_t i = 0; i < told.connections; ++i) {
        all.emplace_back(tracker.port());
        if (with_hello) all.back().send(hello(i));
    }
    const std::string some(4000, 'x');
    byte_count sent = 0;
    const time_point end = std::chrono::steady_clock::now() + told.time;
    const auto is_open = [](const attacker& one) { return one.is_open(); };
    while (std::chrono::steady_clock::now() < end && std::ranges::any_of(all, is_open)) {
        for (attacker& one : all) {
            if (!one.is_open()) continue;
            sent += one.send(some);
            one.hear();
        }
        tracker.look();
    }
    for (attacker& one : all) one.hear();
    tracker.add_to(found);
    found.add("sent", static_cast<double>(sent) / mib, "MiB");
    found.add("connections that have ended",
              static_cast<double>(all.size() - std::ranges::count_if(all, is_open)));
    found.add("of these, were told why", static_cast<double>(std::ranges::count_if(
                                             all, [](const auto& one) { return one.was_told(); })));
    return found;
}

std::string claims_of_new_set(std::size_t number) {
    to_tracker::announce all{{fmt::format("set {}", number), 128, std::nullopt}, {}, {}};
    for (std::uint32_t chunk = 1; chunk <= 128; ++chunk) all.chunks.push_back({{chunk}, {}, 1});
    return to_line(all);
}

std::string new_published_set(std::size_t number) {
    set_summary set{{}, "set", 1, max_chunk_count};
    for (std::size_t i = 0; i < sizeof number; ++i)
        set.id.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return to_line(to_tracker::publish{set}) +
           to_line(to_tracker::announce{published_set(set.id), {}, chunk_set::first(max_chunk_count)});
}

// It is cut off at its limits, and comes again.
report ever_new_sets(const hostile_options& told, bool published) {
    report found{fmt::format("tracker: one peer announces {} chunks in ever new {}", told.chunks,
                             published ? "published sets" : "chunk folders"),
                 {}};
    victim tracker = new_tracker();
    const std::uint64_t in_each = published ? max_chunk_count : 128;
    std::uint64_t chunks = 0;
    std::size_t sets = 0;
    unsigned connections = 0;
    unsigned told_why = 0;
    const time_point end = std::chrono::steady_clock::now() + told.time;
    while (chunks < told.chunks && std::chrono::steady_clock::now() < end) {
        attacker mallory(tracker.port());
        ++connections;
        mallory.send_all(hello(0));
        for (; mallory.is_open() && chunks < told.chunks && std::chrono::steady_clock::now() < end;
             chunks += in_each) {
            mallory.send_all(published ? new_published_set(++sets) : claims_of_new_set(++sets));
            if (published && mallory.wait_for_something()) mallory.hear();  // few lines: one by one
            if (published || sets % 64 == 0) tracker.look();
        }
        mallory.hear_to_the_end();
        tracker.look();
        told_why += mallory.was_told() ? 1 : 0;
    }
    tracker.add_to(found);
    found.add("chunks that were announced", static_cast<double>(chunks));
    found.add("file-sets", static_cast<double>(sets));
    found.add("connections", connections);
    found.add("of these, were told why they ended", told_why);
    return found;
}

report silent_visitors(const hostile_options& told) {
    const std::size_t visitors = std::max<std::size_t>(told.connections / 10, 1);
    report found{fmt::format("peer: {} connections that say nothing", visitors), {}};
    const temporary_folder folder;
    std::ofstream{folder.path() / "local_chunks.txt"} << "1,LASTCHUNK\n";
    const std::uint16_t port = free_port();
    victim peer{"p2pclient",
                port,
                {"--folder", folder.path(), "--tracker", "127.0.0.1:1", "--listen", "127.0.0.1",
                 "--transfer-port", std::to_string(port), "--max-connections", std::to_string(visitors),
                 "--max-connections-per-host", std::to_string(visitors), "--log-level", "error"}};
    std::vector<attacker> all;
    for (std::size_t i = 0; i < visitors; ++i) all.emplace_back(peer.port());
    const auto is_open = [](const attacker& one) { return one.is_open(); };
    const time_point end = std::chrono::steady_clock::now() + told.time;
    while (std::chrono::steady_clock::now() < end && std::ranges::any_of(all, is_open)) {
        all.front().wait_for_something();
        for (attacker& one : all) one.hear();
        peer.look();
    }
    peer.add_to(found);
    found.add("connections that have ended",
              static_cast<double>(all.size() - std::ranges::count_if(all, is_open)));
    found.add("of these, were told why", static_cast<double>(std::ranges::count_if(
                                             all, [](const auto& one) { return one.was_told(); })));
    return found;
}

}  // namespace

std::vector<report> measure_hostile(const hostile_options& options) {
    std::vector<report> all;
    all.push_back(endless_lines(options, false));
    all.push_back(endless_lines(options, true));
    all.push_back(ever_new_sets(options, false));
    all.push_back(ever_new_sets(options, true));
    all.push_back(silent_visitors(options));
    return all;
}

}  // namespace p2p::bench
