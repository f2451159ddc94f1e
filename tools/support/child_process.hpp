// A child process: what it says, and what it costs. It outlives neither the object nor the thread that made
// it.
#pragma once

#include "core/base/types.hpp"
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

namespace p2p {

struct process_settings {
    enum class input { nothing, closed, pipe, terminal };
    input in = input::nothing;       ///< standard input; nothing: /dev/null
    unsigned short columns = 80;     ///< of that terminal
    bool obeys_permissions = false;  ///< file permissions count, even where the tests run as root
    unsigned long largest_file = 0;  ///< bytes that a file can have, as on a disk that is full; 0: any
    std::filesystem::path working_folder{};  ///< where the program runs; empty: where the tests do
};

/// The path of a program that was built with this one.
std::string built_beside(const std::string& name);

class child_process {
public:
    using settings = process_settings;

    child_process(const std::string& program, std::vector<std::string> arguments, const settings& how = {});
    child_process(const child_process&) = delete;
    child_process& operator=(const child_process&) = delete;
    virtual ~child_process();

    /// Standard output and error, in the order in which they came.
    std::string output() const;
    bool said(std::string_view text) const { return output().find(text) != std::string::npos; }

    /// Throws where it ends, or time runs out, before it has said this.
    void wait_for(std::string_view text, std::chrono::milliseconds limit = patience);
    /// The same, and returns what follows on that line.
    std::string wait_for_rest_of_line(std::string_view text);

    /// Writes into its standard input.
    void type(std::string_view text);
    void end_input() { input_.reset(); }
    /// Its terminal has so many columns from now on.
    void resize(unsigned short columns);

    void signal(int number);
    /// Returns when it is gone.
    void kill_hard();
    /// The exit code, or 128 + the number of the signal that ended it. Throws where it does not end in time.
    int wait_for_exit(std::chrono::milliseconds limit = patience);
    /// Whether it ends within that time.
    bool ends_within(std::chrono::milliseconds limit);

    /// Processor time so far, of all its threads; in the end, of its children too.
    duration cpu_time() const;
    /// The most memory that it ever had (resident). Once it has ended, not less than this program had when it
    /// was started.
    byte_count peak_memory() const;
    /// The memory that it has now (resident). Throws where it has ended.
    byte_count resident_memory() const;
    /// Files and sockets that it has open now.
    std::size_t open_descriptors() const;

protected:
    /// The end of a derived object must not be later than that of the process.
    void end();
    const std::string& name() const { return name_; }

private:
    void read_output();
    byte_count status(std::string_view field) const;
    void wait_until_said(const auto& found, std::string_view text, std::chrono::milliseconds limit);

    std::string name_;
    unique_fd input_;
    unique_fd output_fd_;
    pid_t pid_ = -1;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::string output_;
    bool ended_ = false;
    int exit_code_ = 0;
    duration cpu_time_{};
    byte_count peak_memory_ = 0;
    std::thread reader_;
};

}  // namespace p2p
