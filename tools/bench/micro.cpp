#include "micro.hpp"

#include <benchmark/benchmark.h>
#include <memory>
#include <stdexcept>

namespace p2p::bench {

namespace {

void pass_on(std::vector<std::string> options) {
    static std::string name = "bench";  // it is kept for the output
    std::vector<char*> arguments{name.data()};
    for (std::string& option : options) arguments.push_back(option.data());
    int count = static_cast<int>(arguments.size());
    arguments.push_back(nullptr);
    benchmark::Initialize(&count, arguments.data());
    if (count > 1)
        throw std::runtime_error(std::string(arguments[1]) + ": google-benchmark has no such option");
}

}  // namespace

void run_micro(const std::string& subcommand, const micro_options& options, bool as_json) {
    pass_on(options.further);
    std::unique_ptr<benchmark::BenchmarkReporter> reporter;
    if (as_json)
        reporter = std::make_unique<benchmark::JSONReporter>();
    else
        reporter = std::make_unique<benchmark::ConsoleReporter>(benchmark::ConsoleReporter::OO_Tabular);
    if (benchmark::RunSpecifiedBenchmarks(reporter.get(), "^" + subcommand + "/.*" + options.filter) == 0)
        throw std::runtime_error("no measurement is called " + options.filter);
}

}  // namespace p2p::bench
