#include "support/child_process.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <linux/capability.h>
#include <stdexcept>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace p2p {

namespace {

[[noreturn]] void throw_errno(const std::string& what) {
    throw std::system_error{errno, std::generic_category(), what};
}

struct pipe_ends {
    unique_fd from;
    unique_fd to;
};

duration duration_of(const timeval& time) {
    return std::chrono::seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec};
}

pipe_ends make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno("pipe");
    return {unique_fd{ends[0]}, unique_fd{ends[1]}};
}

void set_columns(int terminal, unsigned short columns) {
    const winsize size{24, columns, 0, 0};
    ::ioctl(terminal, TIOCSWINSZ, &size);
}

// What the test types into goes in at `to`, what the program reads comes out at `from`.
pipe_ends make_terminal(unsigned short columns) {
    unique_fd keyboard{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
    if (!keyboard || ::grantpt(keyboard.get()) != 0 || ::unlockpt(keyboard.get()) != 0)
        throw_errno("terminal");
    unique_fd screen{::open(::ptsname(keyboard.get()), O_RDWR | O_NOCTTY | O_CLOEXEC)};
    if (!screen) throw_errno("terminal");
    set_columns(screen.get(), columns);
    return {std::move(screen), std::move(keyboard)};
}

// Between fork and exec: system calls only.
[[noreturn]] void become(char* const* argv, const child_process::settings& how, int input, int output) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::signal(SIGPIPE, SIG_DFL);
    if (how.obeys_permissions) {
        ::prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE);
        ::prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH);
    }
    if (how.largest_file != 0) {
        const rlimit limit{how.largest_file, how.largest_file};
        ::signal(SIGXFSZ, SIG_IGN);  // so that writing fails, as it does on a full disk
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    const bool moved = how.working_folder.empty() || ::chdir(how.working_folder.c_str()) == 0;
    const bool ready = moved && ::dup2(input, STDIN_FILENO) >= 0 && ::dup2(output, STDOUT_FILENO) >= 0 &&
                       ::dup2(output, STDERR_FILENO) >= 0;
    if (how.in == child_process::settings::input::closed) ::close(STDIN_FILENO);
    // Sockets of this process (Asio does not mark them) would stay open there, and nobody would see their
    // end.
    ::close_range(STDERR_FILENO + 1, ~0U, 0);
    if (ready) ::execv(argv[0], argv);
    constexpr int cannot_run = 127;
    ::_exit(cannot_run);
}

}  // namespace

std::string built_beside(const std::string& name) {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path() / name;
}

child_process::child_process(const std::string& program, std::vector<std::string> arguments,
                             const settings& how)
    : name_(std::filesystem::path{program}.filename()) {
    std::vector<char*> argv;
    arguments.insert(arguments.begin(), program);
    for (std::string& word : arguments) argv.push_back(word.data());
    argv.push_back(nullptr);

    ::signal(SIGPIPE, SIG_IGN);  // a program that has ended reads nothing any more
    pipe_ends in;
    pipe_ends out;
    if (how.in == settings::input::terminal) {
        in = make_terminal(how.columns);
        output_fd_.reset(::fcntl(in.to.get(), F_DUPFD_CLOEXEC, 0));
        out.to.reset(::fcntl(in.from.get(), F_DUPFD_CLOEXEC, 0));
    } else {
        out = make_pipe();
        output_fd_ = std::move(out.from);
        if (how.in == settings::input::pipe)
            in = make_pipe();
        else
            in.from.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    }

    pid_ = ::fork();
    if (pid_ < 0) throw_errno("fork");
    if (pid_ == 0) become(argv.data(), how, in.from.get(), out.to.get());
    input_ = std::move(in.to);
    reader_ = std::thread{[this] { read_output(); }};
}

child_process::~child_process() {
    end();
}

void child_process::end() {
    signal(SIGKILL);
    if (reader_.joinable()) reader_.join();
}

// In a thread of its own, so that a talkative program never waits for the test.
void child_process::read_output() {
    std::array<char, 4096> some{};
    for (;;) {
        const ssize_t n = ::read(output_fd_.get(), some.data(), some.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;  // on a terminal, EIO is the end
        const std::lock_guard lock{mutex_};
        output_.append(some.data(), static_cast<std::size_t>(n));
        changed_.notify_all();
    }
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
    const std::lock_guard lock{mutex_};  // from here on nobody sends signals to this pid
    rusage used{};
    ::wait4(pid_, nullptr, 0, &used);
    constexpr int by_signal = 128;
    constexpr byte_count kibibyte = 1024;
    cpu_time_ = duration_of(used.ru_utime) + duration_of(used.ru_stime);
    peak_memory_ = static_cast<byte_count>(used.ru_maxrss) * kibibyte;
    exit_code_ = info.si_code == CLD_EXITED ? info.si_status : by_signal + info.si_status;
    ended_ = true;
    changed_.notify_all();
}

std::string child_process::output() const {
    const std::lock_guard lock{mutex_};
    return output_;
}

void child_process::wait_until_said(const auto& found, std::string_view text,
                                    std::chrono::milliseconds limit) {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, limit, [&] { return found() || ended_; });
    if (!found())
        throw std::runtime_error{name_ + (ended_ ? " ended without saying: " : " has not said: ") +
                                 std::string{text}};
}

void child_process::wait_for(std::string_view text, std::chrono::milliseconds limit) {
    wait_until_said([&] { return output_.find(text) != std::string::npos; }, text, limit);
}

std::string child_process::wait_for_rest_of_line(std::string_view text) {
    std::string rest;
    const auto found = [&] {
        const std::size_t at = output_.find(text);
        const std::size_t end = output_.find('\n', at);
        if (at == std::string::npos || end == std::string::npos) return false;
        rest = output_.substr(at + text.size(), end - at - text.size());
        return true;
    };
    wait_until_said(found, text, patience);
    return rest;
}

void child_process::type(std::string_view text) {
    const ssize_t written = ::write(input_.get(), text.data(), text.size());
    if (written != static_cast<ssize_t>(text.size())) throw_errno(name_ + " reads nothing");
}

void child_process::resize(unsigned short columns) {
    set_columns(input_.get(), columns);
}

void child_process::signal(int number) {
    const std::lock_guard lock{mutex_};
    if (!ended_) ::kill(pid_, number);
}

void child_process::kill_hard() {
    signal(SIGKILL);
    (void)wait_for_exit();
}

int child_process::wait_for_exit(std::chrono::milliseconds limit) {
    if (!ends_within(limit)) throw std::runtime_error{name_ + " does not end"};
    const std::lock_guard lock{mutex_};
    return exit_code_;
}

bool child_process::ends_within(std::chrono::milliseconds limit) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, limit, [&] { return ended_; });
}

duration child_process::cpu_time() const {
    const std::lock_guard lock{mutex_};
    if (ended_) return cpu_time_;
    clockid_t clock{};
    timespec used{};
    if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &used) != 0)
        throw_errno(name_ + ": processor time");
    return std::chrono::seconds{used.tv_sec} + std::chrono::nanoseconds{used.tv_nsec};
}

byte_count child_process::peak_memory() const {
    const std::lock_guard lock{mutex_};
    return ended_ ? peak_memory_ : status("VmHWM:");
}

std::size_t child_process::open_descriptors() const {
    const std::filesystem::path all = "/proc/" + std::to_string(pid_) + "/fd";
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{all}, {}));
}

byte_count child_process::resident_memory() const {
    const std::lock_guard lock{mutex_};
    return status("VmRSS:");
}

byte_count child_process::status(std::string_view field) const {
    constexpr byte_count kibibyte = 1024;
    std::ifstream lines{"/proc/" + std::to_string(pid_) + "/status"};
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(field)) return std::stoull(line.substr(field.size())) * kibibyte;
    throw std::runtime_error{name_ + ": its memory cannot be read"};
}

}  // namespace p2p
