// What it costs a tracker that pages of it are open (--http): processor time, bytes, and whether peers wait
// longer.

#include "benches.hpp"
#include "crowd.hpp"
#include "protocol/json.hpp"
#include "support/child_process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <cerrno>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <random>
#include <sys/socket.h>
#include <system_error>
#include <thread>

namespace p2p::bench {

namespace {

constexpr std::chrono::milliseconds between_announcements{10};

/// So many browsers that show the same set, and read whatever comes.
class watchers {
public:
    watchers(std::uint16_t port, const std::string& set, unsigned count) {
        const std::string request = fmt::format(
            "GET /api/v1/events?watch=/api/v1/about&watch=/api/v1/filesets&watch=/api/v1/peers"
            "&watch=/api/v1/filesets/{} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
            set);
        for (unsigned i = 0; i < count; ++i) connect(port, request);
        thread_ = std::thread([this] { read(); });
    }
    watchers(const watchers&) = delete;
    watchers& operator=(const watchers&) = delete;
    ~watchers() {
        over_ = true;
        thread_.join();
    }

    byte_count bytes() const { return bytes_; }
    std::uint64_t updates() const { return updates_; }  ///< of the set

private:
    void connect(std::uint16_t port, const std::string& request) {
        unique_fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (!socket || ::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
            ::send(socket.get(), request.data(), request.size(), 0) != static_cast<ssize_t>(request.size()))
            throw std::system_error{errno, std::generic_category(), "the tracker's page"};
        sockets_.push_back(std::move(socket));
    }

    void read() {
        constexpr int look_again_after_ms = 100;
        std::vector<pollfd> all;
        for (const unique_fd& one : sockets_) all.push_back({one.get(), POLLIN, 0});
        std::string buffer(std::size_t{1} << 20U, '\0');
        while (!over_) {
            ::poll(all.data(), all.size(), look_again_after_ms);
            for (const pollfd& one : all) {
                if ((one.revents & POLLIN) == 0) continue;
                const ssize_t n = ::recv(one.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
                if (n <= 0) continue;
                bytes_ += static_cast<byte_count>(n);
                const std::string_view text{buffer.data(), static_cast<std::size_t>(n)};
                constexpr std::string_view only_there = "\"map\":";
                for (std::size_t at = 0; (at = text.find(only_there, at)) != std::string_view::npos; ++at)
                    ++updates_;
            }
        }
    }

    std::vector<unique_fd> sockets_;
    std::atomic<byte_count> bytes_ = 0;
    std::atomic<std::uint64_t> updates_ = 0;
    std::atomic<bool> over_ = false;
    std::thread thread_;
};

/// Peers of one published set, each with another half of it.
class seen_swarm {
public:
    explicit seen_swarm(const pages_options& options)
        : options_(options),
          tracker_(built_beside("p2ptracker"), {"--listen", "127.0.0.1:0", "--http", "127.0.0.1:0",
                                                "--max-connections-per-host", "20000"}),
          pages_(port_after("pages at http://127.0.0.1:")),
          peers_(port_after("tracker listens on 127.0.0.1:")) {
        set_.id.bytes.fill(7);
        set_.name = "seen";
        set_.count = options.chunks;
        set_.size = byte_count{options.chunks} << 20U;
        peers_.join(options.peers);
        std::vector<std::string> lines;
        for (unsigned i = 0; i < options.peers; ++i)
            lines.push_back(to_line(to_tracker::publish{set_}) + announcement(half()));
        (void)peers_.run(
            {.line = [&](std::size_t who, std::size_t) -> std::string_view { return lines[who]; },
             .answer = "announced",
             .peers = options.peers});
    }

    struct measured {
        double share = 0;           // of one processor
        std::vector<double> waits;  // ms
    };
    // Somebody announces a chunk every 10 ms, so that no two looks are the same.
    measured announce_for_a_while() {
        measured found;
        const duration used_before = tracker_.cpu_time();
        const time_point began = std::chrono::steady_clock::now();
        while (std::chrono::steady_clock::now() < began + options_.time) {
            const std::string line = announcement(one());
            const std::size_t who = random_() % options_.peers;
            const talked heard =
                peers_.run({.line = [&](std::size_t, std::size_t) -> std::string_view { return line; },
                            .answer = "announced",
                            .first = who});
            for (const duration wait : heard.waits)
                found.waits.push_back(std::chrono::duration<double, std::milli>(wait).count());
            std::this_thread::sleep_for(between_announcements);
        }
        const duration took = std::chrono::steady_clock::now() - began;
        found.share = std::chrono::duration<double>(tracker_.cpu_time() - used_before) / took;
        return found;
    }

    std::uint16_t pages() const { return pages_; }
    std::string id() const { return set_.id.to_hex(); }

private:
    std::uint16_t port_after(std::string_view text) {
        return static_cast<std::uint16_t>(std::stoul(tracker_.wait_for_rest_of_line(text)));
    }
    // About half of it, in pieces: one line says them.
    chunk_set half() {
        constexpr std::uint32_t pieces = 200;
        chunk_set chunks;
        for (std::uint32_t i = 0; i < pieces; ++i) {
            const std::uint32_t from = 1 + static_cast<std::uint32_t>(random_() % options_.chunks);
            chunks.insert_range({from}, {std::min(options_.chunks, from + options_.chunks / pieces)});
        }
        return chunks;
    }
    chunk_set one() {
        chunk_set chunks;
        chunks.insert({1 + static_cast<std::uint32_t>(random_() % options_.chunks)});
        return chunks;
    }
    std::string announcement(const chunk_set& chunks) const {
        return to_line(to_tracker::announce{published_set(set_.id), {}, chunks});
    }

    pages_options options_;
    child_process tracker_;
    std::uint16_t pages_;
    crowd peers_;
    set_summary set_;
    std::mt19937_64 random_{1};
};

double percentile(std::vector<double> values, std::size_t percent) {
    std::ranges::sort(values);
    return values.empty() ? 0 : values[(values.size() - 1) * percent / 100];
}

void add_waits(report& to, const std::string& when, const std::vector<double>& waits) {
    to.add("an announcement is answered after, median, " + when, median(waits), "ms");
    to.add("99 % of them, " + when, percentile(waits, 99), "ms");
    to.add("all of them, " + when, percentile(waits, 100), "ms");
}

}  // namespace

std::vector<report> measure_pages(const pages_options& options) {
    seen_swarm swarm(options);
    const auto before = swarm.announce_for_a_while();
    std::optional<watchers> pages(std::in_place, swarm.pages(), swarm.id(), options.watchers);
    const auto with = swarm.announce_for_a_while();
    const double updates = static_cast<double>(pages->updates());
    const double bytes = static_cast<double>(pages->bytes());
    report found{fmt::format("pages: {} of a tracker with {} peers and a set of {} chunks are open",
                             options.watchers, options.peers, options.chunks),
                 {}};
    constexpr double percent = 100;
    found.add("processor time of the tracker, none open", before.share * percent, "%");
    found.add("with these", with.share * percent, "%");
    found.add("updates of each page", updates / options.watchers);
    found.add("bytes of each update, all parts of the page together", bytes / updates, "B");
    add_waits(found, "none open", before.waits);
    add_waits(found, "with these", with.waits);
    return {found};
}

}  // namespace p2p::bench
