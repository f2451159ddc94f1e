#include "net/standard_streams.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace p2p {

namespace {

bool& result_lost() {
    static bool lost = false;
    return lost;
}

// 0, or errno. A terminal may be set not to block by whoever else reads from it: that is waited out.
int write_whole(int stream, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(stream, text.data(), text.size());
        if (n >= 0) {
            text.remove_prefix(static_cast<std::size_t>(n));
        } else if (errno == EAGAIN) {
            pollfd room{stream, POLLOUT, 0};
            ::poll(&room, 1, -1);
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

}  // namespace

// The wrong way around: what was asked for must not vanish as if somebody had it.
void hold_standard_streams() {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (::fcntl(stream, F_GETFD) < 0)  // the lowest that is free is the one that is opened
            (void)::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

void write_message(std::string_view text) {
    (void)write_whole(STDERR_FILENO, text);
}

void write_result(std::string_view text) {
    const int error = write_whole(STDOUT_FILENO, text);
    if (error == 0 || result_lost()) return;
    result_lost() = true;
    write_message(fmt::format("{}: cannot write to standard output: {}\n", ::program_invocation_short_name,
                              std::strerror(error)));
}

bool is_result_lost() {
    return result_lost();
}

int code_with_results(int code) {
    return code == 0 && is_result_lost() ? 1 : code;
}

}  // namespace p2p
