// The measurements of single functions, made with google-benchmark: hash.cpp and scheduler.cpp register
// theirs under names that begin with the name of their subcommand and a slash.
#pragma once

#include <string>
#include <vector>

namespace p2p::bench {

struct micro_options {
    std::string filter;                ///< a regular expression for the rest of the name; empty: all
    std::vector<std::string> further;  ///< options of google-benchmark itself (--benchmark_min_time=0.1)
};

/// Runs those of one subcommand, and prints what google-benchmark prints: a table, or its JSON.
void run_micro(const std::string& subcommand, const micro_options& options, bool as_json);

}  // namespace p2p::bench
