#include "net/process.hpp"

#include <csignal>
#include <sys/resource.h>

namespace p2p {

void prepare_process() {
    ::signal(SIGPIPE, SIG_IGN);
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace p2p
