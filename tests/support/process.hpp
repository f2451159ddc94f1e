// A child process of a test. What the processes of a failed test said is printed at the end of that test; one
// that a sanitizer has something to say about fails its test.
#pragma once

#include "support/child_process.hpp"

namespace p2p::test {

class process : public child_process {
public:
    using child_process::child_process;
    ~process() override;
};

/// Runs a program to its end.
struct finished_process {
    int exit_code;
    std::string output;
};
finished_process run(const std::string& program, std::vector<std::string> arguments,
                     const process_settings& how = {});

}  // namespace p2p::test
