#include "net/process.hpp"

#include "net/standard_streams.hpp"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/resource.h>
#include <unistd.h>

namespace p2p {

namespace {

double started = 0;

double seconds(const timeval& time) {
    constexpr double in_a_second = 1e6;
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / in_a_second;
}

}  // namespace

void prepare_process() {
    started = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    hold_standard_streams();
    ::signal(SIGPIPE, SIG_IGN);
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::size_t descriptor_limit() {
    rlimit limit{};
    return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<std::size_t>(limit.rlim_cur) : 0;
}

process_figures figures_of_this_process() {
    process_figures all;
    rusage used{};
    if (::getrusage(RUSAGE_SELF, &used) == 0)
        all.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
    std::uint64_t pages = 0;
    std::ifstream{"/proc/self/statm"} >> pages >> pages;  // the second is what is resident
    all.resident_bytes = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    std::error_code ignored;
    const std::filesystem::directory_iterator open{"/proc/self/fd", ignored};
    all.open_descriptors = static_cast<std::size_t>(std::distance(open, {}));
    all.start_seconds = started;
    return all;
}

}  // namespace p2p
