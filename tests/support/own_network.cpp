#include "support/own_network.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <exception>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <thread>

namespace p2p::test {

namespace {

void require(bool done, const char* what) {
    if (!done) throw std::system_error{errno, std::generic_category(), what};
}

unique_fd bound_socket(const std::string& address) {
    constexpr std::uint16_t port_of_name_servers = 53;
    unique_fd made{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port_of_name_servers);
    if (::inet_pton(AF_INET, address.c_str(), &at.sin_addr) != 1) throw std::invalid_argument{address};
    require(::bind(made.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0, "bind");
    return made;
}

}  // namespace

own_network::own_network(const std::vector<std::string>& setup, const std::string& name_servers) {
    std::string script = "ip link set lo up";
    for (const std::string& command : setup) script += " && ip " + command;
    if (!name_servers.empty()) {
        write_text(folder_.path() / "resolv.conf", name_servers);
        write_text(folder_.path() / "nsswitch.conf", "hosts: files dns\n");
        for (const std::string file : {"resolv.conf", "nsswitch.conf"})
            script += " && mount --bind " + (folder_.path() / file).native() + " /etc/" + file;
    }
    script += " && echo process $$ && exec sleep 1000";
    const std::vector<std::string> arguments{"--net", "--mount", "sh", "-c", script};
    holder_ = std::make_unique<process>("/usr/bin/unshare", arguments);
    process_ = holder_->wait_for_rest_of_line("process ");
}

finished_process own_network::run(const std::string& program,
                                  const std::vector<std::string>& arguments) const {
    return test::run("/usr/bin/nsenter", inside(program, arguments));
}

std::unique_ptr<process> own_network::start(const std::string& program,
                                            const std::vector<std::string>& arguments) const {
    return std::make_unique<process>("/usr/bin/nsenter", inside(program, arguments));
}

std::vector<std::string> own_network::inside(const std::string& program,
                                             const std::vector<std::string>& arguments) const {
    std::vector<std::string> all{"--net=" + of_holder("net"), "--mount=" + of_holder("mnt"), program};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
}

// A socket stays in the network in which it was made; a thread that goes there is of no use here any more.
unique_fd own_network::socket_for_names(const std::string& address) const {
    unique_fd made;
    std::exception_ptr failure;
    const auto make = [&] {
        try {
            const unique_fd there{::open(of_holder("net").c_str(), O_RDONLY | O_CLOEXEC)};
            require(::setns(there.get(), CLONE_NEWNET) == 0, "setns");
            made = bound_socket(address);
        } catch (...) {
            failure = std::current_exception();
        }
    };
    std::thread{make}.join();
    if (failure) std::rethrow_exception(failure);
    return made;
}

}  // namespace p2p::test
