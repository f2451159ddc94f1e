// Figures in the text format of Prometheus.
#pragma once

#include "web/answer.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace p2p {

/// What a web server did so far.
struct web_traffic {
    std::map<int, std::uint64_t> answers{};  ///< by status
    std::size_t watchers = 0;                ///< now
    std::uint64_t events = 0;
    std::uint64_t event_bytes = 0;
};

class metrics {
public:
    /// Names end in their unit (bytes, seconds); those of counters in "_total".
    metrics& gauge(std::string name, std::string help, double value);
    metrics& counter(std::string name, std::string help, double value);

    struct labelled {
        std::string label;  ///< its value
        double value = 0;
    };
    metrics& counters(std::string name, std::string help, std::string label, std::vector<labelled> values);

    metrics& version(std::string version);
    /// What every program has under process_*, and the web server.
    metrics& usual(const web_traffic& traffic);

    web_answer answer() const;

private:
    struct family {
        std::string name;
        std::string help;
        bool is_counter = false;
        std::string label{};  // none: one value
        std::vector<labelled> values{};
    };
    std::vector<family> families_;
};

}  // namespace p2p
