// A child process and what it says. It never outlives the object. What the processes of a failed test said is
// printed at the end of that test.
#pragma once

#include "storage/unique_fd.hpp"
#include "support/waiting.hpp"

#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <thread>
#include <vector>

namespace p2p::test {

struct process_settings {
    enum class input { nothing, closed, pipe, terminal };
    input in = input::nothing;       ///< standard input; nothing: /dev/null
    bool obeys_permissions = false;  ///< file permissions count, even where the tests run as root
    unsigned long largest_file = 0;  ///< bytes that a file can have, as on a disk that is full; 0: any
    std::filesystem::path working_folder{};  ///< where the program runs; empty: where the tests do
};

class process {
public:
    using settings = process_settings;

    process(const std::string& program, std::vector<std::string> arguments, const settings& how = {});
    process(const process&) = delete;
    process& operator=(const process&) = delete;
    ~process();

    /// Standard output and error, in the order in which they came.
    std::string output() const;
    bool said(std::string_view text) const { return output().find(text) != std::string::npos; }

    /// Throws where it ends, or time runs out, before it has said this.
    void wait_for(std::string_view text);
    /// The same, and returns what follows on that line.
    std::string wait_for_rest_of_line(std::string_view text);

    /// Writes into its standard input.
    void type(std::string_view text);
    void end_input() { input_.reset(); }

    void signal(int number);
    /// Returns when it is gone.
    void kill_hard();
    /// The exit code, or 128 + the number of the signal that ended it. Throws where it does not end in time.
    int wait_for_exit();

private:
    void read_output();
    void wait_until_said(const auto& found, std::string_view text);

    std::string name_;
    unique_fd input_;
    unique_fd output_fd_;
    pid_t pid_ = -1;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::string output_;
    bool ended_ = false;
    int exit_code_ = 0;
    std::thread reader_;
};

/// Runs a program to its end.
struct finished_process {
    int exit_code;
    std::string output;
};
finished_process run(const std::string& program, std::vector<std::string> arguments,
                     const process_settings& how = {});

}  // namespace p2p::test
