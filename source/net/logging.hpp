// One line per event on stderr, each with the time; the same for all programs.
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace spdlog {
class logger;
}

namespace p2p {

/// Whether lines for a terminal may be coloured.
enum class colours { where_usual, never };

/// trace, debug, info, warn, error or off. Throws std::invalid_argument for another word. Colours are usual
/// on a terminal where the environment has no NO_COLOR (no-color.org).
void start_logging(const std::string& level, colours allowed = colours::where_usual);

/// While it lives, whole log lines (with their ends) go to a function instead of stderr.
class log_redirect {
public:
    explicit log_redirect(std::function<void(const std::string&)> to);
    ~log_redirect();
    log_redirect(const log_redirect&) = delete;
    log_redirect& operator=(const log_redirect&) = delete;

private:
    std::shared_ptr<spdlog::logger> before_;
};

}  // namespace p2p
