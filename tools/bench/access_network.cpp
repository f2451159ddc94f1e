#include "access_network.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <sched.h>
#include <stdexcept>
#include <sys/mount.h>
#include <system_error>
#include <unistd.h>

namespace p2p::bench {

namespace {

// The way out of every host.
constexpr const char* gateway = "10.200.255.254";

std::string path_of(const std::string& tool) {
    for (const char* folder : {"/usr/sbin", "/sbin", "/usr/bin", "/bin"})
        if (const auto path = std::filesystem::path{folder} / tool; std::filesystem::exists(path))
            return path;
    throw std::runtime_error(tool + " is not installed (Debian packages iproute2, procps, util-linux)");
}

std::string run(const std::string& program, std::vector<std::string> arguments) {
    child_process tool(program, arguments);
    if (tool.wait_for_exit() != 0)
        throw std::runtime_error(fmt::format("{} {}: {}", program, fmt::join(arguments, " "), tool.output()));
    return tool.output();
}

void run_ip(std::vector<std::string> arguments) {
    run(path_of("ip"), std::move(arguments));
}

std::string name_of(std::size_t host) {
    return fmt::format("host{}", host);
}

std::string port_of(std::size_t host) {
    return fmt::format("port{}", host);
}

// As an access link with a modem of today has it: what waits is at most what the link carries in 50 ms, the
// rest is dropped; what goes at once, after a pause, is 10 full packets.
std::vector<std::string> shaper(byte_count rate) {
    constexpr byte_count packet = 1514;
    constexpr byte_count burst = 10 * packet;
    const byte_count queue = std::max(rate / 20, 2 * burst);
    return {"root",  "tbf",
            "rate",  fmt::format("{}bps", rate),
            "burst", fmt::format("{}b", burst),
            "limit", fmt::format("{}b", queue)};
}

access_network::traffic traffic_of(const std::string& queue_as_json) {
    const auto queue = nlohmann::json::parse(queue_as_json).at(0);
    return {queue.at("bytes").get<byte_count>(), queue.at("drops").get<std::uint64_t>()};
}

}  // namespace

std::filesystem::path leave_the_machine() {
    if (::geteuid() != 0) throw std::runtime_error("network namespaces need root (--simulate does not)");
    const auto check = [](int result, const std::string& what) {
        if (result != 0) throw std::system_error{errno, std::generic_category(), what};
    };
    check(::unshare(CLONE_NEWNS | CLONE_NEWNET), "namespaces of its own");
    check(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "mounts of its own");
    const std::filesystem::path names_of_namespaces = "/run";
    check(::mount("none", names_of_namespaces.c_str(), "tmpfs", 0, "size=90%"), "a folder in memory");
    return names_of_namespaces;
}

access_network::access_network(std::vector<byte_count> rates, const std::string& congestion_control) {
    run(path_of("sysctl"), {"-qw", "net.ipv4.ip_forward=1"});
    for (; hosts_ < rates.size(); ++hosts_) add_host(hosts_, rates[hosts_], congestion_control);
}

access_network::~access_network() {
    try {
        for (std::size_t host = 0; host < hosts_; ++host) {
            run_ip({"link", "delete", port_of(host)});  // with its namespace it would go at some later time
            run_ip({"netns", "delete", name_of(host)});
        }
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench: {}\n", error.what());
    }
}

// Routed, not switched: the kernel has room for a thousand neighbours in all namespaces together, and in one
// switched network every pair of hosts would take two.
void access_network::add_host(std::size_t host, byte_count rate, const std::string& congestion_control) {
    const std::string name = name_of(host);
    const std::string port = port_of(host);
    run_ip({"netns", "add", name});
    run_ip({"link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", name});
    run_ip({"-n", name, "address", "add", address(host), "dev", "eth0"});
    run_ip({"-n", name, "link", "set", "lo", "up"});
    run_ip({"-n", name, "link", "set", "eth0", "up"});
    run_ip({"-n", name, "route", "add", "default", "via", gateway, "dev", "eth0", "onlink"});
    run_ip({"address", "add", gateway, "dev", port});
    run_ip({"link", "set", port, "up"});
    run_ip({"route", "add", address(host), "dev", port});
    // What connections have learned of the way ends with them: no run profits from the one before.
    std::vector<std::string> settings{"netns",           "exec", name,
                                      path_of("sysctl"), "-qw",  "net.ipv4.tcp_no_metrics_save=1"};
    if (!congestion_control.empty())
        settings.push_back("net.ipv4.tcp_congestion_control=" + congestion_control);
    run_ip(settings);
    std::vector<std::string> down{"qdisc", "add", "dev", port};
    std::ranges::copy(shaper(rate), std::back_inserter(down));
    run(path_of("tc"), down);
    std::vector<std::string> up{"-n", name, "qdisc", "add", "dev", "eth0"};
    std::ranges::copy(shaper(rate), std::back_inserter(up));
    run(path_of("tc"), up);
}

std::string access_network::address(std::size_t host) const {
    constexpr std::size_t per_block = 250;
    return fmt::format("10.200.{}.{}", host / per_block, host % per_block + 1);
}

std::unique_ptr<child_process> access_network::start(std::size_t host,
                                                     std::vector<std::string> command) const {
    // Not with `ip netns exec`, which mounts a /sys of its own for each: that would be in the makespan.
    command.insert(command.begin(), "--net=/run/netns/" + name_of(host));
    return std::make_unique<child_process>(path_of("nsenter"), std::move(command));
}

access_network::traffic access_network::uplink_of(std::size_t host) const {
    return traffic_of(run(path_of("tc"), {"-n", name_of(host), "-s", "-j", "qdisc", "show", "dev", "eth0"}));
}

access_network::traffic access_network::downlink_of(std::size_t host) const {
    return traffic_of(run(path_of("tc"), {"-s", "-j", "qdisc", "show", "dev", port_of(host)}));
}

}  // namespace p2p::bench
