#include "reference.hpp"

#include "core/base/sha256.hpp"
#include "storage/unique_fd.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace p2p::bench {

namespace {

[[noreturn]] void throw_errno(const std::string& what) {
    throw std::system_error{errno, std::generic_category(), what};
}

struct connected {
    unique_fd sender;
    unique_fd receiver;
};

connected connect_over_loopback() {
    const unique_fd listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener.get(), any, size) != 0 || ::listen(listener.get(), 1) != 0 ||
        ::getsockname(listener.get(), any, &size) != 0)
        throw_errno("listen");
    connected both;
    both.receiver.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(both.receiver.get(), any, size) != 0) throw_errno("connect");
    both.sender.reset(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!both.sender) throw_errno("accept");
    return both;
}

void send_all(int file, byte_count size, int socket) {
    off_t at = 0;
    while (static_cast<byte_count>(at) < size)
        if (::sendfile(socket, file, &at, size - static_cast<byte_count>(at)) <= 0) throw_errno("sendfile");
    ::shutdown(socket, SHUT_WR);
}

// Hashed chunk by chunk, as a manifest has it.
void receive_all(int socket, const std::filesystem::path& to) {
    constexpr std::size_t read_size = std::size_t{256} * 1024;
    constexpr byte_count chunk_size = byte_count{1} << 20U;
    const unique_fd file{::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
    if (!file) throw_errno(to.native());
    std::vector<std::byte> buffer(read_size);
    byte_count at = 0;
    sha256_hasher hasher;
    for (;;) {
        const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), MSG_WAITALL);
        if (got < 0) throw_errno("recv");
        if (got == 0) break;
        const auto bytes = std::span{buffer}.first(static_cast<std::size_t>(got));
        if (::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(at)) != got)
            throw_errno(to.native());
        hasher.update(bytes);
        at += bytes.size();
        if (at % chunk_size == 0) {
            (void)hasher.digest();
            hasher = {};
        }
    }
    (void)hasher.digest();
}

// Its processor time is asked of the child when it ends.
pid_t in_a_child(const std::function<void()>& work) {
    const pid_t child = ::fork();
    if (child < 0) throw_errno("fork");
    if (child > 0) return child;
    try {
        work();
        ::_exit(EXIT_SUCCESS);
    } catch (const std::exception&) {
        ::_exit(EXIT_FAILURE);
    }
}

duration end_of(pid_t child) {
    int status = 0;
    rusage used{};
    if (::wait4(child, &status, 0, &used) != child || status != 0)
        throw std::runtime_error("the reference has failed: is there room for the files?");
    const auto time = [](const timeval& t) {
        return std::chrono::seconds{t.tv_sec} + std::chrono::microseconds{t.tv_usec};
    };
    return time(used.ru_utime) + time(used.ru_stime);
}

}  // namespace

transfer_cost send_plainly(const std::filesystem::path& from, const std::vector<std::filesystem::path>& to) {
    const unique_fd file{::open(from.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file) throw_errno(from.native());
    const byte_count size = std::filesystem::file_size(from);
    std::vector<connected> links;
    for (std::size_t i = 0; i < to.size(); ++i) links.push_back(connect_over_loopback());

    const time_point began = std::chrono::steady_clock::now();
    std::vector<pid_t> children;
    children.push_back(in_a_child([&] {
        std::vector<std::jthread> senders;
        for (const connected& link : links)
            senders.emplace_back([&] { send_all(file.get(), size, link.sender.get()); });
    }));
    for (std::size_t i = 0; i < to.size(); ++i)
        children.push_back(in_a_child([&] {
            for (connected& link : links) link.sender.reset();  // or the end would never come
            receive_all(links[i].receiver.get(), to[i]);
        }));
    links.clear();
    transfer_cost cost;
    for (const pid_t child : children) cost.cpu_time += end_of(child);
    cost.took = std::chrono::steady_clock::now() - began;
    return cost;
}

}  // namespace p2p::bench
